"""Bugs in players and outputs, each of which sometimes leaves a note hanging."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import mido
import pytest

from magenta_bridge.midi.engine.event_queue import EventQueue
from magenta_bridge.midi.output import note_ledger as ledgers
from magenta_bridge.midi.output.note_output import TOO_LATE_S, NoteOutput
from magenta_bridge.noteseq import NoteSequence

if TYPE_CHECKING:
    from mido import Message

# The owner, the name of its attribute, and the replacement.
Bug: TypeAlias = "tuple[object, str, object]"

_pop = EventQueue.pop
_replace = EventQueue.replace
_output_begin = NoteOutput._begin
_output_end = NoteOutput._end


def _forget_active_notes(queue: EventQueue, time_s: float) -> None:
    del time_s
    queue._events = []


def _begin_in_the_ledger_after_sending(output: NoteOutput, message: Message, late_s: float) -> bool:
    later: list[tuple[int, int]] = []
    output.ledger.begin = lambda channel, pitch: later.append((channel, pitch))  # type: ignore[method-assign]
    try:
        taken = _output_begin(output, message, late_s)
    finally:
        del output.ledger.begin
    for key in later:
        output.ledger.begin(*key)
    return taken


def _end_in_the_ledger_before_sending(output: NoteOutput, message: Message, late_s: float) -> bool:
    channel, pitch = message.channel, message.note
    if output.ledger.count(channel, pitch) != 1:
        return _output_end(output, message, late_s)
    output.ledger.end(channel, pitch, output._now())
    return output._put(message, late_s)


def _start_on_an_active_pitch(queue: EventQueue) -> list[Message]:
    messages = _pop(queue)
    return [m for m in messages if m.type == "note_on"] or messages


def _move_starts_alone(queue: EventQueue, pivot: float, factor: float, shift: float = 0.0) -> None:
    queue._events = sorted(
        replace(event, time_s=pivot + (event.time_s - pivot) * factor + shift)
        if event.starts and event.time_s > pivot
        else event
        for event in queue._events
    )


def _replace_the_ends_too(queue: EventQueue, sequence: NoteSequence, start_time: float) -> None:
    held, queue._open = queue._open, {}
    _replace(queue, sequence, start_time)
    queue._open = held


def _drop_late_ends(output: NoteOutput, message: Message, late_s: float) -> bool:
    return late_s <= TOO_LATE_S and _output_end(output, message, late_s)


def _remove_a_lost_note(output: NoteOutput, message: Message, late_s: float) -> bool:
    sounds = output.ledger.count(message.channel, message.note)
    taken = _output_end(output, message, late_s)
    if sounds and not taken:
        output.ledger.end(message.channel, message.note, output._now())
    return taken


def _skip_the_panic_after_a_loss(output: NoteOutput) -> None:
    output._pending_panic = False


def _panic_without_messages(output: NoteOutput) -> None:
    output.ledger.end_all(output._now())


def _end_on_the_first_channel(queue: EventQueue) -> list[Message]:
    return [m.copy(channel=0) if m.type == "note_off" else m for m in _pop(queue)]


def _end_the_pitch_above(queue: EventQueue) -> list[mido.Message]:
    messages = _pop(queue)
    return [m.copy(note=m.note + 1) if m.type == "note_off" else m for m in messages]


def _bug(owner: object, name: str, value: Callable[..., object] | float, bug_id: str) -> object:
    return pytest.param((owner, name, value), id=bug_id)


BUGS = [
    _bug(EventQueue, "silence", _forget_active_notes, "a stop forgets active notes"),
    _bug(NoteOutput, "_begin", _begin_in_the_ledger_after_sending, "recorded after the note-on"),
    _bug(NoteOutput, "_end", _end_in_the_ledger_before_sending, "removed before the note-off"),
    _bug(EventQueue, "pop", _start_on_an_active_pitch, "a note starts on an active pitch"),
    _bug(EventQueue, "stretch", _move_starts_alone, "a note-on is sent after its note-off"),
    _bug(EventQueue, "replace", _replace_the_ends_too, "an update drops the end of a note"),
    _bug(NoteOutput, "_end", _drop_late_ends, "a late note-off is dropped"),
    _bug(NoteOutput, "_end", _remove_a_lost_note, "a note-off to a lost port counts as sent"),
    _bug(
        NoteOutput,
        "_port_changed",
        _skip_the_panic_after_a_loss,
        "a port that returns is not silenced",
    ),
    _bug(NoteOutput, "panic", _panic_without_messages, "a panic sends nothing"),
    _bug(EventQueue, "pop", _end_on_the_first_channel, "a note-off has the wrong channel"),
    _bug(EventQueue, "pop", _end_the_pitch_above, "a note-off has the wrong pitch"),
    _bug(ledgers, "STAYS_OPEN_S", 0.0, "the last note-offs count as received"),
]
