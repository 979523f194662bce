"""``magenta-bridge search``: wrong command lines; see tests/lab/search for its output."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import run_program
from tests.lab.search.searcher import TUNES


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["midi", "--families", "lstm,transformer"], "'transformer' is not a family"),
        (["midi", "--families", ""], "is not a family"),
        (["midi", "--trials", "0"], "0 is not in the range"),
        (["midi", "--time", "0s"], "not a time"),
        (["midi", "--epochs", "0"], "0 is not in the range"),
        (["midi", "--output", "file"], "is a file"),
    ],
)
def test_a_wrong_command_line_is_refused(tmp_path: Path, words: list[str], message: str) -> None:
    (tmp_path / "midi").mkdir()
    (tmp_path / "file").touch()
    result = run_program("search", *words, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "midi"]


@pytest.mark.timeout(300)
def test_another_backend_is_refused(tmp_path: Path) -> None:
    words: list[str | Path] = ["search", TUNES, "--output", tmp_path / "out"]
    result = run_program(*words, timeout=240, KERAS_BACKEND="jax")
    assert result.returncode == 1
    assert "without KERAS_BACKEND=jax" in result.stderr
    assert "Traceback" not in result.stderr
