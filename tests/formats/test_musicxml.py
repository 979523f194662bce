"""Scores as the MusicXML reader returns them, sound and broken."""

from __future__ import annotations

import io
import random
import time
import zipfile
from pathlib import Path

import pytest

from magenta_bridge.errors import FileFormatError, LimitExceededError, MagentaBridgeError
from magenta_bridge.formats import read, readable_suffixes
from magenta_bridge.formats.musicxml import musicxml_to_note_sequence
from magenta_bridge.noteseq import NoteSequence
from tests.formats.broken_files import mutate
from tests.fuzz import COUNT

CONTAINER = (
    '<container><rootfiles><rootfile full-path="{path}" '
    'media-type="application/vnd.recordare.musicxml+xml"/></rootfiles></container>'
)


def note(step: str, octave: int, length: int, extra: str = "", before: str = "") -> str:
    """Return a note element; ``length`` counts sixteenths."""
    pitch = f"<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
    return f"<note>{before}{pitch}<duration>{length}</duration>{extra}<voice>1</voice></note>"


def attributes(beats: int = 4, kind: int = 4, fifths: int = 0, mode: str = "major") -> str:
    """Return divisions in sixteenths, a key and a meter."""
    return (
        "<attributes><divisions>4</divisions>"
        f"<key><fifths>{fifths}</fifths><mode>{mode}</mode></key>"
        f"<time><beats>{beats}</beats><beat-type>{kind}</beat-type></time></attributes>"
    )


def score(*parts: list[str], head: str = "", doctype: str = "") -> bytes:
    """Return a score of parts, each a list of the contents of its measures."""
    listed = "".join(
        f'<score-part id="P{index}"><part-name>Part {index}</part-name></score-part>'
        for index in range(len(parts))
    )
    bodies = "".join(
        f'<part id="P{index}">' + "".join(f"<measure>{bar}</measure>" for bar in bars) + "</part>"
        for index, bars in enumerate(parts)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{doctype}<score-partwise>{head}'
        f"<part-list>{listed}</part-list>{bodies}</score-partwise>"
    ).encode()


def packed(data: bytes, path: str = "score.xml", container: str = CONTAINER) -> bytes:
    """Return a compressed MusicXML file."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", container.format(path=path))
        archive.writestr(path, data)
    return memory.getvalue()


def spans(sequence: NoteSequence) -> list[tuple[int, float, float]]:
    """Return pitch, start and end of each note."""
    return [(n.pitch, n.start_time, n.end_time) for n in sequence.notes]


WHOLE = attributes() + note("C", 4, 16)


def test_suffix_and_packing_do_not_matter(tmp_path: Path) -> None:
    """A score is read by its contents: packed or not, under each suffix."""
    for suffix in (".mxl", ".musicxml", ".xml"):
        assert suffix in readable_suffixes()
        for data in (score([WHOLE]), packed(score([WHOLE]))):
            (tmp_path / f"a{suffix}").write_bytes(data)
            assert spans(read(tmp_path / f"a{suffix}")) == [(60, 0.0, 2.0)]


def test_title_composer_parts_key_and_source_are_kept() -> None:
    """What a NoteSequence has a place for is there."""
    head = (
        "<work><work-title>Lieder</work-title></work><movement-title>Das Grab</movement-title>"
        "<identification>"
        '<creator type="composer">Someone</creator></identification>'
    )
    bar = attributes(fifths=-3, mode="minor") + note("C", 4, 16)
    sequence = musicxml_to_note_sequence(score([bar], [WHOLE], head=head))
    assert sequence.sequence_metadata.title == "Lieder, Das Grab"
    assert list(sequence.sequence_metadata.composers) == ["Someone"]
    assert [info.name for info in sequence.instrument_infos] == ["Part 0", "Part 1"]
    assert [each.instrument for each in sequence.notes] == [0, 1]
    assert (sequence.key_signatures[0].key, sequence.key_signatures[0].mode) == (0, 1)
    assert sequence.source_info.encoding_type == NoteSequence.SourceInfo.MUSIC_XML


def test_tied_notes_are_one_and_grace_notes_none() -> None:
    """A tie makes no stroke; a note without length is left out."""
    start, stop = '<tie type="start"/>', '<tie type="stop"/>'
    grace = "<note><grace/><pitch><step>D</step><octave>4</octave></pitch></note>"
    bars = [attributes() + grace + note("C", 4, 16, start), note("C", 4, 8, stop) + note("C", 4, 8)]
    assert spans(musicxml_to_note_sequence(score(bars))) == [(60, 0.0, 3.0), (60, 3.0, 4.0)]


def test_chords_and_voices_sound_together() -> None:
    """A chord note starts with the one before it; a backup goes back."""
    chord = note("E", 4, 8, before="<chord/>")
    voice = "<backup><duration>16</duration></backup>" + note("C", 3, 16)
    bar = attributes() + note("C", 4, 8) + chord + note("D", 4, 8) + voice
    assert spans(musicxml_to_note_sequence(score([bar]))) == [
        (48, 0.0, 2.0),
        (60, 0.0, 1.0),
        (64, 0.0, 1.0),
        (62, 1.0, 2.0),
    ]


def test_tempo_changes_count_for_every_part() -> None:
    """Parts stay together although only the first tells the tempo."""
    slow = '<direction><sound tempo="60"/></direction>'
    first = [WHOLE, slow + note("D", 4, 16)]
    second = [WHOLE, note("D", 4, 16)]
    sequence = musicxml_to_note_sequence(score(first, second))
    assert spans(sequence) == [(60, 0.0, 2.0), (62, 2.0, 6.0)] * 2
    assert [(tempo.time, tempo.qpm) for tempo in sequence.tempos] == [(0.0, 120.0), (2.0, 60.0)]


def test_an_upbeat_is_a_bar_of_its_own_meter() -> None:
    """The written meter begins where the first whole bar does."""
    bars = [attributes(3, 4) + note("G", 4, 4), note("C", 5, 12)]
    meters = musicxml_to_note_sequence(score(bars)).time_signatures
    assert [(m.time, m.numerator, m.denominator) for m in meters] == [(0.0, 1, 4), (0.5, 3, 4)]


def test_an_incomplete_voice_does_not_change_the_meter() -> None:
    """A bar that one part leaves unfilled keeps the written meter."""
    bars = [WHOLE, note("C", 4, 4) + "<forward><duration>12</duration></forward>", note("C", 4, 16)]
    meters = musicxml_to_note_sequence(score(bars)).time_signatures
    assert [(m.time, m.numerator, m.denominator) for m in meters] == [(0.0, 4, 4)]


def test_a_container_that_cannot_be_read_is_passed_by() -> None:
    """Titles with quotation marks break some containers; there is but one score."""
    data = packed(score([WHOLE]), "Mary's.xml", "<container><rootfile full-path='{path}'/>")
    assert len(musicxml_to_note_sequence(data).notes) == 1


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
BROKEN = {
    "empty": b"",
    "text": b"not music",
    "other XML": b"<html></html>",
    "by time": b"<score-timewise/>",
    "cut": score([WHOLE])[:-20],
    "entities": score([WHOLE], doctype=LAUGHS),
    "entities in UTF-16": score([WHOLE], doctype=LAUGHS).decode()[38:].encode("utf-16"),
    "no divisions": score([WHOLE.replace("<divisions>4", "<divisions>0")]),
    "step of no scale": score([attributes() + note("Q", 4, 4)]),
    "pitch of no instrument": score([attributes() + note("C", 99, 4)]),
    "length in words": score([WHOLE.replace(">16<", ">long<")]),
    "tempo below 0": score(['<direction><sound tempo="-3"/></direction>' + WHOLE]),
    "tempo of no number": score(['<direction><sound tempo="nan"/></direction>' + WHOLE]),
    "cut archive": packed(score([WHOLE]))[:-30],
    "archive without score": packed(b"", "readme.txt", "<container/>"),
    "archive of another score": packed(score([WHOLE]), "b.xml", CONTAINER.format(path="c.xml")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused_in_a_sentence(name: str) -> None:
    """One error that begins with the file's name, whatever is wrong."""
    with pytest.raises(FileFormatError) as caught:
        musicxml_to_note_sequence(BROKEN[name], name="a.mxl")
    assert caught.value.message.startswith("a.mxl")


@pytest.mark.parametrize(
    ("data", "limit"),
    [
        (packed(b" " * (40 << 20)), "score size"),
        (b"<score-partwise>" + b"<a/>" * 1_000_001 + b"</score-partwise>", "elements"),
        (score([attributes() + "<pitch/>" * 50_001]), "50,000 notes"),
        (score([WHOLE.replace(">16<", ">999999999<")]), "seconds"),
    ],
    ids=["archive that swells", "flood of elements", "too many notes", "too long"],
)
def test_large_files_are_refused(data: bytes, limit: str) -> None:
    """Neither size on disk nor what it unpacks to is believed."""
    with pytest.raises(LimitExceededError, match=limit):
        musicxml_to_note_sequence(data)


def test_damaged_bytes_give_only_our_errors() -> None:
    """Whatever byte is changed, the reader reads or refuses."""
    sound = packed(score([WHOLE, note("E", 4, 16)]))
    for place in range(0, len(sound), 7):
        data = bytearray(sound)
        data[place] ^= 0x55
        try:
            musicxml_to_note_sequence(bytes(data))
        except MagentaBridgeError:
            continue


def test_five_thousand_mutated_files_raise_nothing_but_our_errors() -> None:
    """Bytes turned, cut out, put in and doubled, packed and not."""
    rng = random.Random(1)  # noqa: S311
    text = score([WHOLE, note("E", 4, 16)])
    originals, read_all = (text, packed(text)), 0
    for _ in range(max(COUNT, 5_000)):
        data = bytearray(rng.choice(originals))
        for _ in range(rng.randint(1, 4)):
            kind = rng.choices(("flip", "set", "cut", "insert", "double"), (8, 8, 1, 1, 1))[0]
            mutate(data, kind, rng)
        try:
            musicxml_to_note_sequence(bytes(data))
            read_all += 1
        except MagentaBridgeError:
            continue
    assert 0 < read_all < max(COUNT, 5_000)


def test_unrelated_divisions_in_every_measure_are_read_fast() -> None:
    """Exact sums of their fractions would have thousands of digits."""
    bars = [
        f"<attributes><divisions>{divisions}</divisions></attributes>"
        + note("C", 4, divisions // 2)
        for divisions in range(999_001, 1_003_001, 2)
    ]
    begun = time.process_time()
    for parts in (bars, ["".join(bars)]):
        sequence = musicxml_to_note_sequence(score(parts))
        assert sequence.notes[-1].end_time == pytest.approx(500.0, abs=0.01)
    assert time.process_time() - begun < 10.0
