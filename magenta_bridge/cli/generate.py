"""``magenta-bridge generate``: new music as a MIDI file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from magenta_bridge.cli.options.client import server_options, take_server
from magenta_bridge.cli.options.generator_arguments import SEEDS, choose_seeds, read_settings
from magenta_bridge.cli.options.output_paths import Targets, plan_targets
from magenta_bridge.cli.options.types import (
    ANY_FILE,
    EXISTING_FILE,
    read_meter,
    read_number,
    read_root,
    read_scale,
    read_setting,
    read_tempo,
)
from magenta_bridge.local import Source, open_source

if TYPE_CHECKING:
    from magenta_bridge.cli.options.client import RunningServer
    from magenta_bridge.generators.arguments import ArgumentValue
    from magenta_bridge.generators.generator import GeneratorInfo
    from magenta_bridge.noteseq import NoteSequence


_DEFAULT_GENERATOR = "lstm_melody"
_DEFAULT_QPM = 120.0
_DEFAULT_METER = (4, 4)


@dataclass(frozen=True)
class Job:
    """One order for music.

    Attributes:
        generator: Id of the generator; None for the usual one.
        server: Who is asked; None to generate in this process.
        bundles: Bundles to load in this process; empty for the shipped ones.
        primer: Music to continue; None to begin from nothing.
        bars: Bars to write.
        qpm: Tempo in quarter notes a minute where there is no primer; None for 120.
        meter: Time signature where there is no primer; None for 4/4.
        seed: Seed of the first variation; None for a drawn one.
        variations: How many to write.
        named: Arguments given by options of their own; None where not given.
        free: Arguments given by ``--set``, as text.
        with_primer: Whether the files hold the primer, too.
        output: The MIDI file.
        picture: The piano roll; None for none.
        sound: The recording; None for none.
    """

    generator: str | None
    server: RunningServer | None
    bundles: Sequence[Path]
    primer: Path | None
    bars: int
    qpm: float | None
    meter: tuple[int, int] | None
    seed: int | None
    variations: int
    named: Mapping[str, ArgumentValue | None]
    free: Sequence[tuple[str, str]]
    with_primer: bool
    output: Path
    picture: Path | None
    sound: Path | None


def run_job(job: Job) -> None:
    """Generates all variations, then writes all files and says so.

    Raises:
        MagentaBridgeError: Something stands in the way; nothing has been written then, and
            what can be found before generating is found before.
    """
    from magenta_bridge.sequences.sections import section_after

    targets = plan_targets(job.output, job.picture, job.sound, job.variations)
    if job.sound is not None:
        from magenta_bridge.render.soundfont import find_sound_font

        find_sound_font()
    primer = _primer(job)
    section = section_after(primer, job.bars)
    seeds = choose_seeds(job.seed, job.variations)
    with open_source(job.server, job.bundles) as source:
        info = _chosen(source, job.generator)
        arguments = read_settings(job.named, job.free, info.arguments)
        results = [
            source.generate(info.id, primer, section, {**arguments, "seed": seed}) for seed in seeds
        ]
    for result, seed, target in zip(results, seeds, targets, strict=True):
        _write(job, primer, result, section, target)
        click.echo(
            f"Wrote {target.clip}: {_count(job.bars, 'new bar')}, "
            f"{_count(len(result.notes), 'new note')}, {section[1] - section[0]:.1f} s, "
            f"by {info.id} with seed {seed}."
        )


def _chosen(source: Source, generator_id: str | None) -> GeneratorInfo:
    """Returns the generator asked for; without a wish the only one, or the usual one."""
    if generator_id is None:
        available = source.generators()
        if len(available) == 1:
            return available[0]
    return source.generator(generator_id or _DEFAULT_GENERATOR)


def _primer(job: Job) -> NoteSequence:
    """Reads the primer, or states tempo and meter in an empty one."""
    if job.primer is not None:
        from magenta_bridge.formats import read

        return read(job.primer)
    from magenta_bridge.noteseq import NoteSequence

    empty = NoteSequence()
    numerator, denominator = job.meter or _DEFAULT_METER
    empty.tempos.add(time=0.0, qpm=job.qpm or _DEFAULT_QPM)
    empty.time_signatures.add(time=0.0, numerator=numerator, denominator=denominator)
    return empty


def _write(
    job: Job,
    primer: NoteSequence,
    result: NoteSequence,
    section: tuple[float, float],
    target: Targets,
) -> None:
    from magenta_bridge.formats import write
    from magenta_bridge.sequences.edit import cut, merge

    clip = cut(result, *section)
    music = merge(primer, result) if job.with_primer else clip
    if target.picture is not None:
        from magenta_bridge.render.pianoroll import NEW_COLOR, PRIMER_COLOR, Layer, draw_piano_roll

        layers = [Layer(clip, NEW_COLOR, "new bars")]
        if job.with_primer:
            layers = [Layer(primer, PRIMER_COLOR, "primer"), Layer(result, NEW_COLOR, "new bars")]
        draw_piano_roll(layers, target.picture)
        click.echo(f"Wrote {target.picture}.")
    if target.sound is not None:
        from magenta_bridge.render.audio import render_wav

        render_wav(music, target.sound)
        click.echo(f"Wrote {target.sound}.")
    write(music, target.clip)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


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
