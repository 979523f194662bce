"""Players that tests run in child processes."""

from __future__ import annotations

import os
import random
import threading

import mido

from magenta_bridge.errors import NotFoundError
from magenta_bridge.midi.engine.player import MidiPlayer
from magenta_bridge.midi.output.note_ledger import NoteLedger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.process.supervised import SupervisorLink
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import NoteSequence
from tests.midi.socket_receiver import SocketPort

CHANNELS = (0, 9)
CHORD = (60, 64, 67)


def open_output(link: SupervisorLink, address: str) -> NoteOutput:
    """Open the first guarded port."""
    return NoteOutput(SocketPort(address), NoteLedger(link.ledgers[0]))


def play_randomly(link: SupervisorLink, address: str, seed: int) -> None:
    """Play dense, overlapping notes on two channels until stopped."""
    output = open_output(link, address)
    link.on_stop(output.close)
    rng = random.Random(seed)  # noqa: S311
    players = [MidiPlayer(output, NoteSequence(), None, True, channel) for channel in CHANNELS]
    for channel, player in zip(CHANNELS, players, strict=True):
        output.send(mido.Message("program_change", channel=channel))
        player.start()
    while not link.stop.wait(0.004):
        for player in players:
            player.extend(_cluster(rng))
    for player in players:
        player.stop()


def _cluster(rng: random.Random) -> NoteSequence:
    notes = NoteSequence()
    for _ in range(2):
        start = STEADY_CLOCK.now() + rng.uniform(0.0, 0.01)
        notes.notes.add(
            pitch=rng.randrange(55, 70),
            velocity=90,
            start_time=start,
            end_time=start + rng.uniform(0.001, 0.05),
        )
    return notes


def hold_a_chord(link: SupervisorLink, address: str) -> None:
    """Hold three notes, and report the PID once they sound."""
    output = open_output(link, address)
    link.on_stop(output.close)
    _hold(link, output)
    link.stop.wait()


def hold_a_chord_and_ignore_stop(link: SupervisorLink, address: str) -> None:
    """Hold three notes, and do not end when stopped."""
    _hold(link, open_output(link, address))
    while True:
        link.stop.wait()
        link.stop.clear()


def hold_a_chord_and_hang(link: SupervisorLink, address: str) -> None:
    """Hold three notes, send one heartbeat, and then hang."""
    link.heartbeat()
    hold_a_chord_and_ignore_stop(link, address)


def find_no_port(_link: SupervisorLink, _address: str) -> None:
    """Fail because a port is missing."""
    raise NotFoundError("There is no MIDI output 'x'; there are none, so connect one.")


def fail(_link: SupervisorLink, _address: str) -> None:
    """Fail because of a bug."""
    raise ZeroDivisionError


def fail_in_a_thread(link: SupervisorLink, address: str) -> None:
    """Hold three notes while a thread fails because of a bug."""
    _hold(link, open_output(link, address))
    threading.Thread(target=fail, args=(link, address)).start()
    link.stop.wait()


def obey_a_command(link: SupervisorLink, address: str) -> None:
    """Play a note at the command ``panic`` and end."""
    commanded = threading.Event()
    link.on_command("panic", commanded.set)
    link.report(os.getpid())
    commanded.wait()
    play_a_note_and_end(link, address)


def play_a_note_and_end(link: SupervisorLink, address: str) -> None:
    """Play one note and end."""
    output = open_output(link, address)
    output.send(mido.Message("note_on", note=60))
    output.send(mido.Message("note_off", note=60))
    output.close()


def _hold(link: SupervisorLink, output: NoteOutput) -> None:
    for pitch in CHORD:
        output.send(mido.Message("note_on", note=pitch))
    link.report(os.getpid())
