"""A generator on a server, with the interface of Magenta's SequenceGenerator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from magenta_bridge.client.client import Client
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.noteseq import GeneratorDetails, GeneratorOptions, NoteSequence

# These encodings contain velocities; the others give every note the same velocity.
_EXPRESSIVE = frozenset({"groove", "performance"})


class RemoteGenerator:
    """Generates on a server, as a whole or streamed.

    Threading: safe from any number of threads.

    Args:
        client: Connection to the server; the caller closes it.
        generator_id: ID of the generator, such as ``lstm_melody``.

    Raises:
        NotFoundError: The server does not have the generator.
        ServerUnavailableError: The server does not respond.
    """

    def __init__(self, client: Client, generator_id: str) -> None:
        self._client = client
        self._generator = client.generator(generator_id)
        self._known = {argument.name for argument in self._generator.arguments}

    @property
    def details(self) -> GeneratorDetails:
        """ID and description."""
        return GeneratorDetails(id=self._generator.id, description=self._generator.description)

    @property
    def is_expressive(self) -> bool:
        """Whether the generator sets velocities."""
        return self._generator.encoding in _EXPRESSIVE

    def generate(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> NoteSequence:
        """Return the section specified by the options, in seconds, without the input.

        Arguments that the generator does not have are omitted.

        Raises:
            InvalidArgumentError: The options specify no section or several.
            MagentaBridgeError: The request failed; see ``client.Client``.
        """
        request = self._request(input_sequence, generator_options)
        return self._client.generate(self._generator.id, **request)

    def stream(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> Iterator[NoteSequence]:
        """Yield the section in pieces; see ``client.Client.stream`` and ``generate``."""
        request = self._request(input_sequence, generator_options)
        return self._client.stream(self._generator.id, **request)

    def _request(self, primer: NoteSequence, options: GeneratorOptions) -> dict[str, Any]:
        if len(options.generate_sections) != 1:
            raise InvalidArgumentError(
                f"Specify exactly one section, not {len(options.generate_sections)}.",
                field="options.generate_sections",
            )
        section = options.generate_sections[0]
        arguments = {
            name: getattr(value, value.WhichOneof("kind"))
            for name, value in options.args.items()
            if name in self._known and value.WhichOneof("kind")
        }
        return {
            "primer": primer,
            "start": section.start_time,
            "end": section.end_time,
            **arguments,
        }
