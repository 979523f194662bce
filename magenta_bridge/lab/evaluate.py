"""Score a bundle and n-gram baselines on held-out music."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from magenta_bridge.data.bars import bars_of, first_step, songs_of, tracks_of
from magenta_bridge.data.corpus import check_corpus
from magenta_bridge.data.dataset import Tune, dataset_for
from magenta_bridge.data.splits import Split, load_split
from magenta_bridge.errors import FileFormatError, TrainingError
from magenta_bridge.evaluation.features.registry import features_for
from magenta_bridge.evaluation.likelihood import Score, StepLikelihoods, score_pieces, score_program
from magenta_bridge.evaluation.model_card import Likelihood
from magenta_bridge.evaluation.ngram import measure_baselines
from magenta_bridge.evaluation.two_sample import TwoSampleTest, tell_apart
from magenta_bridge.generators.bundle import Bundle, read_bundle
from magenta_bridge.generators.loading import find_bundle_file, load_generator
from magenta_bridge.lab import FileCounter, ignore, load_packages
from magenta_bridge.lab.metadata import encode_examples, recipe_of_split, weights_of
from magenta_bridge.recipe import Recipe

_ADVERSARIAL: Final = "gan"
_KEY_NATS: Final = math.log(12)


@dataclass(frozen=True)
class Evaluation:
    """Scores of a bundle and of n-gram baselines on the same held-out pieces.

    Attributes:
        bundle: Id of the bundle.
        encoding: Encoding.
        trained_on_data: Whether the bundle was trained on the rest of this music.
        pieces: Number of held-out pieces.
        likelihood: The scores.
        two_sample: The two-sample test; None where there are too few pieces for it.
    """

    bundle: str
    encoding: str
    trained_on_data: bool
    pieces: int
    likelihood: Likelihood
    two_sample: TwoSampleTest | None = None

    @property
    def nll(self) -> float:
        """Negative log-likelihood, nats per step; lower is better."""
        return self.likelihood.program.nats_per_step

    @property
    def baselines(self) -> dict[str, float]:
        """NLL of each n-gram, nats per step."""
        return {name: each.nats_per_step for name, each in self.likelihood.baselines.items()}

    @property
    def figures(self) -> dict[str, Any]:
        """All scores, JSON-able."""
        found = self.likelihood
        return {
            "bundle": self.bundle,
            "encoding": self.encoding,
            "trained_on_this": self.trained_on_data,
            "pieces": self.pieces,
            "unit": found.unit,
            **_numbers(found.program),
            "gain": found.gain,
            "baselines": {name: _numbers(score) for name, score in found.baselines.items()},
            "two_sample": asdict(self.two_sample) if self.two_sample else None,
        }

    def __str__(self) -> str:
        found = self.likelihood
        rows = {**found.baselines, self.bundle: found.program}
        width = max(map(len, rows))
        lines = [
            f"{name:{width}}  {score.nats_per_step:.4f} nats per {found.unit}  "
            f"accuracy {score.accuracy:.2%}"
            for name, score in rows.items()
        ]
        lines.append(f"{found.program.steps:,} {found.unit}s; {self.bundle}: {found.comparison}.")
        if self.two_sample:
            lines.append(str(self.two_sample))
        return "\n".join(lines)


def evaluate(
    bundle: str | Path,
    data: str | Path,
    *,
    on_file: Callable[[int], None] = ignore,
    on_message: Callable[[str], None] = ignore,
) -> Evaluation:
    """Score a bundle and n-grams on held-out music, and tell its own music from that.

    The music is split as in training: n-grams learn from the training side, and all models are
    scored on the test side. For the two-sample test, see ``evaluation.two_sample``.

    Args:
        bundle: A ``.mag`` file, or the name of a shipped bundle.
        data: Folder or archive of music.
        on_file: Called with the number of files read so far.
        on_message: Called with a sentence before each stage.

    Raises:
        MagentaBridgeError: Bundle or music cannot be used.
    """
    path = find_bundle_file(str(Path(bundle).expanduser()))
    found, corpus = read_bundle(path), Path(data).expanduser()
    recipe, trained_on = _match_corpus(recipe_of_split(found.id, found.metadata), corpus)
    new = "" if trained_on else f", which {found.id} was not trained on"
    on_message(f"Reading {corpus}{new} ...")
    with FileCounter(on_file, on_message) as report:
        split = load_split(recipe, corpus, report)
    dataset = dataset_for(recipe.bundle.encoding)
    on_message(f"Scoring held-out {dataset.noun}: {len(split.test)} ...")
    score = _score_bars if recipe.bundle.family == _ADVERSARIAL else score_steps
    scores = score(found, recipe, split)
    on_message("Telling samples from held-out pieces ...")
    two_sample = tell_apart(
        features_for(dataset.encoding),
        load_generator(path),
        encode_examples(dataset, split.test),
        encode_examples(dataset, [*split.validation, *split.train]),
    )
    return Evaluation(found.id, dataset.encoding, trained_on, len(split.test), scores, two_sample)


def score_examples(bundle: Bundle, tunes: Sequence[Tune]) -> list[StepLikelihoods | None]:
    """Return the log-likelihood of each step of each tune.

    A program that generates step by step is scored as it is served. Of an adversarial bundle the
    network is scored, since its program returns choices only. That network reads music transposed
    to the white keys; the key counts as one choice among twelve on its first step of a piece, so
    that its score is comparable with that of models that infer the key.

    Args:
        bundle: The bundle.
        tunes: Tunes of its encoding.

    Returns:
        Likelihoods on the steps of each tune's ``ids``; None for a tune whose bars an adversarial
        network cannot read (not 12 or 16 sixteenths).

    Raises:
        UnsupportedError: The bundle is adversarial, and TensorFlow is not installed.
    """
    if bundle.metadata["family"] != _ADVERSARIAL:
        dataset = dataset_for(str(bundle.metadata["encoding"]))
        return list(score_pieces(bundle.program, encode_examples(dataset, tunes)))
    network = _adversarial_network(bundle)
    from magenta_bridge.evaluation.bars.likelihood import bar_likelihoods

    tracks = 2 if bundle.metadata["encoding"] == "duo" else 1
    songs = [bars_of(tune, tracks) for tune in tunes]
    scores = map(_with_key_cost, bar_likelihoods(network, [s for s in songs if s is not None]))
    return [
        None
        if song is None
        else next(scores).moved(first_step(tune, tracks)).within(0, len(tune.ids))
        for tune, song in zip(tunes, songs, strict=True)
    ]


def _with_key_cost(scores: StepLikelihoods) -> StepLikelihoods:
    """Add the cost of the key, one of twelve, to the first step."""
    nats = scores.nats.copy()
    nats[0] += _KEY_NATS
    return StepLikelihoods(nats, scores.hits, scores.first)


def _adversarial_network(bundle: Bundle) -> Any:
    load_packages(f"{bundle.id} is adversarial; scoring it", "keras")
    from magenta_bridge.training.adversarial import read_gan

    return read_gan(bundle.network)


def score_steps(bundle: Bundle, recipe: Recipe, split: Split) -> Likelihood:
    """Score the program of a bundle that generates step by step, and n-grams."""
    dataset = dataset_for(recipe.bundle.encoding)
    train, valid, test = (encode_examples(dataset, side) for side in vars(split).values())
    return Likelihood(
        baselines=measure_baselines(train, valid, test, dataset),
        program=score_program(bundle.program, test),
        unit=dataset.unit,
        weights=weights_of(bundle.metadata),
    )


def _score_bars(bundle: Bundle, recipe: Recipe, split: Split) -> Likelihood:
    network = _adversarial_network(bundle)
    from magenta_bridge.evaluation.bars.likelihood import score_bar_ngram, score_bars

    tracks = tracks_of(recipe)
    train, valid, test = (songs_of(side, tracks) for side in vars(split).values())
    if not test:
        raise TrainingError(
            "No held-out piece has bars of 12 or 16 sixteenths; add music in 4/4, 3/4 or 6/8."
        )
    order, baseline = score_bar_ngram(train, valid, test, tracks)
    return Likelihood(
        baselines={f"n-gram with meter and position in the bar, order {order}": baseline},
        program=score_bars(network, test),
        unit=dataset_for(recipe.bundle.encoding).unit,
    )


def _match_corpus(recipe: Recipe, data: Path) -> tuple[Recipe, bool]:
    """Return the recipe for this music, and whether the bundle was trained on it."""
    trained_on = True
    if recipe.data.sha256:
        try:
            check_corpus(data, recipe.data.sha256)
        except FileFormatError:
            trained_on = False
    # The check reads every file; without a digest, load_split does not repeat it.
    return replace(recipe, data=replace(recipe.data, sha256="")), trained_on


def _numbers(score: Score) -> dict[str, float]:
    return {
        "nats_per_step": score.nats_per_step,
        "accuracy": score.accuracy,
        "steps": score.steps,
    }
