"""``magenta-bridge generate`` writes the requested files and loses nothing it generated."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from magenta_bridge.cli.main import magenta_bridge
from magenta_bridge.errors import NotFoundError, ServerUnavailableError
from magenta_bridge.formats import read
from magenta_bridge.local import LocalClient
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.meter import meter_at
from magenta_bridge.sequences.sections import end_of
from tests.cli.program import ROOT, run_program

MELODY = ROOT / "tests" / "data" / "midi" / "melody.mid"


def _generate(*words: object) -> Result:
    return CliRunner().invoke(magenta_bridge, ["generate", *map(str, words)])


def test_a_bare_command_writes_four_bars_that_start_at_zero(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mid"
    result = run_program("generate", "-o", clip)
    assert result.returncode == 0, result.stderr
    assert "4 new bars" in result.stdout
    assert "seed" in result.stdout
    music = read(clip)
    assert len(music.notes) > 0
    assert end_of(music) <= 8.0 + 1e-6
    assert list(tmp_path.iterdir()) == [clip]


def test_the_same_seed_gives_the_same_bytes_in_two_processes(tmp_path: Path) -> None:
    files = [tmp_path / "a.mid", tmp_path / "b.mid"]
    for file in files:
        assert run_program("generate", "--bars", "8", "--seed", "7", "-o", file).returncode == 0
    assert files[0].read_bytes() == files[1].read_bytes()


def test_the_seed_that_is_printed_repeats_the_music(tmp_path: Path) -> None:
    first, again = tmp_path / "a.mid", tmp_path / "b.mid"
    seed = _generate("-o", first).output.split("seed ")[1].rstrip(".\n")
    assert _generate("-o", again, "--seed", seed).exit_code == 0
    assert first.read_bytes() == again.read_bytes()


def test_variations_are_numbered_and_take_the_seeds_that_follow(tmp_path: Path) -> None:
    assert _generate("--variations", 2, "--seed", 5, "-o", tmp_path / "v.mid").exit_code == 0
    assert _generate("--seed", 6, "-o", tmp_path / "six.mid").exit_code == 0
    assert not (tmp_path / "v.mid").exists()
    assert (tmp_path / "v-1.mid").read_bytes() != (tmp_path / "v-2.mid").read_bytes()
    assert (tmp_path / "v-2.mid").read_bytes() == (tmp_path / "six.mid").read_bytes()


def test_tempo_and_meter_rule_music_without_a_primer(tmp_path: Path) -> None:
    clip = tmp_path / "jig.mid"
    words = ["--qpm", "90", "--time-signature", "6/8", "--bars", "2", "-o", clip]
    assert _generate(*words).exit_code == 0
    music = read(clip)
    meter = meter_at(music, 0.0)
    assert music.tempos[0].qpm == pytest.approx(90.0, abs=1e-3)
    assert (meter.numerator, meter.denominator) == (6, 8)
    assert end_of(music) <= 4.0 + 1e-3


def test_with_primer_the_file_holds_the_primer_and_what_follows_it(tmp_path: Path) -> None:
    whole, alone = tmp_path / "whole.mid", tmp_path / "alone.mid"
    words = ["--primer", MELODY, "--seed", 1, "--bars", 2]
    assert _generate(*words, "--with-primer", "-o", whole).exit_code == 0
    assert _generate(*words, "-o", alone).exit_code == 0
    primer, both, added = (
        sorted(read(file).notes, key=lambda note: note.start_time)
        for file in (MELODY, whole, alone)
    )
    assert [note.pitch for note in both] == [note.pitch for note in [*primer, *added]]
    assert both[len(primer)].start_time >= primer[-1].end_time - 1e-3


def test_repairs_of_the_primer_are_printed(tmp_path: Path) -> None:
    """A file without its end-of-track event."""
    broken = tmp_path / "tune.mid"
    data = bytearray(MELODY.read_bytes()[:-4])
    start = data.rindex(b"MTrk") + 4
    data[start : start + 4] = (len(data) - start - 4).to_bytes(4, "big")
    broken.write_bytes(data)
    result = _generate("--primer", broken, "--bars", 1, "-o", tmp_path / "a.mid")
    assert result.exit_code == 0
    assert "tune.mid: Track 2 of 2 has no end-of-track event." in result.stderr


def test_picture_and_sound_come_along(tmp_path: Path) -> None:
    picture, sound = tmp_path / "p.png", tmp_path / "s.wav"
    words = ["--primer", MELODY, "--with-primer", "--picture", picture, "--sound", sound]
    result = _generate(*words, "-o", tmp_path / "c.mid")
    assert result.exit_code == 0
    assert all(f"Wrote {file}" in result.output for file in (picture, sound))
    with Image.open(picture) as image:
        assert image.format == "PNG"
    with wave.open(str(sound)) as recording:
        seconds = recording.getnframes() / recording.getframerate()
    assert seconds > end_of(read(MELODY))


def test_arguments_reach_the_generator(tmp_path: Path) -> None:
    words = ["--seed", 3, "--min-pitch", 60, "--max-pitch", 71, "--bars", 8]
    assert _generate(*words, "-o", tmp_path / "a.mid").exit_code == 0
    assert {60 <= note.pitch <= 71 for note in read(tmp_path / "a.mid").notes} == {True}
    settings = ["--seed", 3, "--set", "min_pitch=60", "--set", "max_pitch=71", "--bars", 8]
    assert _generate(*settings, "-o", tmp_path / "b.mid").exit_code == 0
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


def test_a_scale_is_kept_by_name(tmp_path: Path) -> None:
    clip = tmp_path / "d.mid"
    words = ["--seed", 5, "--scale", "major", "--scale-root", "D", "--bars", 8]
    assert _generate(*words, "-o", clip).exit_code == 0
    assert {note.pitch % 12 for note in read(clip).notes} <= {2, 4, 6, 7, 9, 11, 1}


@pytest.mark.parametrize(
    "words",
    [
        ["--bars", "0"],
        ["--bars", "-4"],
        ["--bars", "100000"],
        ["--bars", "many"],
        ["--seed", "-1"],
        ["--variations", "17"],
        ["--temperature", "nan"],
        ["--primer", str(MELODY), "--qpm", "90"],
        ["--with-primer"],
        ["--scale", "happy"],
        ["--scale-root", "D"],
        ["--server", "nonsense"],
        ["--bundle", "nowhere.mag"],
        ["--set", "seed=1"],
    ],
    ids=" ".join,
)
def test_an_invalid_option_exits_with_2_and_writes_nothing(
    words: list[str], tmp_path: Path
) -> None:
    result = _generate(*words, "-o", tmp_path / "x.mid")
    assert result.exit_code == 2, result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        (["--primer", str(ROOT / "README.md")], "README.md"),
        (["--primer", "nowhere.mid"], "nowhere.mid"),
        (["--temperature", "1000"], "temperature"),
        (["--set", "nonsense=1"], "nonsense"),
        (["--generator", "missing"], "missing"),
        (["--server", "127.0.0.1:9"], "127.0.0.1:9"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_error_is_one_line_and_keeps_the_existing_file(
    words: list[str], detail: str, tmp_path: Path
) -> None:
    old = tmp_path / "x.mid"
    old.write_bytes(b"old")
    result = run_program("generate", *words, "-o", old)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert detail in result.stderr
    assert result.stderr.count("\n") == 1
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


def test_an_impossible_folder_is_found_before_any_bundle_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(
        "magenta_bridge.cli.generate.open_client", lambda *words: opened.append(words)
    )
    (tmp_path / "file").touch()
    result = _generate("-o", tmp_path / "file" / "x.mid")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The folder")
    assert opened == []


def test_a_clip_is_written_when_its_picture_or_sound_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other file is there, and the missing ones are named."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("magenta_bridge.render.piano_roll.draw_piano_roll", full)
    picture, sound = tmp_path / "p.png", tmp_path / "s.wav"
    words = ["--variations", 2, "--seed", 7, "--picture", picture, "--sound", sound]
    result = _generate(*words, "-o", tmp_path / "c.mid")
    assert result.exit_code == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "c-1.mid", "c-2.mid", "s-1.wav", "s-2.wav",
    ]  # fmt: skip
    for number in (1, 2):
        assert f"{tmp_path / f'p-{number}.png'} is missing" in result.stderr
        assert f"with seed {6 + number}" in result.stdout


def test_the_seed_is_printed_when_the_clip_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise NotFoundError("c.mid cannot be written: No space left on device.")

    monkeypatch.setattr("magenta_bridge.formats.write", full)
    result = _generate("--seed", 7, "--picture", tmp_path / "p.png", "-o", tmp_path / "c.mid")
    assert result.exit_code == 1
    assert "with seed 7" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["p.png"]


def test_the_variations_before_a_failure_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate, made = LocalClient.generate, []

    def fail(self: LocalClient, *words: str, **options: Any) -> NoteSequence:  # noqa: ANN401
        made.append(options["seed"])
        if len(made) > 1:
            raise ServerUnavailableError("The server went away.")
        return generate(self, *words, **options)

    monkeypatch.setattr(LocalClient, "generate", fail)
    result = _generate("--variations", 3, "--seed", 7, "-o", tmp_path / "c.mid")
    assert result.exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["c-1.mid"]
    assert "seed was 8" in result.stderr
    result = _generate("--seed", 9, "-o", tmp_path / "d.mid")
    assert result.exit_code == 1
    assert "seed was 9" in result.stderr


def test_what_was_not_read_of_a_primer_is_one_line(tmp_path: Path) -> None:
    words = ["--primer", MELODY, "--generator", "lstm_drums", "--variations", 2]
    result = _generate(*words, "-o", tmp_path / "c.mid")
    assert result.exit_code == 0
    assert result.stderr.startswith("Note: This generator reads only drums")
    assert result.stderr.count("\n") == 1
    assert _generate("--primer", MELODY, "-o", tmp_path / "m.mid").stderr == ""


def test_the_primer_is_never_overwritten(tmp_path: Path) -> None:
    primer, link = tmp_path / "a.mid", tmp_path / "link.mid"
    primer.write_bytes(MELODY.read_bytes())
    link.symlink_to(primer)
    result = _generate("--primer", primer, "-o", link)
    assert result.exit_code == 1
    assert "is the primer" in result.output
    assert primer.read_bytes() == MELODY.read_bytes()
