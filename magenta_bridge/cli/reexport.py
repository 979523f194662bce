"""``python -m magenta_bridge.cli.reexport BUNDLE ...``: export bundles again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from magenta_bridge.cli.options.types import ANY_FILE, ANY_PATH
from magenta_bridge.errors import MagentaBridgeError, TrainingError
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.lab import load_packages
from magenta_bridge.runtime.program import StepProgram

if TYPE_CHECKING:
    from magenta_bridge.export.reexport import Check

# Highest loss of a new program on held-out music, relative to the old one.
_MAX_LOSS_RATIO: Final = 1.01


@click.command()
@click.argument("bundles", type=ANY_FILE, nargs=-1, required=True)
@click.option(
    "--data",
    type=ANY_PATH,
    help="The music that BUNDLES were trained on; both programs are scored on its held-out part.",
)
def main(bundles: tuple[Path, ...], data: Path | None) -> None:
    """Export the programs of BUNDLES again from their networks, without training.

    With DATA, a program is kept only if its negative log-likelihood of held-out music is at most
    1 % above that of the previous one.
    """
    try:
        load_packages("Exporting", "keras", "tensorflow")
        from magenta_bridge.export.reexport import reexport

        for bundle in bundles:
            size = reexport(bundle, None if data is None else _check_loss(bundle, data))
            click.echo(f"{bundle}: a program of {size} bytes.")
    except MagentaBridgeError as error:
        raise click.ClickException(error.message) from error


def _check_loss(path: Path, data: Path) -> Check:
    """Return a check that scores both programs of a bundle on held-out music."""
    pieces = _held_out(path, data)

    def check(before: StepProgram, after: StepProgram) -> None:
        from magenta_bridge.evaluation.likelihood import score_program

        old, new = score_program(before, pieces), score_program(after, pieces)
        click.echo(
            f"{path}: {new.nats_per_step:.4f} nats per step on {new.steps:,} held-out steps, "
            f"accuracy {new.accuracy:.2%}; {old.nats_per_step:.4f} and {old.accuracy:.2%} before."
        )
        if new.nats_per_step > _MAX_LOSS_RATIO * old.nats_per_step:
            raise TrainingError(
                f"The new program of {path.name} has a higher loss on held-out music; the old one "
                "is kept. Try another version of TensorFlow."
            )

    return check


def _held_out(path: Path, data: Path) -> Sequence[Piece]:
    from magenta_bridge.data.dataset import dataset_for
    from magenta_bridge.data.splits import load_split
    from magenta_bridge.generators.bundle import read_bundle
    from magenta_bridge.lab.metadata import encode_examples, recipe_of_split

    bundle = read_bundle(path)
    recipe = recipe_of_split(bundle.id, bundle.metadata)
    return encode_examples(dataset_for(recipe.bundle.encoding), load_split(recipe, data).test)


if __name__ == "__main__":
    main()
