"""The test music is what its maker writes, and its table names all of it."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

MUSIC = Path(__file__).parents[1] / "data" / "midi"
PIECES: dict[str, Callable[[], bytes]] = runpy.run_path(str(MUSIC / "make.py"))["PIECES"]


@pytest.mark.parametrize("name", PIECES)
def test_the_file_is_byte_for_byte_what_its_maker_writes(name: str) -> None:
    assert (MUSIC / name).read_bytes() == PIECES[name]()


def test_files_maker_and_table_name_the_same_pieces() -> None:
    rows = (MUSIC / "README.md").read_text(encoding="utf-8").splitlines()
    named = [row.split("`")[1] for row in rows if row.startswith("| `")]
    written = {path.resolve() for path in MUSIC.parent.rglob("*.mid")}
    assert {(MUSIC / name).resolve() for name in PIECES} == written
    folders = {"tunes/*.mid" if name.startswith("tunes/") else name for name in PIECES}
    assert sorted(named) == sorted(folders)
