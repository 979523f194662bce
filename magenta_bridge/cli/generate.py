"""``magenta-bridge generate``: new music as a MIDI file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from magenta_bridge.cli.options.client import open_client, server_options, take_server
from magenta_bridge.cli.options.generate import (
    Targets,
    choose_seeds,
    plan_targets,
    read_settings,
)
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
from magenta_bridge.errors import InvalidArgumentError, MagentaBridgeError
from magenta_bridge.limits import SEEDS

if TYPE_CHECKING:
    from magenta_bridge.arguments import ArgumentValue
    from magenta_bridge.cli.options.client import RunningServer
    from magenta_bridge.client import Client
    from magenta_bridge.description import GeneratorInfo, Notice
    from magenta_bridge.local import LocalClient
    from magenta_bridge.noteseq import NoteSequence


_DEFAULT_GENERATOR = "lstm_melody"
_DEFAULT_QPM = 120.0
_DEFAULT_METER = (4, 4)


@dataclass(frozen=True)
class Job:
    """The options of one run.

    Attributes:
        generator: Id of the generator; None for the default.
        server: The server to use; None to generate in this process.
        bundles: Bundles to load in this process; empty for the shipped ones.
        primer: Music to continue; None for none.
        bars: Number of bars.
        qpm: Tempo without a primer, in quarter notes per minute; None for 120.
        meter: Time signature without a primer; None for 4/4.
        seed: Seed of the first variation; None for a random one.
        variations: Number of variations.
        named: Arguments that have options; None where not given.
        free: Arguments from ``--set``, as text.
        with_primer: Whether the files include the primer.
        output: The MIDI file.
        picture: The piano roll; None for none.
        sound: The recording; None for none.
        overwrite: Whether numbered files are replaced without asking.
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
    overwrite: bool


def run_job(job: Job) -> None:
    """Generate the variations, and write and report the files of each.

    A picture or a sound that cannot be written costs nothing but itself.

    Raises:
        MagentaBridgeError: Something failed before any music was written.
        click.exceptions.Exit: A file or a variation is missing; an error line names it.
    """
    from magenta_bridge.sequences.sections import section_after

    targets = plan_targets(
        job.output, job.picture, job.sound, job.variations, overwrite=job.overwrite
    )
    _keep_primer(job, targets)
    if job.sound is not None:
        from magenta_bridge.render.audio import find_sound_font

        find_sound_font()
    primer = _primer(job)
    section = section_after(primer, job.bars)
    seeds = choose_seeds(job.seed, job.variations)
    notices: list[Notice] = []
    with open_client(job.server, job.bundles) as client:
        info = _chosen(client, job.generator)
        # Any: the names of the arguments, which mypy compares with those of the parameters.
        arguments: dict[str, Any] = read_settings(job.named, job.free, info.arguments)
        results, failure = [], None
        for seed in seeds:
            try:
                results.append(
                    client.generate(
                        info.id, primer=primer, start=section[0], end=section[1], seed=seed,
                        notices=notices, **arguments,
                    )
                )  # fmt: skip
            except MagentaBridgeError as error:
                failure = error
                break
    if failure is not None and not results:
        if not isinstance(failure, InvalidArgumentError):
            click.echo(f"The seed was {seeds[0]}.", err=True)
        raise failure
    for notice in dict.fromkeys(notices):
        click.echo(f"Note: {notice.message}", err=True)
    missing = 0
    for result, seed, target in zip(results, seeds, targets, strict=False):
        made = f"{_count(job.bars, 'new bar')}, {_count(len(result.notes), 'new note')}, "
        made += f"{section[1] - section[0]:.1f} s, by {info.id} with seed {seed}."
        missing += _write(job, primer, result, section, target, made)
    if failure is not None:
        click.echo(
            f"Error: {failure.message} Only {len(results)} of {len(seeds)} variations were "
            f"generated; the next seed was {seeds[len(results)]}.",
            err=True,
        )
    if missing or failure is not None:
        raise click.exceptions.Exit(1)


def _keep_primer(job: Job, targets: Sequence[Targets]) -> None:
    if job.primer is None or not job.primer.exists():
        return
    for clip in (target.clip for target in targets if target.clip.exists()):
        if clip.samefile(job.primer):
            raise InvalidArgumentError(f"{clip} is the primer; write to another file.")


def _chosen(client: Client | LocalClient, generator_id: str | None) -> GeneratorInfo:
    """Return the generator of that id; for None, the only one, or the default."""
    if generator_id is None:
        available = client.generators()
        if len(available) == 1:
            return available[0]
    return client.generator(generator_id or _DEFAULT_GENERATOR)


def _primer(job: Job) -> NoteSequence:
    """Read the primer, or return an empty one with tempo and meter."""
    if job.primer is not None:
        from magenta_bridge.formats import read

        warnings: list[str] = []
        primer = read(job.primer, warnings=warnings)
        for warning in warnings:
            click.echo(f"{job.primer.name}: {warning}", err=True)
        return primer
    from magenta_bridge.noteseq import NoteSequence

    empty = NoteSequence()
    numerator, denominator = job.meter or _DEFAULT_METER
    empty.tempos.add(time=0.0, qpm=job.qpm or _DEFAULT_QPM)
    empty.time_signatures.add(time=0.0, numerator=numerator, denominator=denominator)
    return empty


def _write(  # noqa: PLR0917 - those of one run
    job: Job,
    primer: NoteSequence,
    result: NoteSequence,
    section: tuple[float, float],
    target: Targets,
    made: str,
) -> int:
    """Write and report the files of a variation; return how many are missing."""
    from magenta_bridge.formats import write
    from magenta_bridge.sequences.edit import cut, merge

    clip = cut(result, *section)
    music = merge(primer, result) if job.with_primer else clip

    def draw(path: Path) -> None:
        from magenta_bridge.render.piano_roll import NEW_COLOR, PRIMER_COLOR, Layer, draw_piano_roll

        layers = [Layer(clip, NEW_COLOR, "new bars")]
        if job.with_primer:
            layers = [Layer(primer, PRIMER_COLOR, "primer"), Layer(result, NEW_COLOR, "new bars")]
        draw_piano_roll(layers, path)

    def play(path: Path) -> None:
        from magenta_bridge.render.audio import render_wav

        render_wav(music, path)

    # The clip first: it is what cannot be made again without its seed.
    files: list[tuple[Path | None, Callable[[Path], object], str]] = [
        (target.clip, lambda path: write(music, path), f": {made}"),
        (target.picture, draw, "."),
        (target.sound, play, "."),
    ]
    missing = 0
    for path, save, rest in files:
        if path is None:
            continue
        try:
            save(path)
        except Exception as error:  # noqa: BLE001 - the other files are still to be written
            missing += 1
            reason = getattr(error, "message", "") or f"{path} cannot be written: {error}."
            lost = f" It was: {made}" if path == target.clip else ""
            click.echo(f"Error: {path} is missing. {reason}{lost}", err=True)
        else:
            click.echo(f"Wrote {path}{rest}")
    return missing


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
      four new bars
  magenta-bridge generate --primer tune.mid --bars 8 --with-primer -o longer.mid
      eight more bars of your tune
  magenta-bridge generate --seed 7 --variations 3 --picture clip.png --sound clip.wav -o clip.mid
      three variations, each as notes, picture and sound; the same seed repeats them
"""


@click.command(epilog=_EXAMPLES)
@click.option(
    "-o",
    "--output",
    type=ANY_FILE,
    required=True,
    help="The MIDI file to write.",
)
@click.option("--primer", type=ANY_FILE, help="A MIDI file to continue.")
@click.option(
    "--bars",
    type=click.IntRange(1, _LONGEST_BARS),
    default=4,
    show_default=True,
    help="Number of bars.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, SEEDS - 1),
    help="The same seed gives the same music; random by default.",
)
@click.option(
    "--variations",
    type=click.IntRange(1, _MOST_VARIATIONS),
    default=1,
    show_default=True,
    help="Number of variations; their files are named clip-1.mid, clip-2.mid and so on.",
)
@click.option("--with-primer", is_flag=True, help="Write the primer, followed by the new bars.")
@click.option(
    "--picture", "--png", "picture", type=ANY_FILE, help="Also draw a piano roll, as a PNG file."
)
@click.option("--sound", type=ANY_FILE, help="Also render it to a WAV file.")
@click.option("--overwrite", is_flag=True, help="Replace the files of --variations without asking.")
@click.option(
    "--temperature", type=read_number, metavar="NUMBER", help="Below 1 safer, above 1 wilder."
)
@click.option(
    "--top-p", type=read_number, metavar="NUMBER", help="Below 1, leave out unlikely notes."
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
    help="Tempo without a primer, in quarter notes per minute.  [default: 120]",
)
@click.option(
    "--time-signature",
    "meter",
    type=read_meter,
    metavar="N/D",
    help="Time signature without a primer, such as 6/8.  [default: 4/4]",
)
@click.option(
    "--generator", help="Generator to use.  [default: lstm_melody, or the only one of --bundle]"
)
@click.option("--bundle", "bundles", type=EXISTING_FILE, multiple=True, help="A .mag file to load.")
@server_options
@click.pass_context
def generate(ctx: click.Context, /, **_options: object) -> None:
    """Write new music as a MIDI file.

    The file has only the new bars unless --with-primer is given.
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
            "--qpm and --time-signature cannot be combined with --primer, which has its own."
        )
    if options["scale_root"] is not None and options["scale_intervals"] is None:
        raise click.UsageError("--scale-root requires --scale, such as major.")
    if primer is None and options["with_primer"]:
        raise click.UsageError("--with-primer requires --primer.")
    if options["server"] is not None and options["bundles"]:
        raise click.UsageError(
            "--bundle cannot be combined with --server, which has its own bundles."
        )
