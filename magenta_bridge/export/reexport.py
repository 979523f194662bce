"""Makes the program of a bundle anew from the network inside it, without training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from magenta_bridge.encodings.performance_grammar import PerformanceGrammar
from magenta_bridge.errors import UnsupportedError
from magenta_bridge.export.litert import export_program
from magenta_bridge.export.quantize import to_four_bits
from magenta_bridge.export.self_sample import own_piece
from magenta_bridge.generators.bundle import Bundle, read_bundle, write_bundle
from magenta_bridge.models.registry import network_kinds
from magenta_bridge.recipe import INT4, BundleRecipe, Recipe
from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.training.fit import build, network_config

_PROBE_STEPS: Final = 48
_PIECES: Final = 128
_PIECE_STEPS: Final = 128


Check = Callable[[StepProgram, StepProgram], None]


def reexport(path: Path, check: Check | None = None) -> int:
    """Replaces the program of a bundle by one of this version; all else in it stays.

    Args:
        path: The ``.mag`` file; it is written in one rename.
        check: Given the program that was and the one that is to be; raises to keep the former.

    Returns:
        Bytes of the new program.

    Raises:
        BundleError: It is no bundle, or damaged.
        UnsupportedError: It holds no network of a family that goes step by step.
        TrainingError: The new program disagrees with the network; the bundle stays as it was.
    """
    bundle = read_bundle(path)
    family, encoding = str(bundle.traits["family"]), str(bundle.traits["encoding"])
    if (family, encoding) not in network_kinds():
        raise UnsupportedError(f"{path.name} does not go step by step; its program stays.")
    config = network_config(bundle.network, family, encoding)
    recipe = Recipe(BundleRecipe(bundle.id, "", family, encoding), network=config)
    network = build(recipe, bundle.network)
    probe = _own_piece(bundle, _PROBE_STEPS)
    program = export_program(network, bundle.traits, int8=True, probe=probe)
    if bundle.traits.get("weights") == INT4:
        played = (_own_piece(bundle, _PIECE_STEPS, seed) for seed in range(_PIECES))
        program = to_four_bits(program, played)
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


def _own_piece(bundle: Bundle, steps: int, seed: int = 0) -> list[int]:
    """Returns what a bundle plays; it keeps to a grammar that its network does not know."""
    rules = PerformanceGrammar() if bundle.traits["encoding"] == "performance" else None
    return own_piece(bundle.program, steps, seed, rules)
