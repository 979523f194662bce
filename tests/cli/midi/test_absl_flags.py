"""Command lines of Magenta's programs keep their meaning."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from magenta_bridge.cli.midi import midi
from magenta_bridge.cli.midi.absl_flags import to_click_arguments

FLAGS = {"passthrough", "allow-overlap"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("--input_ports=My_Keys", "--input-ports=My_Keys"),
        ("-qpm", "--qpm"),
        ("--nopassthrough", "--no-passthrough"),
        ("--noallow_overlap", "--no-allow-overlap"),
        ("--no-allow-overlap", "--no-allow-overlap"),
        ("--passthrough=false", "--no-passthrough"),
        ("--allow_overlap=True", "--allow-overlap"),
        ("-0.02", "-0.02"),
        ("-", "-"),
        ("magenta_in", "magenta_in"),
    ],
)
def test_an_absl_argument_becomes_a_click_argument(written: str, read: str) -> None:
    """Values and other arguments stay as they are."""
    assert to_click_arguments([written], FLAGS) == [read]


def test_arguments_after_the_double_dash_stay() -> None:
    """They are not options."""
    assert to_click_arguments(["--", "--nopassthrough"], FLAGS) == ["--", "--nopassthrough"]


def test_an_invalid_boolean_raises_an_error() -> None:
    """The message has both spellings."""
    with pytest.raises(click.UsageError, match="--no-passthrough"):
        to_click_arguments(["--passthrough=perhaps"], FLAGS)


@pytest.mark.parametrize("option", ["--help", "--helpfull", "-helpshort"])
def test_the_help_has_absls_names(option: str) -> None:
    result = CliRunner().invoke(midi, [option])
    assert result.exit_code == 0
    assert "--time-signature" in result.output


def test_every_flag_of_magentas_program_exists_with_its_default() -> None:
    """Name and defaults as in Magenta 2.1.4."""
    numbers = [
        "clock", "end_call", "panic", "mutate", "min_listen_ticks", "max_listen_ticks",
        "response_ticks", "temperature", "tempo", "loop", "generator_select", "state",
    ]  # fmt: skip
    expected: dict[str, object] = {f"{name}_control_number": None for name in numbers} | {
        "list_ports": False,
        "input_ports": "magenta_in",
        "output_ports": "magenta_out",
        "passthrough": True,
        "allow_overlap": False,
        "enable_metronome": True,
        "metronome_channel": 1,
        "qpm": 120.0,
        "bundle_files": None,
        "playback_offset": 0.0,
        "playback_channel": 0,
        "learn_controls": False,
        "log": "WARN",
    }
    context = midi.make_context("midi", [])
    assert {name: context.params[name] for name in expected} == expected
