"""Records calls and responses to a MIDI file."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any, Final

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.files import ready_folder, write_new
from magenta_bridge.noteseq import NoteSequence

_NOTE_ON: Final = 0x90
_NOTE_OFF: Final = 0x80


def prepare(path: Path) -> None:
    """Check that a recording can be written, before the session starts; create its folder.

    Raises:
        NotFoundError: The folder is not writable.
        InvalidArgumentError: The file exists.
    """
    if os.path.lexists(path):
        raise InvalidArgumentError(
            f"{path} exists and is not overwritten; move it, or name another recording."
        )
    ready_folder(path.parent)


class Recording:
    """Collects captured calls and sent responses.

    Args:
        qpm: Tempo of the file.
        time_signature: Its numerator and denominator.
        channel: MIDI channel of the responses, 0 to 15.
    """

    def __init__(self, qpm: float, time_signature: tuple[int, int], channel: int) -> None:
        self._channel = channel
        self._music = NoteSequence()
        self._music.tempos.add(qpm=qpm)
        numerator, denominator = time_signature
        self._music.time_signatures.add(numerator=numerator, denominator=denominator)
        self._first: float | None = None
        self._open: dict[int, NoteSequence.Note] = {}

    def on_event(self, event: str, details: dict[str, Any]) -> None:
        """Record an event of the player; times are seconds of the wall clock."""
        if event == "call" and details["musician"] == 0:
            call = NoteSequence.FromString(details["sequence"])
            self._first = details["start"] if self._first is None else self._first
            for note in call.notes:
                self._add(note.pitch, note.velocity, details["start"] + note.start_time)
                self._music.notes[-1].end_time = details["start"] + note.end_time
        elif event == "played":
            for time_s, message in details["messages"]:
                self._record(time_s, message)

    def music(self) -> NoteSequence:
        """Return the recording in seconds from the first bar line; responses are instrument 1."""
        first = self._first or min((n.start_time for n in self._music.notes), default=0.0)
        moved = NoteSequence()
        moved.CopyFrom(self._music)
        del moved.notes[:]
        for note in self._music.notes:
            if note.end_time > note.start_time >= first - 0.001:
                kept = moved.notes.add()
                kept.CopyFrom(note)
                kept.start_time = max(0.0, note.start_time - first)
                kept.end_time -= first
                moved.total_time = max(moved.total_time, kept.end_time)
        return moved

    def save(self, path: Path) -> Path:
        """Write the file, with a number in its name if another session has written it meanwhile.

        Returns:
            The file.

        Raises:
            NotFoundError: The folder does not exist or is not writable.
        """
        from magenta_bridge.formats.midi import note_sequence_to_midi

        numbered = (path.with_name(f"{path.stem}-{n}{path.suffix}") for n in itertools.count(2))
        file = next(file for file in itertools.chain([path], numbered) if not file.exists())
        write_new(file, note_sequence_to_midi(self.music()), private=False)
        return file

    def _record(self, time_s: float, message: bytes) -> None:
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if channel != self._channel or kind not in (_NOTE_ON, _NOTE_OFF):
            return
        ended = self._open.pop(message[1], None)
        if ended is not None:
            ended.end_time = time_s
        if kind == _NOTE_ON and message[2]:
            self._open[message[1]] = self._add(message[1], message[2], time_s, instrument=1)

    def _add(
        self, pitch: int, velocity: int, start: float, instrument: int = 0
    ) -> NoteSequence.Note:
        return self._music.notes.add(
            pitch=pitch, velocity=velocity, start_time=start, instrument=instrument
        )
