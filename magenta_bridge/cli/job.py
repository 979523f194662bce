"""What ``magenta-bridge generate`` does, once its words are understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from magenta_bridge.cli.settings import choose_seeds, read_settings
from magenta_bridge.cli.source import Source, open_source
from magenta_bridge.cli.targets import Targets, plan_targets

if TYPE_CHECKING:
    from magenta_bridge.cli.server_options import RunningServer
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
