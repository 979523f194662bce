"""``midi_clock``: sends ticks to several interfaces, like Magenta's program of that name."""

from __future__ import annotations

import sys
import threading

import click

from magenta_bridge.cli.midi.absl_flags import AbslCommand
from magenta_bridge.cli.options.types import read_tempo
from magenta_bridge.errors import MagentaBridgeError


@click.command(cls=AbslCommand, context_settings={"show_default": True})
@click.option(
    "--output-ports",
    default="magenta_in",
    help="Comma-separated output ports. If no port has the name, a virtual port is created.",
)
@click.option(
    "--qpm", type=read_tempo, metavar="QPM", default="120", help="Quarter notes per minute."
)
@click.option(
    "--clock-control-number",
    type=click.IntRange(0, 127),
    default=42,
    help="Controller to send: 127 on the first quarter of a bar, 0 on the others.",
)
@click.option(
    "--channel", type=click.IntRange(0, 15), default=1, help="MIDI channel, counted from 0."
)
@click.option("--log", default="WARN", help="Log level.")
def midi_clock(
    output_ports: str, qpm: float, clock_control_number: int, channel: int, log: str
) -> None:
    """Send a tick per bar and beat, to synchronize several interfaces, until Ctrl-C."""
    import logging

    from magenta_bridge.midi.hub import MidiHub, MidiSignal, TextureType

    logging.basicConfig(level={"WARN": "WARNING", "FATAL": "CRITICAL"}.get(log.upper(), "WARNING"))
    names = [name.strip() for name in output_ports.split(",") if name.strip()]
    bar = [127, 0, 0, 0]
    signals = [MidiSignal(control=clock_control_number, value=value) for value in bar]
    with MidiHub(None, names, TextureType.MONOPHONIC) as hub:
        hub.start_metronome(qpm, start_time=0, signals=signals, channel=channel)
        click.echo(f"Ticking at {qpm:g} qpm on {', '.join(names)} (press Ctrl-C to stop)")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("Stopped.")


def main() -> None:
    """Run the program; errors are one sentence on stderr."""
    try:
        midi_clock(prog_name="midi_clock")
    except MagentaBridgeError as error:
        click.echo(f"Error: {error.message}", err=True)
        sys.exit(1)
