"""Programs that use a JACK server, in processes because a dying server can end them.

They print a line for each event and end when their standard input is closed.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
import threading
from collections.abc import Callable

import mido

from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.midi.output.messages import ends_note, starts_note
from magenta_bridge.midi.output.note_ledger import NoteLedger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.ports.ports import input_names, open_input, open_output, output_names
from magenta_bridge.midi.ports.watcher import watcher
from magenta_bridge.midi.process.panic_process import GuardedPort
from magenta_bridge.midi.process.supervised import SupervisorLink
from magenta_bridge.midi.process.supervisor import Supervisor

ORGAN = 19


def show(*words: object) -> None:
    """Print a line."""
    print(*words, flush=True)  # noqa: T201


def names() -> None:
    """List inputs and outputs."""
    show(input_names(), output_names())


def receive(name: str) -> None:
    """Open a virtual input and print each note."""
    port = open_input(name, virtual=True)

    def handle(message: mido.Message) -> None:
        if starts_note(message):
            show("on", message.channel, message.note)
        elif ends_note(message):
            show("off", message.channel, message.note)
        elif not message.is_cc():
            show(message.type)

    port.callback = handle
    show("ready")
    sys.stdin.read()
    port.close()


def close_inputs(name: str) -> None:
    """Open and close an input ten times while a clock arrives at it."""
    clock, ended = open_output(name, virtual=True), threading.Event()

    def tick() -> None:
        while not ended.wait(0.0005):
            clock.send(mido.Message("clock"))

    thread = threading.Thread(target=tick)
    thread.start()
    for _ in range(10):
        received = threading.Event()
        port = open_input(name)
        port.callback = lambda _message, received=received: received.set()
        received.wait(10)
        port.close()
    ended.set()
    thread.join()
    clock.close()
    show("closed")


def send(name: str) -> None:
    """Send each note or message that is read to a port; print changes of the port."""
    try:
        port = open_output(name)
    except MagentaBridgeError as error:
        show(error.message)
        return
    watcher.listen(lambda changed: show(changed.state.value))
    output = NoteOutput(port, NoteLedger.create())
    show("ready")
    for line in sys.stdin:
        kind, *numbers = line.split()
        if numbers:
            output.send(mido.Message(f"note_{kind}", note=int(numbers[0])))
        else:
            output.send(mido.Message(kind))
        show("sent")
    output.close()
    output.ledger.close(remove=True)
    show("closed")


def supervise(name: str) -> None:
    """Supervise a player of a chord."""
    supervisor = Supervisor(
        hold_a_chord,
        (name,),
        (GuardedPort(functools.partial(open_output, name)),),
        on_report=show,
    )

    def read() -> None:
        sys.stdin.read()
        supervisor.stop()

    threading.Thread(target=read, daemon=True).start()
    try:
        supervisor.run()
    except MagentaBridgeError as error:
        show(error.message)
    show("the supervisor ended")


def hold_a_chord(link: SupervisorLink, name: str) -> None:
    """Hold three organ notes until stopped; report the PID and changes of the port."""
    output = NoteOutput(open_output(name), NoteLedger(link.ledgers[0]))
    link.on_stop(output.close)
    watcher.listen(lambda changed: link.report(changed.state.value))
    output.send(mido.Message("program_change", program=ORGAN))
    for pitch in (60, 64, 67):
        output.send(mido.Message("note_on", note=pitch, velocity=100))
    link.report(os.getpid())
    link.stop.wait()


def main() -> None:
    """Run the program with the given name."""
    logging.basicConfig(stream=sys.stderr)
    name, *arguments = sys.argv[1:]
    programs: dict[str, Callable[..., None]] = {
        "names": names,
        "receive": receive,
        "close_inputs": close_inputs,
        "send": send,
        "supervise": supervise,
    }
    programs[name](*arguments)


if __name__ == "__main__":
    main()
