"""Each kind of MusicXML notation: pitches, ties, tuplets, voices, bars, meters, tempos, drums."""

from __future__ import annotations

import pytest

from magenta_bridge.formats.musicxml import musicxml_to_note_sequence
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.sections import bar_lines, section_after
from tests.formats.test_musicxml import attributes, note, score, spans

WHOLE = attributes() + note("C", 4, 16)


def read(*parts: list[str]) -> NoteSequence:
    """Return the music of parts, each a list of measures."""
    return musicxml_to_note_sequence(score(*parts))


def pitched(step: str, octave: int, alter: str, length: int = 4) -> str:
    """Return an altered note."""
    pitch = f"<step>{step}</step><alter>{alter}</alter><octave>{octave}</octave>"
    return f"<note><pitch>{pitch}</pitch><duration>{length}</duration></note>"


def transposed(transpose: str) -> str:
    """Return a bar of a written C4 in a transposing part."""
    return attributes().replace("</attributes>", f"{transpose}</attributes>") + note("C", 4, 16)


def meters(sequence: NoteSequence) -> list[tuple[float, int, int]]:
    """Return the time signatures."""
    return [(m.time, m.numerator, m.denominator) for m in sequence.time_signatures]


def quarters(count: int) -> str:
    """Return so many quarter notes."""
    return note("C", 4, 4) * count


@pytest.mark.parametrize(
    ("step", "octave", "alter", "pitch"),
    [
        ("C", 4, "-1", 59),
        ("B", 3, "-1", 58),
        ("B", 3, "1", 60),
        ("B", 4, "1", 72),
        ("C", 5, "-1", 71),
        ("C", 4, "-2", 58),
        ("B", 3, "2", 61),
        ("F", 4, "2", 67),
        ("E", 4, "0", 64),
        ("C", -1, "0", 0),
    ],
)
def test_an_accidental_leaves_the_octave(step: str, octave: int, alter: str, pitch: int) -> None:
    bar = attributes() + pitched(step, octave, alter)
    assert [each.pitch for each in read([bar]).notes] == [pitch]


@pytest.mark.parametrize(
    ("transpose", "pitch"),
    [
        ("<transpose><chromatic>0</chromatic><octave-change>-1</octave-change></transpose>", 48),
        ("<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>", 58),
        ("<transpose><chromatic>-9</chromatic></transpose>", 51),
        ("<transpose><chromatic>-2</chromatic><octave-change>-1</octave-change></transpose>", 46),
        ("<transpose><chromatic>0</chromatic><double/></transpose>", 48),
        ('<transpose number="2"><chromatic>-12</chromatic></transpose>', 60),
    ],
    ids=["guitar", "clarinet", "alto saxophone", "tenor saxophone", "double", "another staff"],
)
def test_a_transposing_part_is_read_at_sounding_pitch(transpose: str, pitch: int) -> None:
    assert read([transposed(transpose)]).notes[0].pitch == pitch


def test_the_key_of_a_transposing_part_sounds_too() -> None:
    """A clarinet in B flat that plays in C sounds in B flat."""
    key = read([transposed("<transpose><chromatic>-2</chromatic></transpose>")]).key_signatures[0]
    assert key.key == 10


def test_ties_across_bars_voices_and_chords_are_joined() -> None:
    start, stop = '<tie type="start"/>', '<tie type="stop"/>'
    chord = note("E", 4, 16, before="<chord/>")
    first = attributes() + note("C", 4, 16, start) + chord
    second = note("C", 4, 16, stop + start)
    third = note("C", 4, 4, stop) + quarters(3)
    assert spans(read([first, second, third]))[:2] == [(60, 0.0, 4.5), (64, 0.0, 2.0)]


def test_a_tie_may_be_written_as_a_notation_only() -> None:
    start, stop = (f'<notations><tied type="{kind}"/></notations>' for kind in ("start", "stop"))
    assert spans(read([attributes() + note("C", 4, 8, start) + note("C", 4, 8, stop)])) == [
        (60, 0.0, 2.0)
    ]


def test_tuplets_are_exact() -> None:
    bar = attributes().replace("<divisions>4", "<divisions>3") + note("C", 4, 1) * 12
    assert [each.start_time for each in read([bar]).notes] == pytest.approx(
        [step / 6 for step in range(12)], abs=1e-12
    )


def test_repeats_and_endings_are_read_once() -> None:
    repeat = '<barline><ending number="1" type="stop"/><repeat direction="backward"/></barline>'
    assert len(read([WHOLE, note("D", 4, 16) + repeat, note("E", 4, 16)]).notes) == 3


def test_what_is_left_out_is_reported() -> None:
    grace = "<note><grace/><pitch><step>D</step><octave>4</octave></pitch></note>"
    cue = "<note><cue/><pitch><step>D</step><octave>4</octave></pitch><duration>8</duration></note>"
    drum = "<note><unpitched/><duration>8</duration></note>"
    warnings: list[str] = []
    sequence = musicxml_to_note_sequence(
        score([attributes() + grace + grace + cue + drum, note("C", 4, 16)]), warnings=warnings
    )
    assert spans(sequence) == [(60, 2.0, 4.0)]
    assert warnings == [
        "Left out: grace notes (2).",
        "Left out: cue notes (1).",
        "Left out: unpitched notes without a MIDI drum (1).",
    ]


def test_unpitched_notes_are_drums_by_their_instrument() -> None:
    """One instrument counts for all notes; of several, each note names its own."""
    kit = "".join(
        f'<midi-instrument id="P1-I{number}"><midi-channel>10</midi-channel>'
        f"<midi-unpitched>{number}</midi-unpitched></midi-instrument>"
        for number in (36, 39)
    )
    hits = "".join(
        f'<note><unpitched/><duration>4</duration><instrument id="P1-I{number}"/></note>'
        for number in (36, 39)
    )
    data = score([WHOLE], [attributes() + hits + "<note><unpitched/><duration>8</duration></note>"])
    named = b"<part-name>Part 1</part-name>"
    sequence = musicxml_to_note_sequence(data.replace(named, named + kit.encode()))
    assert [(each.pitch, each.is_drum) for each in sequence.notes] == [
        (60, False),
        (35, True),
        (38, True),
        (35, True),
    ]


def test_parts_begin_each_bar_together() -> None:
    """A part whose first bar is short does not run ahead, and the meter stays."""
    violin = [attributes(3) + quarters(3), quarters(3)]
    cello = [attributes(3) + quarters(2), quarters(3)]
    sequence = read(violin, cello)
    starts = [each.start_time * 2 for each in sequence.notes if each.instrument == 1]
    assert starts == [0, 1, 3, 4, 5]
    assert meters(sequence) == [(0.0, 3, 4)]


def test_a_bar_that_is_short_in_all_parts_shifts_the_bar_lines() -> None:
    """A pickup, and a first ending of three quarters."""
    bars = [attributes() + quarters(1), quarters(4), quarters(3), quarters(4), quarters(4)]
    sequence = read(bars)
    assert meters(sequence) == [(0.0, 1, 4), (0.5, 4, 4), (2.5, 3, 4), (4.0, 4, 4)]
    assert bar_lines(sequence, 0.0, 8.0) == [0.0, 0.5, 2.5, 4.0, 6.0, 8.0]
    assert section_after(sequence, 1) == (8.0, 10.0)


def test_a_short_last_bar_ends_the_piece() -> None:
    """The bar that completes the pickup; a continuation has whole bars again."""
    sequence = read([attributes() + quarters(1), quarters(4), quarters(3)])
    assert meters(sequence) == [(0.0, 1, 4), (0.5, 4, 4), (2.5, 3, 4), (4.0, 4, 4)]
    assert section_after(sequence, 1) == (4.0, 6.0)


def test_a_bar_of_no_possible_meter_leaves_the_others_in_step() -> None:
    """Two triplet eighths: the written meter applies again at the next bar line."""
    bars = [attributes(), note("C", 4, 1) * 2, quarters(4).replace(">4<", ">3<")]
    bars[0] = (bars[0] + note("C", 4, 1) * 12).replace("<divisions>4", "<divisions>3")
    sequence = read(bars)
    assert bar_lines(sequence, 0.0, 3.0)[1:3] == pytest.approx([2.0, 2.0 + 1 / 3])


def test_rests_at_the_end_of_the_last_bar_count() -> None:
    rest = "<note><rest/><duration>12</duration></note>"
    assert read([attributes() + quarters(1) + rest]).total_time == 2.0


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("<beats>3+2</beats><beat-type>8</beat-type>", (5, 8)),
        (
            "<beats>2</beats><beat-type>4</beat-type><beats>3</beats><beat-type>8</beat-type>",
            (7, 8),
        ),
        (
            "<beats>3</beats><beat-type>8</beat-type><beats>1</beats><beat-type>4</beat-type>",
            (5, 8),
        ),
        ("<beats>12</beats><beat-type>8</beat-type>", (12, 8)),
    ],
)
def test_composite_meters_are_one_fraction(time: str, expected: tuple[int, int]) -> None:
    written = "<beats>4</beats><beat-type>4</beat-type>"
    bar = attributes().replace(written, time) + note("C", 4, 16 * expected[0] // expected[1])
    assert meters(read([bar])) == [(0.0, *expected)]


def test_music_without_a_meter_is_read_in_time() -> None:
    written = "<beats>4</beats><beat-type>4</beat-type>"
    sequence = read([attributes().replace(written, "<senza-misura/>") + quarters(6)])
    assert [each.start_time * 2 for each in sequence.notes] == [0, 1, 2, 3, 4, 5]
    assert meters(sequence) == []


def metronome(*parts: str) -> str:
    """Return a direction with a metronome mark."""
    mark = f"<metronome>{''.join(parts)}</metronome>"
    return f"<direction><direction-type>{mark}</direction-type></direction>"


def unit(name: str, dots: int = 0) -> str:
    """Return a beat unit."""
    return f"<beat-unit>{name}</beat-unit>" + "<beat-unit-dot/>" * dots


@pytest.mark.parametrize(
    ("mark", "qpm"),
    [
        ('<sound tempo="60"/>', 60.0),
        ('<direction><sound tempo="66.5"/></direction>', 66.5),
        (metronome(unit("quarter"), "<per-minute>60</per-minute>"), 60.0),
        (metronome(unit("quarter", 1), "<per-minute>60</per-minute>"), 90.0),
        (metronome(unit("half"), "<per-minute>60</per-minute>"), 120.0),
        (metronome(unit("eighth"), "<per-minute>ca. 90</per-minute>"), 45.0),
        (metronome(unit("quarter"), "<per-minute>72-80</per-minute>"), 72.0),
        (metronome(unit("quarter"), unit("eighth", 1)), 90.0),
        (metronome(unit("quarter")), 120.0),
        ("<direction><direction-type><words>♩ = 80</words></direction-type></direction>", 80.0),
        (
            metronome(unit("quarter"), "<per-minute>60</per-minute>").replace(
                "</direction>", '<sound tempo="61"/></direction>'
            ),
            61.0,
        ),
    ],
)
def test_tempos_are_read_in_every_spelling(mark: str, qpm: float) -> None:
    assert [each.qpm for each in read([attributes() + mark + note("C", 4, 16)]).tempos] == [qpm]


def test_dynamics_are_percent_of_forte() -> None:
    loud = attributes() + '<sound dynamics="100"/>' + note("C", 4, 8)
    notes = read([loud + note("C", 4, 8).replace("<note>", '<note dynamics="50.5">')]).notes
    assert [each.velocity for each in notes] == [90, 45]
