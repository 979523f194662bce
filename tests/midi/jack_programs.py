"""Programs on a JACK server, each in a process of its own, for a dying server ends some.

They print a line for each thing that happens and end when their input does.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
import threading

import mido

from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.midi.output.messages import ends_note, starts_note
from magenta_bridge.midi.output.note_ledger import Ledger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.ports.ports import input_names, open_input, open_output, output_names
from magenta_bridge.midi.ports.watcher import watcher
from magenta_bridge.midi.process.guarded_port import Guard
from magenta_bridge.midi.process.supervised import SupervisorLink
from magenta_bridge.midi.process.supervisor import Supervisor
from magenta_bridge.midi.timing.clock import RealClock

ORGAN = 19


def say(*words: object) -> None:
    """Prints a line at once."""
    print(*words, flush=True)  # noqa: T201


def names() -> None:
    """Lists inputs and outputs."""
    say(input_names(), output_names())


def receive(name: str) -> None:
    """Hears a virtual port, and tells of each note."""
    port = open_input(name, virtual=True)

    def hear(message: mido.Message) -> None:
        if starts_note(message):
            say("on", message.channel, message.note)
        elif ends_note(message):
            say("off", message.channel, message.note)
        elif not message.is_cc():
            say(message.type)

    port.callback = hear
    say("ready")
    sys.stdin.read()
    port.close()


def send(name: str) -> None:
    """Plays to a port each note and each message whose name it reads; tells of the port."""
    try:
        port = open_output(name)
    except MagentaBridgeError as error:
        say(error.message)
        return
    watcher.listen(lambda changed: say(changed.state.value))
    outlet = NoteOutput(port, Ledger.create(), RealClock())
    say("ready")
    for line in sys.stdin:
        kind, *numbers = line.split()
        if numbers:
            outlet.send(mido.Message(f"note_{kind}", note=int(numbers[0])))
        else:
            outlet.send(mido.Message(kind))
        say("sent")
    outlet.close()
    outlet.ledger.close(remove=True)
    say("closed")


def supervise(name: str) -> None:
    """Supervises a player of a chord."""
    supervisor = Supervisor(
        hold_a_chord,
        (name,),
        (Guard(functools.partial(open_output, name)),),
        on_report=say,
    )

    def read() -> None:
        sys.stdin.read()
        supervisor.stop()

    threading.Thread(target=read, daemon=True).start()
    try:
        supervisor.run()
    except MagentaBridgeError as error:
        say(error.message)
    say("the supervisor ended")


def hold_a_chord(leash: SupervisorLink, name: str) -> None:
    """Holds three notes of an organ until told to stop; tells its number and of its port."""
    outlet = NoteOutput(open_output(name), Ledger(leash.ledgers[0]), RealClock())
    leash.on_stop(outlet.close)
    watcher.listen(lambda changed: leash.report(changed.state.value))
    outlet.send(mido.Message("program_change", program=ORGAN))
    for pitch in (60, 64, 67):
        outlet.send(mido.Message("note_on", note=pitch, velocity=100))
    leash.report(os.getpid())
    leash.stop.wait()


def main() -> None:
    """Runs the program that is named."""
    logging.basicConfig(stream=sys.stderr)
    name, *arguments = sys.argv[1:]
    programs = {"names": names, "receive": receive, "send": send, "supervise": supervise}
    programs[name](*arguments)  # type: ignore[operator]


if __name__ == "__main__":
    main()
