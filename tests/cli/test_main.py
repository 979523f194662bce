"""The command line imports little, has help, and reports each error in one line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner

from magenta_bridge import __version__
from magenta_bridge.cli.main import magenta_bridge
from magenta_bridge.errors import NotFoundError
from tests.cli.program import run_program

COMMANDS = ["generate", "generators", "serve", "top", "train", "doctor"]


def _run_failing(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, *options: str
) -> click.testing.Result:
    """Run a command that raises ``error``."""

    def fail(**_: object) -> None:
        raise error

    from magenta_bridge.cli.generators import generators

    monkeypatch.setattr(generators, "callback", fail)
    return CliRunner().invoke(magenta_bridge, [*options, "generators"])


def test_help_lists_the_commands_without_importing_them() -> None:
    code = (
        "import sys\n"
        "from magenta_bridge.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "loaded = [name for name in sys.modules if name.startswith('magenta_bridge.')]\n"
        "assert sorted(loaded) == ['magenta_bridge.cli', 'magenta_bridge.cli.main',"
        " 'magenta_bridge.errors'], loaded\n"
        "assert 'numpy' not in sys.modules\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert all(f"\n  {command} " in result.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_help_shows_an_example(command: str) -> None:
    result = CliRunner().invoke(magenta_bridge, [command, "--help"])
    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"magenta-bridge {command}" in result.output.split("Example")[1]
    result.output.encode("ascii")


def test_the_version_is_that_of_the_package() -> None:
    result = run_program("--version")
    assert (result.returncode, result.stdout) == (0, f"magenta-bridge, version {__version__}\n")


@pytest.mark.parametrize("words", [["compose"], ["generate"], ["serve", "--port", "x"], ["--no"]])
def test_an_invalid_command_line_exits_with_2(words: list[str]) -> None:
    result = run_program(*words)
    assert result.returncode == 2
    assert "Error: " in result.stderr
    assert result.stdout == ""


def test_an_error_of_magenta_bridge_is_printed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    result = _run_failing(monkeypatch, NotFoundError("There is no tune."))
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no tune.\n"


def test_an_unexpected_error_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = _run_failing(monkeypatch, ZeroDivisionError("by\nzero"))
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Unexpected error: ZeroDivisionError: by zero. "
        "Run again with --debug for a traceback.\n"
    )


@pytest.mark.parametrize("make", [lambda: NotFoundError("gone"), lambda: ValueError("odd")])
def test_debug_prints_the_traceback(
    make: Callable[[], Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = _run_failing(monkeypatch, make(), "--debug")
    assert result.exit_code == 1
    assert "Traceback" in result.stderr


def test_an_interrupt_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    result = _run_failing(monkeypatch, KeyboardInterrupt())
    assert (result.exit_code, result.stderr) == (130, "Stopped.\n")


def test_no_color_is_written_to_a_pipe() -> None:
    assert "\x1b" not in run_program("doctor").stdout
