"""Recreate the program of a bundle from the network inside it, without training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.export.litert import export_program
from magenta_bridge.export.quantize import quantize_int4
from magenta_bridge.export.self_sample import sample_piece
from magenta_bridge.generators.bundle import read_bundle, write_bundle
from magenta_bridge.models.registry import network_kinds
from magenta_bridge.recipe import INT4, BundleRecipe, Recipe
from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.training.fit import build, network_config

_PROBE_STEPS: Final = 48
_CALIBRATION_PIECES: Final = 128
_PIECE_STEPS: Final = 128

Check = Callable[[StepProgram, StepProgram], None]


def reexport(path: Path, check: Check | None = None) -> int:
    """Replace the program of a bundle with one exported by this version.

    Args:
        path: The ``.mag`` file; it is written in one rename.
        check: Called with the old and the new program; raises to keep the old one.

    Returns:
        Size of the new program in bytes.

    Raises:
        BundleError: The file is not a bundle, or it is damaged.
        UnsupportedError: The bundle's network does not generate step by step.
        TrainingError: The new program differs from the network; the bundle is unchanged.
    """
    bundle = read_bundle(path)
    family, encoding = str(bundle.metadata["family"]), str(bundle.metadata["encoding"])
    if (family, encoding) not in network_kinds():
        raise UnsupportedError(
            f"{path.name} does not generate step by step, so its program was not changed."
        )
    config = network_config(bundle.network, family, encoding)
    recipe = Recipe(BundleRecipe(bundle.id, "", family, encoding), network=config)
    network = build(recipe, bundle.network)
    probe = sample_piece(bundle.program, _PROBE_STEPS)
    program = export_program(network, bundle.metadata, int8=True, probe=probe)
    if bundle.metadata.get("weights") == INT4:
        pieces = range(_CALIBRATION_PIECES)
        program = quantize_int4(
            program, (sample_piece(bundle.program, _PIECE_STEPS, seed) for seed in pieces)
        )
    if check is not None:
        check(bundle.program, StepProgram(program))
    write_bundle(
        path,
        generator_id=bundle.id,
        description=bundle.description,
        details=bundle.details,
        program=program,
        network=bundle.network,
    )
    return len(program)
