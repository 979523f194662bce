"""Mistakes in players and outlets, each of which leaves a note hanging now and then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import mido
import pytest

from magenta_bridge.midi.engine.event_queue import Schedule
from magenta_bridge.midi.output import note_ledger as ledgers
from magenta_bridge.midi.output.note_ledger import Ledger
from magenta_bridge.midi.output.note_output import TOO_LATE_S, NoteOutput
from magenta_bridge.noteseq import NoteSequence

if TYPE_CHECKING:
    from mido import Message

# What is broken, its name there, and what takes its place.
Way: TypeAlias = "tuple[object, str, object]"

_pop = Schedule.pop
_replace = Schedule.replace
_begin = Ledger.begin
_outlet_begin = NoteOutput._begin
_outlet_end = NoteOutput._end


def _forget_what_sounds(schedule: Schedule, time_s: float) -> None:
    del time_s
    schedule._events = []


def _begin_in_the_ledger_after_sending(outlet: NoteOutput, message: Message, late_s: float) -> bool:
    later: list[tuple[int, int]] = []
    outlet.ledger.begin = lambda channel, pitch: later.append((channel, pitch))  # type: ignore[method-assign]
    try:
        taken = _outlet_begin(outlet, message, late_s)
    finally:
        del outlet.ledger.begin
    for key in later:
        outlet.ledger.begin(*key)
    return taken


def _end_in_the_ledger_before_sending(outlet: NoteOutput, message: Message, late_s: float) -> bool:
    channel, pitch = message.channel, message.note
    if outlet.ledger.count(channel, pitch) != 1:
        return _outlet_end(outlet, message, late_s)
    outlet.ledger.end(channel, pitch, outlet._clock.now())
    return outlet._put(message, late_s)


def _let_a_note_begin_upon_another(schedule: Schedule) -> list[Message]:
    messages = _pop(schedule)
    return [m for m in messages if m.type == "note_on"] or messages


def _move_starts_alone(schedule: Schedule, pivot: float, factor: float, shift: float = 0.0) -> None:
    schedule._events = sorted(
        replace(event, time_s=pivot + (event.time_s - pivot) * factor + shift)
        if event.starts and event.time_s > pivot
        else event
        for event in schedule._events
    )


def _replace_the_ends_too(schedule: Schedule, sequence: NoteSequence, start_time: float) -> None:
    held, schedule._open = schedule._open, {}
    _replace(schedule, sequence, start_time)
    schedule._open = held


def _drop_late_ends(outlet: NoteOutput, message: Message, late_s: float) -> bool:
    return late_s <= TOO_LATE_S and _outlet_end(outlet, message, late_s)


def _count_a_lost_end(outlet: NoteOutput, message: Message, late_s: float) -> bool:
    sounds = outlet.ledger.count(message.channel, message.note)
    taken = _outlet_end(outlet, message, late_s)
    if sounds and not taken:
        outlet.ledger.end(message.channel, message.note, outlet._clock.now())
    return taken


def _owe_nothing_after_a_loss(outlet: NoteOutput) -> None:
    outlet._owes_silence = False


def _panic_without_a_word(outlet: NoteOutput) -> None:
    outlet._epoch += 1
    outlet.ledger.end_all(outlet._clock.now())


def _end_on_the_first_channel(schedule: Schedule) -> list[Message]:
    return [m.copy(channel=0) if m.type == "note_off" else m for m in _pop(schedule)]


def _end_the_pitch_above(schedule: Schedule) -> list[mido.Message]:
    messages = _pop(schedule)
    return [m.copy(note=m.note + 1) if m.type == "note_off" else m for m in messages]


def _way(owner: object, name: str, instead: Callable[..., object] | float, told: str) -> object:
    return pytest.param((owner, name, instead), id=told)


WAYS = [
    _way(Schedule, "silence", _forget_what_sounds, "a stop forgets what sounds"),
    _way(
        NoteOutput, "_begin", _begin_in_the_ledger_after_sending, "written down after the note-on"
    ),
    _way(NoteOutput, "_end", _end_in_the_ledger_before_sending, "crossed out before the note-off"),
    _way(Schedule, "pop", _let_a_note_begin_upon_another, "two sections meet on a pitch"),
    _way(Schedule, "stretch", _move_starts_alone, "a note-on goes out after its note-off"),
    _way(Schedule, "replace", _replace_the_ends_too, "an update takes the end of a note"),
    _way(NoteOutput, "_end", _drop_late_ends, "a late note-off is dropped"),
    _way(NoteOutput, "_end", _count_a_lost_end, "a lost port counts as told"),
    _way(
        NoteOutput,
        "_port_changed",
        _owe_nothing_after_a_loss,
        "a port that returns is not silenced",
    ),
    _way(NoteOutput, "panic", _panic_without_a_word, "a panic sends nothing"),
    _way(Schedule, "pop", _end_on_the_first_channel, "the channel of an end is mixed up"),
    _way(Schedule, "pop", _end_the_pitch_above, "the pitch of an end is mixed up"),
    _way(ledgers, "STAYS_OPEN_S", 0.0, "the last words count as heard"),
]
