"""Measure a trained bundle on held-out music, and write its model card."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from magenta_bridge.data.bars import bars_of, songs_of, tracks_of
from magenta_bridge.data.dataset import dataset_for
from magenta_bridge.data.splits import Split
from magenta_bridge.evaluation.bars.card import bars_section, comparison_of
from magenta_bridge.evaluation.bars.report import report_bars
from magenta_bridge.evaluation.features.registry import features_for
from magenta_bridge.evaluation.features.statistics import spread
from magenta_bridge.evaluation.likelihood import Piece, score_network
from magenta_bridge.evaluation.model_card import (
    Card,
    Music,
    likelihood_section,
    music_section,
    write_card,
)
from magenta_bridge.evaluation.two_sample import tell_apart
from magenta_bridge.files import replacing, save_text
from magenta_bridge.generators.bundle import read_bundle
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.loading import load_generator
from magenta_bridge.lab import ignore
from magenta_bridge.lab.evaluate import score_steps
from magenta_bridge.lab.metadata import encode_examples, settings_of
from magenta_bridge.lab.networks import (
    best_network,
    is_adversarial,
    write_network,
)
from magenta_bridge.recipe import Recipe
from magenta_bridge.render.charts import draw_loss_curve
from magenta_bridge.training.checkpoint import Progress, Run

SAMPLES: Final = 200
_CRITIC_CURVES: Final = ("critic", "real", "made")


@dataclass(frozen=True)
class Report:
    """Scores of a bundle on held-out music.

    Attributes:
        headline: The scores in one sentence.
        nll: Negative log-likelihood of the test pieces, nats per step.
        sections: Sections of the model card, as Markdown.
        limits: What the bundle does not do, one paragraph.
        curves: What to draw over the epochs, by name.
        baseline: NLL of the best baseline, drawn across the curves; None for no line.
        unit: Unit of the curves.
    """

    headline: str
    nll: float
    sections: Sequence[str]
    limits: str
    curves: Mapping[str, Sequence[float]]
    baseline: float | None
    unit: str


def finish(
    recipe: Recipe,
    split: Split,
    run: Run,
    progress: Progress,
    *,
    bundle: Path,
    card: Path,
    command: str,
    on_message: Callable[[str], None],
    check_outputs: Callable[[], object] = ignore,
) -> Report:
    """Export the best network of a finished run, measure it, and write all files, bundle first.

    ``check_outputs`` is called before, and raises to write nothing.
    """
    network = best_network(recipe, run)
    with replacing(bundle) as unfinished:
        on_message("Exporting ...")
        write_network(unfinished, recipe, split, network)
        on_message(f"Measuring on held-out {dataset_for(recipe.bundle.encoding).noun} ...")
        measure = _measure_bars if is_adversarial(recipe) else _measure_steps
        report = measure(recipe, split, progress, network, unfinished)
        check_outputs()
    text = write_card(
        Card(
            bundle=dataclasses.asdict(recipe.bundle),
            data=_data_rows(recipe, split),
            training=_training_rows(recipe, progress),
            command=command,
            figures=report.sections,
            limits=report.limits,
        )
    )
    save_text(card, text)
    curve = bundle.with_suffix(".png")
    draw_loss_curve(report.curves, curve, baseline=report.baseline, unit=report.unit)
    return report


def _measure_steps(
    recipe: Recipe, split: Split, progress: Progress, network: Any, bundle: Path
) -> Report:
    dataset = dataset_for(recipe.bundle.encoding)
    test = encode_examples(dataset, split.test)
    found = dataclasses.replace(
        score_steps(read_bundle(bundle), recipe, split),
        network=score_network(network, test, dataset),
    )
    music = _evaluate_samples(load_generator(bundle), test, recipe, split)
    nll, baseline = found.program.nats_per_step, found.best_baseline.nats_per_step
    return Report(
        headline=f"Held out: {nll:.4f} nats per {found.unit}, {found.comparison} ({baseline:.4f}).",
        nll=nll,
        sections=[likelihood_section(found), music_section(music)],
        limits=music.features.limits,
        curves={name: progress.history[name] for name in ("loss", "validation_loss")},
        baseline=baseline,
        unit=f"nats per {found.unit}",
    )


def _measure_bars(
    recipe: Recipe, split: Split, progress: Progress, network: Any, bundle: Path
) -> Report:
    generator, tracks = load_generator(bundle), tracks_of(recipe)
    train, valid, test = (songs_of(side, tracks) for side in vars(split).values())
    fitting = [tune for tune in split.test if bars_of(tune, tracks) is not None]
    found = report_bars(
        generator,
        network,
        [tune.meter for tune in fitting],
        train=train,
        validation=valid,
        test=test,
        samples=SAMPLES,
    )
    pieces = encode_examples(dataset_for(recipe.bundle.encoding), fitting)
    music = _evaluate_samples(generator, pieces, recipe, split)
    nll = found.network.nats_per_step
    return Report(
        headline=f"Held out: {nll:.4f} nats per step, {comparison_of(found)}; distance of its "
        f"music {found.made:.4f}, of the best n-gram's {min(found.ngrams.values()):.4f}, of "
        f"other human music {found.human:.4f}.",
        nll=nll,
        sections=[bars_section(found), music_section(music)],
        limits=music.features.limits,
        curves={name: progress.history[name] for name in _CRITIC_CURVES},
        baseline=None,
        unit="hinge loss; mean score of real and generated bars",
    )


def _evaluate_samples(
    generator: SequenceGenerator, test: Sequence[Piece], recipe: Recipe, split: Split
) -> Music:
    encoding = recipe.bundle.encoding
    features = features_for(encoding)
    others = encode_examples(dataset_for(encoding), [*split.validation, *split.train])
    return Music(
        features=features,
        human=spread(features.openings(test)),
        machine=spread(features.samples(generator, test, SAMPLES)),
        copying=features.copying(generator, test),
        samples=SAMPLES,
        settings=settings_of(generator),
        two_sample=tell_apart(features, generator, test, others),
    )


def _data_rows(recipe: Recipe, split: Split) -> dict[str, str]:
    dataset = dataset_for(recipe.bundle.encoding)
    counts = {
        f"{name} {dataset.noun}": f"{len(side):,} "
        f"({sum(len(tune.ids) for tune in side):,} {dataset.unit}s)"
        for name, side in vars(split).items()
    }
    return {
        "music": recipe.data.name,
        "origin": recipe.data.origin,
        "license": recipe.data.license,
        "SHA-256": recipe.data.sha256 or "not fixed",
        "split": "by tune families, so that all settings of a tune are on one side",
        **counts,
    }


def _training_rows(recipe: Recipe, progress: Progress) -> dict[str, Any]:
    table = dataclasses.asdict(recipe.training)
    return {
        **{name.replace("_", " "): value for name, value in table.items()},
        **dict(recipe.network),
        "epochs done": progress.epoch,
        "best epoch": progress.best_epoch,
        "minutes": round(sum(progress.history["seconds"]) / 60),
    }
