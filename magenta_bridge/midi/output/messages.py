"""MIDI messages and controller numbers used for playback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mido

if TYPE_CHECKING:
    from mido import Message

PITCHES = 128
CHANNELS = 16

SUSTAIN_CONTROL = 64
ALL_SOUND_OFF_CONTROL = 120
ALL_NOTES_OFF_CONTROL = 123
# Controllers that keep notes sounding after their note-off: sustain, sostenuto and hold 2.
HOLD_CONTROLS = frozenset({SUSTAIN_CONTROL, 66, 69})
_HELD_VALUE = 64


def starts_note(message: Message) -> bool:
    """Return whether a message starts a note."""
    return bool(message.type == "note_on" and message.velocity > 0)


def ends_note(message: Message) -> bool:
    """Return whether a message ends a note; a note-on with velocity 0 counts as a note-off."""
    return bool(message.type == "note_off" or (message.type == "note_on" and message.velocity == 0))


def ends_all_notes(message: Message) -> bool:
    """Return whether a message ends all notes: all sound off, all notes off, or a channel mode."""
    return bool(
        message.type == "control_change"
        and (message.control == ALL_SOUND_OFF_CONTROL or message.control >= ALL_NOTES_OFF_CONTROL)
    )


def holds_notes(message: Message) -> bool:
    """Return whether a message presses a pedal."""
    return bool(
        message.type == "control_change"
        and message.control in HOLD_CONTROLS
        and message.value >= _HELD_VALUE
    )


def note_off(channel: int, pitch: int) -> Message:
    """Return a note-off; ``channel`` is 0..15, ``pitch`` 0..127."""
    return mido.Message("note_off", channel=channel, note=pitch, velocity=64)


def control_change(channel: int, number: int, value: int = 0) -> Message:
    """Return a control change."""
    return mido.Message("control_change", channel=channel, control=number, value=value)
