"""Command lines of Magenta's programs are read as they were meant."""

from __future__ import annotations

import click
import pytest

from magenta_bridge.cli.midi import midi
from magenta_bridge.cli.midi.absl_flags import as_click_words

SWITCHES = {"passthrough", "allow-overlap"}


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
def test_a_word_of_absl_becomes_one_of_click(written: str, read: str) -> None:
    """Values and other words stay as they are."""
    assert as_click_words([written], SWITCHES) == [read]


def test_words_after_the_double_dash_stay() -> None:
    """They are no options."""
    assert as_click_words(["--", "--nopassthrough"], SWITCHES) == ["--", "--nopassthrough"]


def test_a_switch_that_is_neither_is_refused() -> None:
    """With both spellings in the message."""
    with pytest.raises(click.UsageError, match="--no-passthrough"):
        as_click_words(["--passthrough=perhaps"], SWITCHES)


def test_every_flag_of_magentas_program_is_there_with_its_default() -> None:
    """Names and defaults as in Magenta 2.1.4."""
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
