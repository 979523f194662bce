"""Which messages make a receiver silent: one answer for stop, panic, crash and port loss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from magenta_bridge.midi.output.messages import (
    ALL_NOTES_OFF_CONTROL,
    ALL_SOUND_OFF_CONTROL,
    PITCHES,
    SUSTAIN_CONTROL,
    control,
    note_off,
)
from magenta_bridge.midi.output.note_ledger import Ledger

if TYPE_CHECKING:
    from mido import Message


def silence(
    ledger: Ledger, *, now: float | None = None, all_pitches: bool = False
) -> Iterator[Message]:
    """Yields what to send so that nothing sounds.

    Real note-offs first: some synthesizers ignore the controllers, and a stray "all notes off"
    bypasses devices in Live. Then, on every channel in use, the sustain pedal up, all notes off
    and all sound off.

    Args:
        ledger: What may sound.
        now: The time in seconds; None for ``time.monotonic()``.
        all_pitches: After a crash, note-offs for all 128 pitches of the used channels as well.
    """
    for channel, pitch in ledger.open_notes(now):
        yield note_off(channel, pitch)
    for channel in ledger.used_channels():
        yield control(channel, SUSTAIN_CONTROL)
        if all_pitches:
            yield from (note_off(channel, pitch) for pitch in range(PITCHES))
        yield control(channel, ALL_NOTES_OFF_CONTROL)
        yield control(channel, ALL_SOUND_OFF_CONTROL)
