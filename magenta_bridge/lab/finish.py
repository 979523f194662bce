"""From a finished training run to its bundle, model card and learning curve."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from magenta_bridge.data.dataset import dataset_for
from magenta_bridge.data.splits import Split
from magenta_bridge.evaluation.model_card import write_card
from magenta_bridge.files import save_bytes
from magenta_bridge.lab.families import trainer_of
from magenta_bridge.recipe import Recipe
from magenta_bridge.render.charts import draw_loss_curve
from magenta_bridge.training.checkpoint import Progress, Run


@dataclass(frozen=True)
class Outputs:
    """The files that come out."""

    bundle: Path
    card: Path
    curve: Path


def finish(
    outputs: Outputs, recipe: Recipe, split: Split, run: Run, progress: Progress, *, command: str
) -> str:
    """Exports, measures and writes; the bundle takes its name last, when all else is there.

    Args:
        outputs: Where to.
        recipe: What was trained.
        split: The music; only its test side is reported on.
        run: Where the best weights are.
        progress: How training went.
        command: The command line that makes the bundle again, for the card.

    Returns:
        What was found, in one sentence.
    """
    trainer = trainer_of(recipe)
    network = trainer.trained(recipe, run)
    unfinished = outputs.bundle.with_name(f".{outputs.bundle.name}.new")
    try:
        say("Exporting ...")
        trainer.write(unfinished, recipe, split, network)
        say(f"Measuring on held-out {dataset_for(recipe.bundle.encoding).noun} ...")
        report = trainer.measure(
            recipe, split, progress, network, bundle=unfinished, command=command
        )
        save_bytes(outputs.card, write_card(report.card).encode())
        draw_loss_curve(report.curves, outputs.curve, baseline=report.baseline, unit=report.unit)
        unfinished.replace(outputs.bundle)
    finally:
        unfinished.unlink(missing_ok=True)
    return report.headline


def say(sentence: str) -> None:
    """Tells what goes on, on standard error."""
    click.echo(sentence, err=True)
