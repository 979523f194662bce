"""Signals match the messages they describe and reject impossible values."""

from __future__ import annotations

import re
from typing import Any

import mido
import pytest

from magenta_bridge.errors import MidiHubError
from magenta_bridge.midi.hub import MidiSignal

MESSAGES = [
    mido.Message("note_on", note=60, velocity=90, channel=2, time=1.5),
    mido.Message("note_off", note=60, velocity=64, time=2.25),
    mido.Message("control_change", control=7, value=127, time=3.0),
    mido.Message("pitchwheel", pitch=100, time=4.0),
]


@pytest.mark.parametrize(
    ("values", "matched"),
    [
        ({"type": "note_on"}, {0}),
        ({"note": 60}, {0, 1}),
        ({"note": 60, "velocity": 64}, {1}),
        ({"value": 127}, {2}),
        ({"type": "control_change", "control": 8}, set()),
        ({"msg": MESSAGES[0]}, {0}),
        ({"msg": mido.Message("note_on", note=60, velocity=90)}, set()),
    ],
)
def test_a_signal_matches_the_messages_it_describes(
    values: dict[str, Any], matched: set[int]
) -> None:
    """By values and by regular expression; times are ignored."""
    signal = MidiSignal(**values)
    assert {i for i, message in enumerate(MESSAGES) if signal.matches(message)} == matched
    pattern = re.compile(str(signal))
    assert {i for i, message in enumerate(MESSAGES) if pattern.match(str(message))} == matched


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"type": "sysex"},
        {"msg": mido.Message("sysex")},
        {"type": "note_on", "value": 1},
        {"note": 1, "value": 1},
        {"msg": MESSAGES[0], "note": 1},
    ],
)
def test_a_signal_that_matches_no_message_raises_an_error(values: dict[str, Any]) -> None:
    with pytest.raises(MidiHubError):
        MidiSignal(**values)


def test_a_signal_of_one_type_converts_to_a_message() -> None:
    """A note matches two types; a controller value matches only one."""
    assert MidiSignal(value=3).to_message() == mido.Message("control_change", value=3)
    assert MidiSignal(msg=MESSAGES[0]).to_message() == MESSAGES[0]
    with pytest.raises(MidiHubError, match="type"):
        MidiSignal(note=3).to_message()


def test_equal_signals_are_the_same_key() -> None:
    assert len({MidiSignal(note=3), MidiSignal(note=3), MidiSignal(note=4)}) == 2
