"""The ledger of active notes, readable by another process after the player has died.

The ledger is a small memory-mapped file. The player records a note before it sends the note-on and
removes it after it has sent the note-off, so the ledger always contains every note that may sound.
The MIDI system can lose a note-off that was sent just before the process died, so a note counts as
open for 0.1 s after its end.
"""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from magenta_bridge.errors import NotFoundError
from magenta_bridge.files import unwritable
from magenta_bridge.midi.output.messages import (
    ALL_NOTES_OFF_CONTROL,
    ALL_SOUND_OFF_CONTROL,
    CHANNELS,
    PITCHES,
    SUSTAIN_CONTROL,
    control_change,
    note_off,
)

if TYPE_CHECKING:
    from mido import Message

STAYS_OPEN_S = 0.1

_MAGIC = b"MBnotes1"
_KEYS = CHANNELS * PITCHES
_USED_AT = len(_MAGIC)
_COUNTS_AT = _USED_AT + CHANNELS
_ENDS_AT = _COUNTS_AT + _KEYS
_SIZE = _ENDS_AT + 8 * _KEYS
_MAX_COUNT = 255
_END = struct.Struct("=d")
_ENDS = struct.Struct(f"={PITCHES}d")


class NoteLedger:
    """Counts the active notes of each key on each channel.

    Each count is one byte, and the end time is written before the count decreases. A reader that
    reads during a write, or after the writer died during one, finds too many notes, never too few.

    Threading: one writer at a time, in one process; any number of readers in any processes.
    No locks.

    Args:
        path: The file of an existing ledger.

    Raises:
        NotFoundError: The file is missing or is not a ledger.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("r+b") as file:
                self._memory = mmap.mmap(file.fileno(), _SIZE)
        except (OSError, ValueError) as error:
            raise NotFoundError(f"Cannot open the note ledger {path}: {error}.") from error
        if self._memory[:_USED_AT] != _MAGIC:
            raise NotFoundError(f"{path} is not a note ledger.")

    @classmethod
    def create(cls, folder: Path | None = None) -> NoteLedger:
        """Create an empty ledger in a new file.

        Args:
            folder: Folder of the file; None for the system's temporary folder.

        Raises:
            NotFoundError: The file cannot be written.
        """
        handle, name = tempfile.mkstemp(prefix="magenta-bridge-", suffix=".notes", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + bytes(_SIZE - len(_MAGIC)))
        except OSError as error:
            Path(name).unlink()
            raise unwritable(Path(name), error) from error
        return cls(Path(name))

    def count(self, channel: int, pitch: int) -> int:
        """Return the number of active notes on a key; ``channel`` is 0..15, ``pitch`` 0..127."""
        return self._memory[_COUNTS_AT + channel * PITCHES + pitch]

    def begin(self, channel: int, pitch: int) -> None:
        """Record a note; call before its note-on is sent."""
        self._memory[_USED_AT + channel] = 1
        at = _COUNTS_AT + channel * PITCHES + pitch
        self._memory[at] = min(self._memory[at] + 1, _MAX_COUNT)

    def end(self, channel: int, pitch: int, now: float) -> None:
        """Remove a note; call after its note-off is sent, with the current time in seconds."""
        key = channel * PITCHES + pitch
        _END.pack_into(self._memory, _ENDS_AT + 8 * key, now)
        at = _COUNTS_AT + key
        self._memory[at] = max(self._memory[at] - 1, 0)

    def use(self, channel: int) -> None:
        """Record that a message other than a note was sent to a channel."""
        self._memory[_USED_AT + channel] = 1

    def sounding(self) -> list[tuple[int, int]]:
        """Return channel and pitch of every note that has not ended."""
        return [
            (channel, pitch)
            for channel in range(CHANNELS)
            if any(counts := self._counts(channel))
            for pitch, count in enumerate(counts)
            if count
        ]

    def open_notes(self, now: float | None = None) -> list[tuple[int, int]]:
        """Return channel and pitch of every note that may sound.

        Args:
            now: The time in seconds on the writer's clock; None for ``time.monotonic()``.
        """
        at = time.monotonic() if now is None else now
        return [
            (channel, pitch)
            for channel in self.used_channels()
            for pitch, (count, end) in enumerate(
                zip(self._counts(channel), self._ends(channel), strict=True)
            )
            if count or _is_recent(end, at)
        ]

    def used_channels(self) -> list[int]:
        """Return the channels, 0..15, to which any message was sent."""
        return [channel for channel in range(CHANNELS) if self._memory[_USED_AT + channel]]

    def end_all(self, now: float) -> None:
        """Remove every note, as ``end`` does; the used channels stay recorded."""
        for channel, pitch in self.sounding():
            while self.count(channel, pitch):
                self.end(channel, pitch, now)

    def close(self, *, remove: bool = False) -> None:
        """Release the memory; ``remove`` deletes the file."""
        self._memory.close()
        if remove:
            self.path.unlink(missing_ok=True)

    def _counts(self, channel: int) -> bytes:
        at = _COUNTS_AT + channel * PITCHES
        return self._memory[at : at + PITCHES]

    def _ends(self, channel: int) -> tuple[float, ...]:
        return _ENDS.unpack_from(self._memory, _ENDS_AT + _ENDS.size * channel)


def all_notes_off(
    ledger: NoteLedger, *, now: float | None = None, all_pitches: bool = False
) -> Iterator[Message]:
    """Yield the messages that silence a receiver after a stop, panic, crash or port loss.

    Note-offs come first, because some synthesizers ignore the controllers and Live's devices do not
    receive "all notes off". Then every used channel gets sustain pedal up, all notes off and all
    sound off.

    Args:
        ledger: The notes that may sound.
        now: The time in seconds; None for ``time.monotonic()``.
        all_pitches: Also send note-offs for all 128 pitches of the used channels, after a crash.
    """
    for channel, pitch in ledger.open_notes(now):
        yield note_off(channel, pitch)
    for channel in ledger.used_channels():
        yield control_change(channel, SUSTAIN_CONTROL)
        if all_pitches:
            yield from (note_off(channel, pitch) for pitch in range(PITCHES))
        yield control_change(channel, ALL_NOTES_OFF_CONTROL)
        yield control_change(channel, ALL_SOUND_OFF_CONTROL)


def _is_recent(end: float, now: float) -> bool:
    # 0.0: never written. A time in the future or NaN is a torn write and counts as just ended.
    return end != 0.0 and not now - end > STAYS_OPEN_S
