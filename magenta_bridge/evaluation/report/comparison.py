"""The contents of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from magenta_bridge.evaluation.report.music_metrics import MusicFigures
from magenta_bridge.evaluation.report.paired_likelihood import PairedLikelihood


@dataclass(frozen=True)
class Speed:
    """Speed and memory of a bundle.

    Attributes:
        step_us: Microseconds per step, one stream on one thread.
        clip_s: Seconds until a clip of ``clip`` is complete, in a process that has loaded it.
        clip: What that clip is, in words.
        resident_bytes: Memory of a process that has loaded the bundle and played the clip; None
            where the system does not report it.
        grown_bytes: Its increase by loading and generating.
    """

    step_us: float
    clip_s: float
    clip: str
    resident_bytes: int | None
    grown_bytes: int | None


@dataclass(frozen=True)
class Continuation:
    """One continuation of the primer.

    Attributes:
        name: Name of the model, or of the composer.
        png: Piano roll.
        wav: Sound; empty where there is none.
        new_notes: Notes after the primer.
    """

    name: str
    png: bytes
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
        no_audio_reason: Why there is no audio; empty if there is.
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
        name: Unique name in the report.
        family: Model family.
        description: One sentence for a musician.
        details: What it was trained on.
        file: Name of its file.
        sha256: Digest of the file, hexadecimal.
        size_bytes: Size of the file.
        trained_on: Whether it was trained on this music; None if unknown.
        settings: Settings that samples were drawn at, in words.
        likelihood: Likelihood of held-out pieces.
        music: Figures of its samples.
        speed: Speed and memory.
        curve: Its learning curve, PNG; None if there is no such file.
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
        noun: Plural noun for its pieces.
        unit: Noun for a step.
        encoding: Encoding.
        train: Pieces on the training side.
        validation: Pieces that chose the n-gram's order.
        test: Held-out pieces.
        scored: Held-out pieces that all bundles can read.
        length: Length of the excerpts, in words.
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
        baselines: Likelihoods under n-gram models, by name.
        held_out: Figures of the held-out human pieces.
        human: Figures of other human pieces.
        listening: One primer, continued by all.
        samples: Samples of each bundle.
        versions: Versions of the software, by name.
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
        """The n-gram with the highest likelihood: its name and likelihood."""
        return min(self.baselines.items(), key=lambda item: item[1].bits_per_note.mean)
