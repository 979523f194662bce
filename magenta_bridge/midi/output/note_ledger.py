"""What sounds, written where another process can read it when the player is no more.

A small file, mapped into memory. The player writes a note down before it sends the note-on and
crosses it out after it has sent the note-off, so that whenever the player dies the ledger holds
every note that may sound. A note-off that was handed to the MIDI system in its process's last
moments can be lost: a note counts as open for a tenth of a second after its end.
"""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
import time
from pathlib import Path

from magenta_bridge.errors import NotFoundError
from magenta_bridge.midi.output.messages import CHANNELS, PITCHES

STAYS_OPEN_S = 0.1

_MAGIC = b"MBnotes1"
_KEYS = CHANNELS * PITCHES
_USED_AT = len(_MAGIC)
_COUNTS_AT = _USED_AT + CHANNELS
_ENDS_AT = _COUNTS_AT + _KEYS
_SIZE = _ENDS_AT + 8 * _KEYS
_MOST = 255
_END = struct.Struct("=d")
_ENDS = struct.Struct(f"={PITCHES}d")


class Ledger:
    """How many notes sound on each key of each channel.

    Every count is one byte, and an end is written before its count goes down: a reader that
    looks while the player writes, or after it died writing, finds too many notes, never too few.

    Threading: one writer at a time, in one process; any number of readers in any processes.
    No locks.

    Args:
        path: The file of a ledger that exists already.

    Raises:
        NotFoundError: There is no ledger in that file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("r+b") as file:
                self._memory = mmap.mmap(file.fileno(), _SIZE)
        except (OSError, ValueError) as error:
            raise NotFoundError(f"There is no ledger of notes in {path}: {error}.") from error
        if self._memory[:_USED_AT] != _MAGIC:
            raise NotFoundError(f"{path} is not a ledger of notes.")

    @classmethod
    def create(cls, folder: Path | None = None) -> Ledger:
        """Makes an empty ledger in a new file.

        Args:
            folder: Where; None for the system's folder of temporary files.
        """
        handle, name = tempfile.mkstemp(prefix="magenta-bridge-", suffix=".notes", dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(_MAGIC + bytes(_SIZE - len(_MAGIC)))
        return cls(Path(name))

    def count(self, channel: int, pitch: int) -> int:
        """Returns how many notes sound on a key; ``channel`` is 0..15, ``pitch`` 0..127."""
        return self._memory[_COUNTS_AT + channel * PITCHES + pitch]

    def begin(self, channel: int, pitch: int) -> None:
        """Writes a note down; to be called before its note-on is sent."""
        self._memory[_USED_AT + channel] = 1
        at = _COUNTS_AT + channel * PITCHES + pitch
        self._memory[at] = min(self._memory[at] + 1, _MOST)

    def end(self, channel: int, pitch: int, now: float) -> None:
        """Crosses a note out; to be called after its note-off is sent, at ``now`` in seconds."""
        key = channel * PITCHES + pitch
        _END.pack_into(self._memory, _ENDS_AT + 8 * key, now)
        at = _COUNTS_AT + key
        self._memory[at] = max(self._memory[at] - 1, 0)

    def use(self, channel: int) -> None:
        """Writes down that something other than a note went to a channel."""
        self._memory[_USED_AT + channel] = 1

    def sounding(self) -> list[tuple[int, int]]:
        """Returns the channel and pitch of every note that has not ended."""
        return [
            (channel, pitch)
            for channel in range(CHANNELS)
            if any(counts := self._counts(channel))
            for pitch, count in enumerate(counts)
            if count
        ]

    def open_notes(self, now: float | None = None) -> list[tuple[int, int]]:
        """Returns the channel and pitch of every note that may sound.

        Args:
            now: The time in seconds of the writer's clock; None for ``time.monotonic()``.
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
        """Returns the channels, 0..15, that anything was sent to."""
        return [channel for channel in range(CHANNELS) if self._memory[_USED_AT + channel]]

    def end_all(self, now: float) -> None:
        """Crosses every note out, as ``end`` does; the channels in use stay known."""
        for channel, pitch in self.sounding():
            while self.count(channel, pitch):
                self.end(channel, pitch, now)

    def close(self, *, remove: bool = False) -> None:
        """Lets go of the memory; ``remove`` deletes the file."""
        self._memory.close()
        if remove:
            self.path.unlink(missing_ok=True)

    def _counts(self, channel: int) -> bytes:
        at = _COUNTS_AT + channel * PITCHES
        return self._memory[at : at + PITCHES]

    def _ends(self, channel: int) -> tuple[float, ...]:
        return _ENDS.unpack_from(self._memory, _ENDS_AT + _ENDS.size * channel)


def _is_recent(end: float, now: float) -> bool:
    # 0.0 was never written. What lies ahead of now, or is no number, is torn: as if just ended.
    return end != 0.0 and not now - end > STAYS_OPEN_S
