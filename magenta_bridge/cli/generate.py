"""``magenta-bridge generate``: new music as a MIDI file."""

from __future__ import annotations

from typing import Any

import click

from magenta_bridge.cli.job import Job, run_job
from magenta_bridge.cli.scales import read_root, read_scale
from magenta_bridge.cli.server_options import server_options, take_server
from magenta_bridge.cli.settings import SEEDS
from magenta_bridge.cli.words import (
    ANY_FILE,
    EXISTING_FILE,
    read_meter,
    read_number,
    read_setting,
    read_tempo,
)

_NAMED = (
    "temperature",
    "top_p",
    "top_k",
    "min_pitch",
    "max_pitch",
    "scale_root",
    "scale_intervals",
)
_PITCH = click.IntRange(0, 127)
_LONGEST_BARS = 1024
_MOST_VARIATIONS = 16

_EXAMPLES = """\b
Examples:
  magenta-bridge generate -o clip.mid
      four bars from nothing
  magenta-bridge generate --primer tune.mid --bars 8 --with-primer -o longer.mid
      eight more bars of your tune
  magenta-bridge generate --seed 7 --variations 3 --picture clip.png --sound clip.wav -o clip.mid
      three takes, each as notes, picture and sound; the same words give the same takes
"""


@click.command(epilog=_EXAMPLES)
@click.option("-o", "--output", type=ANY_FILE, required=True, help="The MIDI file to write.")
@click.option("--primer", type=ANY_FILE, help="A MIDI file to continue.")
@click.option(
    "--bars",
    type=click.IntRange(1, _LONGEST_BARS),
    default=4,
    show_default=True,
    help="How many bars to write.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, SEEDS - 1),
    help="The same number gives the same music; without it, each run differs.",
)
@click.option(
    "--variations",
    type=click.IntRange(1, _MOST_VARIATIONS),
    default=1,
    show_default=True,
    help="How many takes; files are then called clip-1.mid, clip-2.mid and so on.",
)
@click.option("--with-primer", is_flag=True, help="Write the primer and, after it, the new bars.")
@click.option(
    "--picture", "--png", "picture", type=ANY_FILE, help="Also draw a piano roll, as a PNG file."
)
@click.option("--sound", type=ANY_FILE, help="Also play it into a WAV file.")
@click.option(
    "--temperature", type=read_number, metavar="NUMBER", help="Below 1 is tamer, above 1 wilder."
)
@click.option(
    "--top-p", type=read_number, metavar="NUMBER", help="Below 1, unlikely notes are left out."
)
@click.option("--top-k", type=int, help="Choose among this many likeliest notes; 0 for all.")
@click.option("--min-pitch", type=_PITCH, help="Lowest note; 60 is middle C.")
@click.option("--max-pitch", type=_PITCH, help="Highest note; 60 is middle C.")
@click.option(
    "--scale",
    "scale_intervals",
    type=read_scale,
    metavar="NAME",
    help="Scale to stay in: major, minor, dorian, blues..., or semitones like 0,2,4,7,9.",
)
@click.option("--scale-root", type=read_root, metavar="NOTE", help="Its root: C, F#, Bb...")
@click.option(
    "--set",
    "free",
    type=read_setting,
    metavar="NAME=VALUE",
    multiple=True,
    help="Any argument of the generator; 'magenta-bridge generators' lists them.",
)
@click.option(
    "--qpm",
    type=read_tempo,
    metavar="NUMBER",
    help="Tempo when there is no primer, in quarter notes a minute.  [default: 120]",
)
@click.option(
    "--time-signature",
    "meter",
    type=read_meter,
    metavar="N/D",
    help="Time signature when there is no primer, such as 6/8.  [default: 4/4]",
)
@click.option(
    "--generator", help="Who writes it.  [default: lstm_melody, or the only one of --bundle]"
)
@click.option("--bundle", "bundles", type=EXISTING_FILE, multiple=True, help="A .mag file to use.")
@server_options
@click.pass_context
def generate(ctx: click.Context, /, **_options: object) -> None:
    """Write new music as a MIDI file.

    The file holds the new bars alone, from its beginning, unless --with-primer is given.
    """
    options = dict(ctx.params)
    options["server"] = take_server(options)
    _check_combinations(options)
    named = {name: options.pop(name) for name in _NAMED}
    run_job(Job(named=named, **options))


def _check_combinations(options: dict[str, Any]) -> None:
    primer = options["primer"]
    if primer is not None and (options["qpm"] is not None or options["meter"] is not None):
        raise click.UsageError(
            "--qpm and --time-signature are for music without a primer; a primer brings its own."
        )
    if options["scale_root"] is not None and options["scale_intervals"] is None:
        raise click.UsageError("--scale-root needs a --scale, such as major.")
    if primer is None and options["with_primer"]:
        raise click.UsageError("--with-primer needs a --primer.")
    if options["server"] is not None and options["bundles"]:
        raise click.UsageError("--bundle is for work done here; a --server has its own bundles.")
