"""``python -m magenta_bridge.cli.reexport BUNDLE ...``: bundles get this version's programs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from magenta_bridge.cli.options.types import ANY_FILE, ANY_PATH
from magenta_bridge.errors import MagentaBridgeError, TrainingError
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.runtime.interpreter import silent_stderr
from magenta_bridge.runtime.program import StepProgram

if TYPE_CHECKING:
    from magenta_bridge.export.reexport import Check

# A program whose loss on held-out music is this many times its forerunner's is not kept.
_MOST_LOSS: Final = 1.01


@click.command()
@click.argument("bundles", type=ANY_FILE, nargs=-1, required=True)
@click.option(
    "--data",
    type=ANY_PATH,
    help="The music that BUNDLES were trained on: both programs are scored on its held-out part.",
)
def main(bundles: tuple[Path, ...], data: Path | None) -> None:
    """Make the programs of BUNDLES anew from the networks inside them, without training.

    With DATA, a program that foretells held-out music worse than the one before, by more than
    1 % of its loss, is not kept.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silent_stderr():  # TensorFlow greets on loading, past every log level
        from magenta_bridge.export.reexport import reexport

    for bundle in bundles:
        try:
            size = reexport(bundle, None if data is None else _rescoring(bundle, data))
        except MagentaBridgeError as error:
            raise click.ClickException(error.message) from error
        click.echo(f"{bundle}: a program of {size} bytes.")


def _rescoring(path: Path, data: Path) -> Check:
    """Returns a check that holds both programs of a bundle against held-out music.

    Raises:
        MagentaBridgeError: Bundle or music cannot be used.
    """
    pieces = _held_out(path, data)

    def check(before: StepProgram, after: StepProgram) -> None:
        from magenta_bridge.evaluation.likelihood import score_program

        old, new = score_program(before, pieces), score_program(after, pieces)
        click.echo(
            f"{path}: {new.nats_per_step:.4f} nats a step on {new.steps:,} held-out steps, "
            f"{new.accuracy:.2%} foretold; {old.nats_per_step:.4f} and {old.accuracy:.2%} before."
        )
        if new.nats_per_step > _MOST_LOSS * old.nats_per_step:
            raise TrainingError(
                f"The new program of {path.name} foretells held-out music worse than the old "
                "one, which stays; try another version of tensorflow."
            )

    return check


def _held_out(path: Path, data: Path) -> Sequence[Piece]:
    from magenta_bridge.data.dataset import dataset_for
    from magenta_bridge.data.splits import load_split
    from magenta_bridge.generators.bundle import read_bundle
    from magenta_bridge.lab.held_out import encode_examples, recipe_of_split

    bundle = read_bundle(path)
    recipe = recipe_of_split(bundle.id, bundle.traits)
    return encode_examples(dataset_for(recipe.bundle.encoding), load_split(recipe, data).test)


if __name__ == "__main__":
    main()
