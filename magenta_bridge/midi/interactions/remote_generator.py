"""A generator of a server, in the terms of Magenta's SequenceGenerator."""

from __future__ import annotations

from collections.abc import Iterator

from magenta_bridge.arguments import ArgumentValue
from magenta_bridge.client.client import Client
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.noteseq import (
    GeneratorBundle,
    GeneratorDetails,
    GeneratorOptions,
    NoteSequence,
)

# Written with loudness of their own; the others play every note alike.
_EXPRESSIVE = frozenset({"performance"})


class RemoteGenerator:
    """Has a server write, as a whole or piece by piece.

    Threading: safe from any number of threads.

    Args:
        client: Connection to the server; the caller closes it.
        generator_id: Who shall write, e.g. ``lstm_melody``.

    Raises:
        NotFoundError: The server has no such generator.
        ServerUnavailableError: No server answers.
    """

    def __init__(self, client: Client, generator_id: str) -> None:
        self._client = client
        self._generator = client.generator(generator_id)
        self._known = {argument.name for argument in self._generator.arguments}

    @property
    def details(self) -> GeneratorDetails:
        """Id and description."""
        return GeneratorDetails(id=self._generator.id, description=self._generator.description)

    @property
    def bundle_details(self) -> GeneratorBundle.BundleDetails:
        """Description of the bundle that the generator comes from."""
        return GeneratorBundle.BundleDetails(description=self._generator.description)

    @property
    def is_expressive(self) -> bool:
        """Whether the notes that it writes are louder and softer by themselves."""
        return self._generator.encoding in _EXPRESSIVE

    def generate(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> NoteSequence:
        """Returns the section that the options ask for, in seconds; no note of the input.

        Arguments that the generator does not have are left out.

        Raises:
            InvalidArgumentError: The options ask for no section, or for several.
            MagentaBridgeError: The server could not; see ``client.Client``.
        """
        start, end = _section(generator_options)
        return self._client.generate(
            self._generator.id,
            primer=input_sequence,
            start=start,
            end=end,
            **self._arguments(generator_options),  # type: ignore[arg-type]
        )

    def stream(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> Iterator[NoteSequence]:
        """Yields the section piece by piece; see ``client.Client.stream`` and ``generate``."""
        start, end = _section(generator_options)
        return self._client.stream(
            self._generator.id,
            primer=input_sequence,
            start=start,
            end=end,
            **self._arguments(generator_options),  # type: ignore[arg-type]
        )

    def _arguments(self, options: GeneratorOptions) -> dict[str, ArgumentValue]:
        return {
            name: getattr(value, value.WhichOneof("kind"))
            for name, value in options.args.items()
            if name in self._known and value.WhichOneof("kind")
        }


def _section(options: GeneratorOptions) -> tuple[float, float]:
    if len(options.generate_sections) != 1:
        raise InvalidArgumentError(
            f"Ask for one section, not {len(options.generate_sections)}.",
            field="options.generate_sections",
        )
    section = options.generate_sections[0]
    return section.start_time, section.end_time
