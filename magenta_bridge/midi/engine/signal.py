"""Patterns for incoming messages."""

from __future__ import annotations

from typing import Any, Final

import mido

from magenta_bridge.errors import MidiHubError


class TextureType:
    """Musical texture for capture, passthrough and playback.

    Attributes:
        MONOPHONIC: One note at a time; a new note ends the previous one.
        POLYPHONIC: Any number of notes.
    """

    MONOPHONIC = 1
    POLYPHONIC = 2


_NOTE_ARGUMENTS: Final = frozenset({"note", "program_number", "velocity"})
_ARGUMENTS: Final = {
    "note_on": _NOTE_ARGUMENTS,
    "note_off": _NOTE_ARGUMENTS,
    "control_change": frozenset({"control", "value"}),
}


class MidiSignal:
    """A pattern for messages: one exact message, or some of its values.

    Args:
        msg: The message to match except for its time; None to give values instead.
        **kwargs: ``type`` (``note_on``, ``note_off`` or ``control_change``), ``note`` and
            ``velocity``, or ``control`` and ``value``. Omitted values match anything. An omitted
            type is inferred from the values: ``note`` matches both kinds of note messages.

    Raises:
        MidiHubError: The type is unsupported, both or neither of message and values are given, or
            no message type has these values.
    """

    def __init__(self, msg: mido.Message | None = None, **kwargs: Any) -> None:  # noqa: ANN401
        if msg is not None and kwargs:
            raise MidiHubError("Specify either a message or values for a MidiSignal, not both.")
        kind = msg.type if msg is not None else kwargs.pop("type", None)
        if kind is not None and kind not in _ARGUMENTS:
            raise MidiHubError(
                f"The type of a MidiSignal must be {', '.join(map(repr, _ARGUMENTS))} or None for "
                f"any of these, not {kind!r}."
            )
        self._msg = msg
        self._values = kwargs
        if kind is None:
            self._types = [
                kind for kind, known in _ARGUMENTS.items() if kwargs and set(kwargs) <= known
            ]
            if not self._types:
                names = ", ".join(kwargs) or "(none)"
                raise MidiHubError(f"No message type has the values {names}.")
            return
        self._types = [kind]
        for name in kwargs:
            if name not in _ARGUMENTS[kind]:
                raise MidiHubError(f"A message of type {kind!r} does not have {name!r}.")

    def matches(self, msg: mido.Message) -> bool:
        """Return whether a message matches; its time is ignored."""
        if self._msg is not None:
            return bool(msg.bytes() == self._msg.bytes())
        return msg.type in self._types and all(
            getattr(msg, name) == value
            for name, value in self._values.items()
            if name in msg.__dict__
        )

    def to_message(self) -> mido.Message:
        """Return the message that the signal describes, with defaults for omitted values.

        Raises:
            MidiHubError: More than one message type matches.
        """
        if self._msg is not None:
            return self._msg
        if len(self._types) != 1:
            raise MidiHubError(f"{self._values} match several message types; specify the type.")
        return mido.Message(self._types[0], **self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MidiSignal) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        """Return a regular expression that matches the text of such a message, including time."""
        if self._msg is not None:
            text = mido.messages.format_as_string(self._msg, include_time=False)
            return f"^{text} time=\\d+.\\d+$"
        parts = [self._types[0] if len(self._types) == 1 else ".*"]
        for name in mido.messages.SPEC_BY_TYPE[self._types[0]]["value_names"]:
            parts.append(f"{name}={self._values[name]}" if name in self._values else f"{name}=\\d+")
        return f"^{' '.join(parts)} time=\\d+.\\d+$"


def as_signal(signal: MidiSignal | mido.Message | None) -> MidiSignal | None:
    """Return a signal for a signal, a message to match exactly, or None."""
    return MidiSignal(msg=signal) if isinstance(signal, mido.Message) else signal
