"""Check a generate request, and run it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from magenta_bridge.arguments import read_arguments
from magenta_bridge.description import Notice
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.primer import check_sections
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.limits import SEEDS, VARIATIONS, check_limit
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.v1.generation_pb2 import GenerateRequest, StreamGenerateRequest

_REQUEST_ID_CHARACTERS: Final = 64


@dataclass(frozen=True)
class VariationChunk:
    """Part of a variation.

    Attributes:
        variation: Index of the variation, from 0.
        notes: The new notes; empty in the last chunk.
        complete_until: Time up to which the variation is complete, in seconds.
        last: Whether this is the variation's last chunk.
        notices: How much of the primer was not read; in the first chunk of the first variation.
    """

    variation: int
    notes: NoteSequence
    complete_until: float
    last: bool
    notices: Sequence[Notice] = ()


@dataclass(frozen=True)
class GenerateRequestPlan:
    """A checked request.

    Attributes:
        generator: The generator.
        primer: The primer; the generator validates it.
        options: Options of each variation, with its own seed in the arguments.
        seed: Seed of the first variation.
    """

    generator: SequenceGenerator
    primer: NoteSequence
    options: Sequence[GeneratorOptions]
    seed: int

    def music(self, chunk: VariationChunk) -> float:
        """Return the seconds of music from the start of the request to the end of a chunk."""
        section = self.options[chunk.variation].generate_sections[0]
        length = section.end_time - section.start_time
        return chunk.variation * length + chunk.complete_until - section.start_time

    def run(self, interrupt: Callable[[], None]) -> Iterator[VariationChunk]:
        """Generate all variations, one after the other.

        Raises:
            InvalidSequenceError: The primer is not valid music.
            InvalidArgumentError: The generator rejects the options.
        """
        notices = self.generator.notices(self.primer, self.options[0])
        for variation, options in enumerate(self.options):
            interrupt()
            section = options.generate_sections[0]
            complete = section.start_time
            for chunk in self.generator.stream(self.primer, options, interrupt=interrupt):
                complete = max(complete, chunk.total_time)
                yield VariationChunk(variation, chunk, complete, last=False, notices=notices)
                notices = []
            yield VariationChunk(
                variation, NoteSequence(), max(complete, section.end_time), last=True
            )


def read_request(
    registry: GeneratorRegistry, request: GenerateRequest | StreamGenerateRequest
) -> GenerateRequestPlan:
    """Check a request, except for the notes of its primer.

    Raises:
        NotFoundError: There is no such generator.
        InvalidArgumentError: A field is invalid; the error names it.
        LimitExceededError: The request exceeds a limit.
    """
    if len(request.request_id) > _REQUEST_ID_CHARACTERS:
        raise InvalidArgumentError(
            f"request_id must have at most {_REQUEST_ID_CHARACTERS} characters, "
            f"got {len(request.request_id)}.",
            field="request_id",
        )
    generator = registry.get(request.generator_id)
    check_sections(request.options)
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
