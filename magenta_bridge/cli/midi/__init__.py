"""``magenta-bridge midi``, also installed as ``magenta_midi``: plays together with a musician."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import click

from magenta_bridge.cli.midi.absl_flags import AbslCommand
from magenta_bridge.cli.options.types import (
    ANY_FILE,
    EXISTING_FILE,
    read_address,
    read_meter,
    read_tempo,
)

_CHANNEL = click.IntRange(0, 15)
_option = functools.partial(click.option, show_default=True)

_CONTROLS: Final = {
    "clock": "is a tick at value 127; without this option, a tick is a bar.",
    "end-call": "ends the call at the next tick, at value 127.",
    "panic": "ends all notes and the response, at value 127.",
    "mutate": "requests a response to the response, at value 127.",
    "min-listen-ticks": "sets the minimum length of a call, in ticks.",
    "max-listen-ticks": "sets the maximum length of a call, in ticks; 0 for no limit.",
    "response-ticks": "sets the length of the response, in ticks; by default that of the call.",
    "temperature": "sets the temperature, from 0.1 at 0 to 2 at 127.",
    "tempo": "sets the tempo to its value plus 60.",
    "loop": "repeats the response while its value is 127.",
    "generator-select": "selects the generator.",
    "bar": "makes the nearest quarter note of MIDI clock a bar line, at value 127.",
    "state": "receives the state: 0 idle, 1 listening, 2 responding.",
}

_EXAMPLES = """\b
Examples:
  magenta-bridge midi --list-ports
  magenta-bridge midi --input-ports "Keystation" --output-ports "IAC Driver Bus 1"
  magenta-bridge midi --bundle-files my_tunes.mag --qpm 96
  magenta-bridge midi --server 127.0.0.1:50051 --generators gru_melody --mode loop
"""


def _with_controls(command: Callable[..., None]) -> Callable[..., None]:
    for name, does in reversed(_CONTROLS.items()):
        option = click.option(
            f"--{name}-control-number",
            type=click.IntRange(0, 127),
            metavar="NUMBER",
            help=f"Controller that {does}",
        )
        command = option(command)
    return command


@click.command(cls=AbslCommand, epilog=_EXAMPLES)
@click.option("--list-ports/--no-list-ports", help="List the MIDI ports and exit.")
@_option(
    "--input-ports",
    default="magenta_in",
    help="Comma-separated input ports. If no port has the name, a virtual port is created.",
)
@_option(
    "--output-ports",
    default="magenta_out",
    help="Comma-separated output ports, likewise; 'echo' discards the output.",
)
@_option(
    "--passthrough/--no-passthrough",
    default=True,
    help="Send incoming messages to the output ports.",
)
@_with_controls
@click.option("--allow-overlap/--no-allow-overlap", help="Allow a call to start during a response.")
@_option(
    "--enable-metronome/--no-enable-metronome",
    default=True,
    help="Play a metronome, unless there is an external clock.",
)
@_option("--metronome-channel", type=_CHANNEL, default=1, help="Its MIDI channel, counted from 0.")
@_option("--qpm", type=read_tempo, metavar="QPM", default="120", help="Quarter notes per minute.")
@click.option(
    "--bundle-files", help="Comma-separated bundles (.mag) to serve from a temporary local server."
)
@_option(
    "--playback-offset", type=float, default=0.0, help="Seconds to add to the times of responses."
)
@_option(
    "--playback-channel",
    type=_CHANNEL,
    default=0,
    help="MIDI channel of responses, counted from 0.",
)
@click.option(
    "--learn-controls/--no-learn-controls", help="First assign controllers by moving them."
)
@_option(
    "--log",
    type=click.Choice(["DEBUG", "INFO", "WARN", "ERROR", "FATAL"], case_sensitive=False),
    default="WARN",
    help="Log level.",
)
@click.option(
    "--server", type=read_address, metavar="HOST:PORT", help="Address of a running server."
)
@click.option(
    "--generators",
    help="Comma-separated generator IDs.  [default: lstm_melody, or those of --bundle-files]",
)
@_option(
    "--mode",
    type=click.Choice(["call", "loop", "duet"]),
    default="call",
    help="call: answer each call. loop: repeat each response until the next. "
    "duet: accompany continuously.",
)
@_option(
    "--clock",
    type=click.Choice(["internal", "midi", "link"]),
    default="internal",
    help="midi: follow incoming MIDI clock and song position, as sent by Live. "
    "link: follow the Ableton Link session of the network.",
)
@_option(
    "--time-signature",
    type=read_meter,
    metavar="N/D",
    default="4/4",
    help="Time signature; a tick is a bar. With --clock midi and link, that of the song.",
)
@click.option(
    "--clock-ports",
    help="Comma-separated ports to send MIDI clock to, with start, stop and song position.",
)
@click.option(
    "--musician",
    "musicians",
    multiple=True,
    metavar="PORT=GENERATOR[@CHANNEL]",
    help="An additional musician: input port, generator, and MIDI channel of the responses.",
)
@_option(
    "--humanize/--no-humanize",
    default=True,
    help="Adopt the velocities of the calls in the responses.",
)
@click.option("--simulate", type=EXISTING_FILE, help="MIDI file to play once as the musician.")
@click.option("--record", type=ANY_FILE, help="New MIDI file to record calls and responses to.")
@_option("--ui/--no-ui", default=True, help="Draw the session, or print lines.")
def midi(list_ports: bool, **options: Any) -> None:  # noqa: ANN401 - passed through
    """Play together with a generator over MIDI, until Ctrl-C.

    Play a phrase and pause for a bar; the generator answers on the beat. Options can also be
    spelled as for Magenta's magenta_midi, such as --input_ports=Keys and --nopassthrough.
    """
    from magenta_bridge.cli.midi.run import list_all_ports, run_midi

    if list_ports:
        list_all_ports()
    else:
        run_midi(**options)


def magenta_midi() -> None:
    """Run the command under the name of Magenta's program."""
    import sys

    from magenta_bridge.cli.main import main

    main(["midi", *sys.argv[1:]])
