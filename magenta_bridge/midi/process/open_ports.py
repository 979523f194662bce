"""Opens the ports that a user has chosen, in whichever process needs them."""

from __future__ import annotations

from functools import partial

from magenta_bridge.midi.ports import ports
from magenta_bridge.midi.ports.memory_port import EchoPort
from magenta_bridge.midi.ports.port import InputPort, OutputPort
from magenta_bridge.midi.process.guarded_port import PORTS_ARE_SHARED, Guard
from magenta_bridge.midi.process.settings import ECHO, PortChoice


def open_chosen_input(choice: PortChoice) -> InputPort:
    """Opens a port to hear; errors as for ``ports.open_input``."""
    if choice.name == ECHO:
        return EchoPort(ECHO)
    return ports.open_input(choice.name, virtual=choice.virtual)


def open_chosen_output(choice: PortChoice) -> OutputPort:
    """Opens a port to play to; errors as for ``ports.open_output``."""
    if choice.name == ECHO:
        return EchoPort(ECHO)
    return ports.open_output(choice.name, virtual=choice.virtual)


def guard_of(choice: PortChoice) -> Guard:
    """Returns how a supervisor silences a port; a virtual one is opened only when needed."""
    early = PORTS_ARE_SHARED and not choice.virtual
    return Guard(partial(open_chosen_output, choice), early=early)
