"""Players that tests start in processes of their own."""

from __future__ import annotations

import os
import random

import mido

from magenta_bridge.errors import NotFoundError
from magenta_bridge.midi.engine.player import MidiPlayer
from magenta_bridge.midi.output.note_ledger import Ledger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.process.supervised import SupervisorLink
from magenta_bridge.midi.timing.clock import RealClock
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import NoteSequence
from tests.midi.socket_port import SocketPort

CHANNELS = (0, 9)


def outlet_to(leash: SupervisorLink, address: str) -> NoteOutput:
    """Opens the first guarded port."""
    return NoteOutput(SocketPort(address), Ledger(leash.ledgers[0]), RealClock())


def play_randomly(leash: SupervisorLink, address: str, seed: int) -> None:
    """Plays dense, overlapping notes on two channels until told to stop."""
    outlet = outlet_to(leash, address)
    leash.on_stop(outlet.close)
    chance = random.Random(seed)  # noqa: S311
    players = [MidiPlayer(outlet, NoteSequence(), None, True, channel) for channel in CHANNELS]
    for channel, player in zip(CHANNELS, players, strict=True):
        outlet.send(mido.Message("program_change", channel=channel))
        player.start()
    while not leash.stop.wait(0.004):
        for player in players:
            player.extend(_cluster(chance))
    for player in players:
        player.stop()


def _cluster(chance: random.Random) -> NoteSequence:
    notes = NoteSequence()
    for _ in range(2):
        start = STEADY_CLOCK.now() + chance.uniform(0.0, 0.01)
        notes.notes.add(
            pitch=chance.randrange(55, 70),
            velocity=90,
            start_time=start,
            end_time=start + chance.uniform(0.001, 0.05),
        )
    return notes


def hold_a_chord(leash: SupervisorLink, address: str) -> None:
    """Holds three notes, and reports once they sound."""
    outlet = outlet_to(leash, address)
    leash.on_stop(outlet.close)
    for pitch in (60, 64, 67):
        outlet.send(mido.Message("note_on", note=pitch))
    leash.report(os.getpid())
    leash.stop.wait()


def hold_a_chord_deafly(leash: SupervisorLink, address: str) -> None:
    """Holds three notes, and does not end when told to."""
    outlet = outlet_to(leash, address)
    for pitch in (60, 64, 67):
        outlet.send(mido.Message("note_on", note=pitch))
    leash.report(os.getpid())
    while True:
        leash.stop.wait()
        leash.stop.clear()


def hold_a_chord_and_hang(leash: SupervisorLink, address: str) -> None:
    """Holds three notes, gives one sign of life, and then hangs for good."""
    leash.beat()
    hold_a_chord_deafly(leash, address)


def find_no_port(_leash: SupervisorLink, _address: str) -> None:
    """Has a reason not to play."""
    raise NotFoundError("There is no MIDI output 'x'; there are none, so connect one.")


def fail(_leash: SupervisorLink, _address: str) -> None:
    """Has a bug."""
    raise ZeroDivisionError


def play_a_note_and_end(leash: SupervisorLink, address: str) -> None:
    """Plays one note from beginning to end."""
    outlet = outlet_to(leash, address)
    outlet.send(mido.Message("note_on", note=60))
    outlet.send(mido.Message("note_off", note=60))
    outlet.close()
