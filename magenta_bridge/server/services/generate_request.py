"""A request that has been read and checked, and the work it asks for."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.generators.arguments import read_arguments
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.limits import SEQUENCE_SECONDS, VARIATIONS, check_limit
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.validate import validate
from magenta_bridge.v1.generation_pb2 import GenerateRequest, StreamGenerateRequest

SEEDS: Final = 2**31
_REQUEST_ID_CHARACTERS: Final = 64


@dataclass(frozen=True)
class Piece:
    """Part of a variation.

    Attributes:
        variation: Which one, from 0.
        chunk: Its new notes; empty in the last piece.
        complete_until: Up to where the variation is now complete, in seconds.
        last: Whether the variation ends here.
    """

    variation: int
    chunk: NoteSequence
    complete_until: float
    last: bool


@dataclass(frozen=True)
class GenerateRequestPlan:
    """What a request asks for.

    Attributes:
        generator: Who shall write.
        primer: The music so far; checked when the work begins.
        options: Options of each variation, its own seed in its arguments.
        seed: Seed of the first variation.
    """

    generator: SequenceGenerator
    primer: NoteSequence
    options: Sequence[GeneratorOptions]
    seed: int

    def music(self, piece: Piece) -> float:
        """Returns how many seconds of music there are up to the end of a piece."""
        section = self.options[piece.variation].generate_sections[0]
        length = section.end_time - section.start_time
        return piece.variation * length + piece.complete_until - section.start_time

    def run(self, interrupt: Callable[[], None]) -> Iterator[Piece]:
        """Does the work: every variation, one after the other.

        Raises:
            InvalidSequenceError: The primer is not valid music.
            InvalidArgumentError: The generator refuses the options.
        """
        # A full-sized primer takes long enough to check that the event loop would stutter.
        validate(self.primer, field="primer")
        for variation, options in enumerate(self.options):
            section = options.generate_sections[0]
            complete = section.start_time
            for chunk in self.generator.stream(self.primer, options, interrupt=interrupt):
                complete = max(complete, chunk.total_time)
                yield Piece(variation, chunk, complete, last=False)
            yield Piece(variation, NoteSequence(), max(complete, section.end_time), last=True)


def read_order(
    registry: GeneratorRegistry, request: GenerateRequest | StreamGenerateRequest
) -> GenerateRequestPlan:
    """Reads and checks a request, all but the notes of its primer.

    Raises:
        NotFoundError: There is no such generator.
        InvalidArgumentError: A field breaks a rule; the error names it.
        LimitExceededError: More is asked for than is accepted.
    """
    if len(request.request_id) > _REQUEST_ID_CHARACTERS:
        raise InvalidArgumentError(
            f"request_id must have at most {_REQUEST_ID_CHARACTERS} characters, "
            f"got {len(request.request_id)}.",
            field="request_id",
        )
    generator = registry.get(request.generator_id)
    _check_sections(request.options)
    variations = _read_variations(request.variations)
    values = read_arguments(generator.info.arguments, request.options)
    seed = _read_seed(request, values.get("seed"))
    options = [
        _options_with_seed(request.options, (seed + index) % SEEDS, write="seed" in values)
        for index in range(variations)
    ]
    return GenerateRequestPlan(generator, request.primer, options, seed)


def _read_variations(variations: int) -> int:
    if variations < 0:
        raise InvalidArgumentError(
            f"variations must be 0 to {VARIATIONS.value}, got {variations}.", field="variations"
        )
    check_limit(VARIATIONS, variations, field="variations")
    return variations or 1


def _read_seed(request: GenerateRequest | StreamGenerateRequest, argument: object) -> int:
    if not request.HasField("seed"):
        if "seed" in request.options.args and isinstance(argument, int):
            return argument
        return secrets.randbelow(SEEDS)
    if not 0 <= request.seed < SEEDS:
        raise InvalidArgumentError(
            f"seed must be 0 to {SEEDS - 1}, got {request.seed}.", field="seed"
        )
    return request.seed


def _options_with_seed(options: GeneratorOptions, seed: int, *, write: bool) -> GeneratorOptions:
    copy = GeneratorOptions()
    copy.CopyFrom(options)
    if write:
        copy.args["seed"].int_value = seed
    return copy


def _check_sections(options: GeneratorOptions) -> None:
    if len(options.generate_sections) != 1:
        raise InvalidArgumentError(
            "options.generate_sections must hold exactly one section, "
            f"got {len(options.generate_sections)}.",
            field="options.generate_sections",
        )
    for name in ("generate_sections", "input_sections"):
        for index, section in enumerate(getattr(options, name)):
            _check_section(section, f"options.{name}[{index}]")


def _check_section(section: GeneratorOptions.SequenceSection, path: str) -> None:
    start, end = section.start_time, section.end_time
    if not (math.isfinite(start) and start >= 0):
        raise InvalidArgumentError(
            f"{path}.start_time must be a time from 0 up, got {start:g}.",
            field=f"{path}.start_time",
        )
    if not (math.isfinite(end) and end > start):
        raise InvalidArgumentError(
            f"{path}.end_time must be later than the start {start:g}, got {end:g}.",
            field=f"{path}.end_time",
        )
    check_limit(SEQUENCE_SECONDS, end, where=path, field=f"{path}.end_time")
