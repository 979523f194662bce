"""``magenta-bridge midi``, also installed as ``magenta_midi``: plays together with a musician."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from magenta_bridge.cli.midi.absl_flags import AbslCommand
from magenta_bridge.cli.options.types import ANY_FILE, EXISTING_FILE, read_address, read_tempo

_CHANNEL = click.IntRange(0, 15)
_CONTROL = click.IntRange(0, 127)
_MUSICIAN: Final = "PORT=GENERATOR[@CHANNEL]"

_CONTROLS: Final = {
    "clock": "is a tick of an external clock at value 127; without it, a tick is a bar.",
    "end-call": "ends the call at value 127, with the next tick.",
    "panic": "ends all notes and the response at value 127.",
    "mutate": "asks for a response to the response at value 127.",
    "min-listen-ticks": "sets the shortest call that is answered, in ticks.",
    "max-listen-ticks": "sets the longest call, in ticks; 0 for any.",
    "response-ticks": "sets the length of the response, in ticks; else it is the call's.",
    "temperature": "sets the temperature, from 0.1 at 0 to 2 at 127.",
    "tempo": "sets the tempo, to its value and 60.",
    "loop": "repeats the response while it is 127.",
    "generator-select": "chooses among several generators.",
    "state": "is sent with the state: 0 idle, 1 listening, 2 responding.",
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
            type=_CONTROL,
            metavar="NUMBER",
            help=f"Controller that {does}",
        )
        command = option(command)
    return command


@click.command(cls=AbslCommand, epilog=_EXAMPLES)
@click.option("--list-ports/--no-list-ports", help="List the MIDI ports there are, and end.")
@click.option(
    "--input-ports",
    default="magenta_in",
    show_default=True,
    help="Ports to hear, with commas between; a name that no port bears makes a virtual one.",
)
@click.option(
    "--output-ports",
    default="magenta_out",
    show_default=True,
    help="Ports to play to, likewise; 'echo' plays to nobody.",
)
@click.option(
    "--passthrough/--no-passthrough",
    default=True,
    show_default=True,
    help="Whether what comes in goes out as well.",
)
@_with_controls
@click.option(
    "--allow-overlap/--no-allow-overlap", help="Whether a call may begin during a response."
)
@click.option(
    "--enable-metronome/--no-enable-metronome",
    default=True,
    show_default=True,
    help="Whether a metronome ticks, unless there is an external clock.",
)
@click.option(
    "--metronome-channel",
    type=_CHANNEL,
    default=1,
    show_default=True,
    help="Its MIDI channel, counted from 0.",
)
@click.option(
    "--qpm",
    type=read_tempo,
    metavar="QPM",
    default="120",
    show_default=True,
    help="Tempo in quarter notes a minute.",
)
@click.option(
    "--bundle-files",
    help="Bundles (.mag) that answer, with commas between; a private server is started for them.",
)
@click.option(
    "--playback-offset",
    type=float,
    default=0.0,
    show_default=True,
    help="Seconds to add to the times of responses.",
)
@click.option(
    "--playback-channel",
    type=_CHANNEL,
    default=0,
    show_default=True,
    help="MIDI channel of responses, counted from 0.",
)
@click.option(
    "--learn-controls/--no-learn-controls", help="First assign controllers by turning them."
)
@click.option(
    "--log",
    type=click.Choice(["DEBUG", "INFO", "WARN", "ERROR", "FATAL"], case_sensitive=False),
    default="WARN",
    show_default=True,
    help="What to log.",
)
@click.option(
    "--server", type=read_address, metavar="HOST:PORT", help="Running server that answers."
)
@click.option(
    "--generators",
    help="Ids of the generators that answer, with commas between.  [default: "
    "lstm_melody, or those of --bundle-files]",
)
@click.option(
    "--mode",
    type=click.Choice(["call", "loop", "duet"]),
    default="call",
    show_default=True,
    help="call: answer each call. loop: repeat each response until the next. "
    "duet: be accompanied all the time.",
)
@click.option(
    "--clock",
    type=click.Choice(["internal", "midi", "link"]),
    default="internal",
    show_default=True,
    help="midi: follow the beat clock and the song position that come in, as Live sends them. "
    "link: follow the Ableton Link session of the network.",
)
@click.option(
    "--clock-ports",
    help="Ports to send a beat clock to, with start, stop and song position, with commas between.",
)
@click.option(
    "--musician",
    "musicians",
    multiple=True,
    metavar=_MUSICIAN,
    help="A further musician: a port, who answers, and on which channel.",
)
@click.option(
    "--humanize/--no-humanize",
    default=True,
    show_default=True,
    help="Whether responses take the loudness of the calls.",
)
@click.option("--simulate", type=EXISTING_FILE, help="MIDI file to play as the musician, once.")
@click.option("--record", type=ANY_FILE, help="MIDI file to write calls and responses to.")
@click.option("--ui/--no-ui", default=True, show_default=True, help="Draw, or write lines.")
def midi(list_ports: bool, **options: Any) -> None:  # noqa: ANN401 - passed on as they are
    """Play together with a generator over MIDI, until Ctrl-C.

    Play a phrase, stop for a bar, and the generator answers on the beat. Options may be spelled
    as for Magenta's magenta_midi, such as --input_ports=Keys and --nopassthrough.
    """
    from magenta_bridge.cli.midi.run import list_all_ports, run_midi

    if list_ports:
        list_all_ports()
    else:
        run_midi(**options)


def magenta_midi() -> None:
    """Runs the command under the name of Magenta's program."""
    import sys

    from magenta_bridge.cli.main import main

    main(["midi", *sys.argv[1:]])
