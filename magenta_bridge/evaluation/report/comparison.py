"""All that a report tells, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from magenta_bridge.evaluation.report.music_metrics import MusicFigures
from magenta_bridge.evaluation.report.paired_likelihood import PairedLikelihood


@dataclass(frozen=True)
class Speed:
    """What a bundle costs whoever plays it.

    Attributes:
        step_us: Microseconds a step, one stream on one thread.
        clip_s: Seconds until a clip of ``clip`` is complete, in a process that has it loaded.
        clip: What that clip is, in words.
        resident_bytes: Memory of a process that has loaded the bundle and played the clip; None
            where the system does not tell.
        grown_bytes: How much of it came by loading and playing.
    """

    step_us: float
    clip_s: float
    clip: str
    resident_bytes: int | None
    grown_bytes: int | None


@dataclass(frozen=True)
class Continuation:
    """One way the primer goes on.

    Attributes:
        name: Who plays.
        png: Piano roll.
        size: Its width and height, pixels.
        wav: Sound; empty where there is none.
        new_notes: Notes behind the primer.
    """

    name: str
    png: bytes
    size: tuple[int, int]
    wav: bytes
    new_notes: int


@dataclass(frozen=True)
class Listening:
    """The same primer, continued by a human and by each model.

    Attributes:
        title: Title or file of the piece.
        primer: How long the primer is, in words.
        length: How long the rest is, in words.
        seed: Seed of all models.
        continuations: The human's own continuation, then each model's.
        no_audio_reason: Why nothing can be heard; empty where it can.
    """

    title: str
    primer: str
    length: str
    seed: int
    continuations: Sequence[Continuation]
    no_audio_reason: str = ""


@dataclass(frozen=True)
class ModelResult:
    """One bundle.

    Attributes:
        name: How the report calls it; no two are called the same.
        family: Model family.
        description: One sentence for a musician.
        details: What it was trained on.
        file: Name of its file.
        sha256: Digest of the file, hexadecimal.
        size_bytes: Size of the file.
        trained_on: Whether it learned from this very music; None where it does not tell.
        settings: Settings that samples were drawn at, in words.
        likelihood: How well it foretells held-out pieces.
        music: What its samples are like.
        speed: What it costs.
        curve: Its learning curve, PNG; None where none lies beside it.
    """

    name: str
    family: str
    description: str
    details: str
    file: str
    sha256: str
    size_bytes: int
    trained_on: bool | None
    settings: str
    likelihood: PairedLikelihood
    music: MusicFigures
    speed: Speed
    curve: bytes | None


@dataclass(frozen=True)
class Data:
    """The music.

    Attributes:
        name: Name of the folder or archive.
        files: Files read.
        refused: Files that could not be read.
        noun: What its pieces are called, in the plural.
        unit: What a step is.
        encoding: Encoding.
        train: Pieces on the training side.
        validation: Pieces that chose the n-gram's order.
        test: Held-out pieces.
        scored: Held-out pieces that all bundles could foretell.
        length: How much of a piece the musical figures look at, in words.
        sha256: Digest of the music, hexadecimal.
    """

    name: str
    files: int
    refused: int
    noun: str
    unit: str
    encoding: str
    train: int
    validation: int
    test: int
    scored: int
    length: str
    sha256: str


@dataclass(frozen=True)
class Comparison:
    """Everything.

    Attributes:
        data: The music.
        models: The bundles, in the order they were named.
        baselines: What n-grams make of the held-out pieces, by name.
        held_out: What the held-out human pieces are like.
        human: What other human pieces are like.
        listening: One primer, continued by all.
        samples: Pieces drawn from each bundle.
        versions: Versions of what was used, by name.
        date: Day, as ``2030-01-31``.
    """

    data: Data
    models: Sequence[ModelResult]
    baselines: Mapping[str, PairedLikelihood]
    held_out: MusicFigures
    human: MusicFigures
    listening: Listening
    samples: int
    versions: Mapping[str, str]
    date: str

    @property
    def best_baseline(self) -> tuple[str, PairedLikelihood]:
        """The n-gram that foretells best: its name and what it told."""
        return min(self.baselines.items(), key=lambda item: item[1].bits_per_note.mean)
