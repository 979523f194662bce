"""``magenta-bridge max`` installs and uninstalls devices and leaves other files alone."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import pytest
from click.testing import CliRunner, Result

from magenta_bridge.cli.main import magenta_bridge
from magenta_bridge.cli.max.installer import (
    RECORD,
    DeviceFile,
    InstalledDevices,
    shipped_devices,
)
from magenta_bridge.cli.max.user_library import find_user_library
from magenta_bridge.errors import FileFormatError, NotFoundError

EFFECTS = "Presets/MIDI Effects/Max MIDI Effect"


def _max(*words: str | Path) -> Result:
    return CliRunner().invoke(magenta_bridge, ["max", *map(str, words)])


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _one_line(result: Result) -> str:
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.mark.parametrize("words", [[], ["--folder-form"]])
def test_install_and_uninstall_leave_a_library_as_it_was(tmp_path: Path, words: list[str]) -> None:
    """Devices of all three types are installed where Live looks for them, and can be removed."""
    (tmp_path / EFFECTS).mkdir(parents=True)
    (tmp_path / EFFECTS / "Mine.amxd").write_bytes(b"mine")
    before = _files(tmp_path)
    installed = _max("install", "--to", tmp_path, *words)
    assert installed.exit_code == 0, installed.output
    expected = {
        str(device.place): device.source.read_bytes()
        for device in shipped_devices(folder_form=bool(words))
    }
    now = _files(tmp_path)
    assert {name: now[name] for name in expected} == expected
    assert set(now) == {*before, *expected, RECORD}
    assert all(f"installed   {place}\n" in installed.output for place in expected)
    assert "press Generate" in installed.output
    where = _max("where", "--to", tmp_path)
    assert all(f"  {place}\n" in where.output for place in expected)
    removed = _max("uninstall", "--to", tmp_path)
    assert removed.exit_code == 0, removed.output
    assert _files(tmp_path) == before
    assert not (tmp_path / "MIDI Tools").exists()
    assert _max("uninstall", "--to", tmp_path).exit_code == 0
    assert "run: magenta-bridge max install" in _max("where", "--to", tmp_path).output


def test_each_type_of_device_has_its_folder() -> None:
    """Live's tabs list a tool only in the folder of its type."""
    folders = {str(device.place.parent) for device in shipped_devices(folder_form=False)}
    assert folders == {EFFECTS, "MIDI Tools/Max Generators", "MIDI Tools/Max Transformations"}
    folder = f"{EFFECTS}/Magenta Bridge"
    loose = {str(device.place) for device in shipped_devices(folder_form=True)}
    assert {place for place in loose if place.startswith(EFFECTS)} == {
        f"{folder}/Magenta Bridge.amxd",
        f"{folder}/magenta-bridge-node.js",
    }
    assert len(loose) == 4


def test_a_second_install_changes_nothing(tmp_path: Path) -> None:
    assert _max("install", "--to", tmp_path).exit_code == 0
    before = _files(tmp_path)
    again = _max("install", "--to", tmp_path)
    assert again.exit_code == 0
    assert "up to date" in again.output
    assert "installed " not in again.output
    assert _files(tmp_path) == before


def test_a_file_of_another_program_is_kept(tmp_path: Path) -> None:
    """The error names it, the other devices are installed, and uninstall keeps it too."""
    taken, *others = (device.place for device in shipped_devices(folder_form=False))
    (tmp_path / taken.parent).mkdir(parents=True)
    (tmp_path / taken).write_bytes(b"the user's own")
    message = _one_line(_max("install", "--to", tmp_path))
    assert str(taken) in message
    assert all((tmp_path / place).is_file() for place in others)
    assert _max("uninstall", "--to", tmp_path).exit_code == 0
    assert _files(tmp_path) == {str(taken): b"the user's own"}


def test_an_edited_device_is_kept(tmp_path: Path) -> None:
    """Neither install nor uninstall overwrites changes saved in Max's editor."""
    _max("install", "--to", tmp_path)
    edited = tmp_path / shipped_devices(folder_form=False)[0].place
    edited.write_bytes(edited.read_bytes() + b"edited")
    text = edited.read_bytes()
    for words in ("install", "uninstall", "uninstall"):
        assert edited.name in _one_line(_max(words, "--to", tmp_path))
        assert edited.read_bytes() == text
    assert set(_files(tmp_path)) == {edited.relative_to(tmp_path).as_posix(), RECORD}


def test_an_update_replaces_a_device_even_after_an_interrupted_install(tmp_path: Path) -> None:
    """A file that was written but not yet recorded is recognized as installed."""
    source, place = tmp_path / "device", PurePosixPath("MIDI Tools/Max Generators/Tool.amxd")
    library = tmp_path / "library"
    library.mkdir()
    device = [DeviceFile(source, place)]
    for text in (b"old", b"new"):
        source.write_bytes(text)
        assert InstalledDevices(library).install(device).written == [place]
        assert (library / place).read_bytes() == text
    source.write_bytes(b"newest")
    (library / place).write_bytes(b"newest")
    assert InstalledDevices(library).install(device).same == [place]
    assert InstalledDevices(library).uninstall().removed == [place]
    assert _files(library) == {}


@pytest.mark.parametrize(
    "record",
    [
        "{",
        "[]",
        '{"files": {}}',
        '{"files": {"a": 1}, "folders": []}',
        json.dumps({"files": {"../outside": "0"}, "folders": []}),
        json.dumps({"files": {}, "folders": ["/outside"]}),
        json.dumps({"files": {"C:\\x": "0"}, "folders": []}),
    ],
)
def test_a_damaged_record_is_reported_and_nothing_is_removed(tmp_path: Path, record: str) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (tmp_path / "outside").write_bytes(b"")
    (library / RECORD).write_text(record, encoding="utf-8")
    for words in ("install", "uninstall", "where"):
        assert RECORD in _one_line(_max(words, "--to", library))
    assert (tmp_path / "outside").exists()
    assert set(_files(library)) == {RECORD}


def test_a_missing_library_is_reported(tmp_path: Path) -> None:
    message = _one_line(_max("install", "--to", tmp_path / "none"))
    assert str(tmp_path / "none") in message
    with pytest.raises(NotFoundError, match="--to"):
        find_user_library(tmp_path, {}, "linux")
    for platform in ("darwin", "win32"):
        with pytest.raises(NotFoundError, match="--to"):
            find_user_library(tmp_path, {}, platform)


@pytest.mark.parametrize(
    ("platform", "folder"),
    [("darwin", "Music/Ableton/User Library"), ("win32", "Documents/Ableton/User Library")],
)
def test_the_default_library_is_found(tmp_path: Path, platform: str, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    assert find_user_library(tmp_path, {}, platform) == tmp_path / folder


def test_a_moved_library_is_found_in_the_preferences_of_the_newest_live(
    tmp_path: Path,
) -> None:
    """Live 12.10 is newer than 12.2; a missing folder is skipped."""
    (tmp_path / "Music/Ableton/User Library").mkdir(parents=True)
    for version, name in [("11.3.4", "eleven"), ("12.2", "two"), ("12.10", "ten & more")]:
        preferences = tmp_path / f"Library/Preferences/Ableton/Live {version}"
        preferences.mkdir(parents=True)
        text = str(tmp_path / name).replace("&", "&amp;")
        (preferences / "Library.cfg").write_text(
            f'<Ableton><Other Value="{tmp_path}"/><UserLibrary><LibraryProject>'
            f'<ProjectName Value="User Library"/><ProjectPath Value="{text}"/>'
            f'<Flag Value="true"/></LibraryProject></UserLibrary></Ableton>',
            encoding="utf-8",
        )
    (tmp_path / "two").mkdir()
    assert find_user_library(tmp_path, {}, "darwin") == tmp_path / "two"
    (tmp_path / "ten & more").mkdir()
    assert find_user_library(tmp_path, {}, "darwin") == tmp_path / "ten & more"


def test_a_broken_installation_is_reported(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no Max for Live devices"):
        shipped_devices(folder_form=False, package=tmp_path / "magenta_bridge")
    devices = tmp_path / "magenta_bridge" / "devices"
    devices.mkdir(parents=True)
    (devices / "x.amxd").write_bytes(b"ampf\4\0\0\0mmmm")
    with pytest.raises(NotFoundError, match="--folder-form"):
        shipped_devices(folder_form=True, package=devices.parent)
    (devices / "x.amxd").write_bytes(b"<html>")
    with pytest.raises(FileFormatError, match="not a Max for Live device"):
        shipped_devices(folder_form=False, package=devices.parent)
