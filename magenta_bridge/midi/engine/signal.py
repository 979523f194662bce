"""Which incoming message somebody waits for."""

from __future__ import annotations

from typing import Any, Final

import mido

from magenta_bridge.errors import MidiHubError


class TextureType:
    """Musical texture of what is captured, passed through and played.

    Attributes:
        MONOPHONIC: One note at a time; a new one ends the one before.
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
    """A pattern for messages: one message exactly, or some of its values with the rest free.

    Args:
        msg: Message to match in everything but its time; None to give values instead.
        **kwargs: ``type`` (``note_on``, ``note_off`` or ``control_change``), ``note`` and
            ``velocity``, or ``control`` and ``value``; what is left out matches anything. A type
            that is left out is told by the values: ``note`` fits both kinds of note messages.

    Raises:
        MidiHubError: The type is another one, both or none of message and values are given, or
            no type of message has these values.
    """

    def __init__(self, msg: mido.Message | None = None, **kwargs: Any) -> None:  # noqa: ANN401
        if msg is not None and kwargs:
            raise MidiHubError("Give a MidiSignal either a message or values, not both.")
        kind = msg.type if msg is not None else kwargs.pop("type", None)
        if kind is not None and kind not in _ARGUMENTS:
            raise MidiHubError(
                f"A MidiSignal is of type {', '.join(map(repr, _ARGUMENTS))} or None for any of "
                f"them, not {kind!r}."
            )
        self._msg = msg
        self._values = kwargs
        self._types = [kind] if kind is not None else _types_with(kwargs)
        if kind is not None:
            _refuse_strangers(kind, kwargs)

    def matches(self, msg: mido.Message) -> bool:
        """Says whether a message is meant; its time does not count."""
        if self._msg is not None:
            return bool(msg.bytes() == self._msg.bytes())
        return msg.type in self._types and all(
            getattr(msg, name) == value
            for name, value in self._values.items()
            if name in msg.__dict__
        )

    def to_message(self) -> mido.Message:
        """Returns the message that the signal describes, with defaults for what it leaves open.

        Raises:
            MidiHubError: More than one type of message would fit.
        """
        if self._msg is not None:
            return self._msg
        if len(self._types) != 1:
            raise MidiHubError(f"{self._values} fit several types of messages; name the type.")
        return mido.Message(self._types[0], **self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MidiSignal) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        """Returns a regular expression that matches the text of such a message, time included."""
        if self._msg is not None:
            text = mido.messages.format_as_string(self._msg, include_time=False)
            return f"^{text} time=\\d+.\\d+$"
        parts = [self._types[0] if len(self._types) == 1 else ".*"]
        for name in mido.messages.SPEC_BY_TYPE[self._types[0]]["value_names"]:
            parts.append(f"{name}={self._values[name]}" if name in self._values else f"{name}=\\d+")
        return f"^{' '.join(parts)} time=\\d+.\\d+$"


def signal_of(signal: MidiSignal | mido.Message | None) -> MidiSignal | None:
    """Returns a signal for what a caller may give: one, a message to match exactly, or None."""
    return MidiSignal(msg=signal) if isinstance(signal, mido.Message) else signal


def _types_with(values: dict[str, Any]) -> list[str]:
    fitting = [kind for kind, known in _ARGUMENTS.items() if values and set(values) <= known]
    if not fitting:
        raise MidiHubError(f"No type of message has the values {', '.join(values) or '(none)'}.")
    return fitting


def _refuse_strangers(kind: str, values: dict[str, Any]) -> None:
    for name in values:
        if name not in _ARGUMENTS[kind]:
            raise MidiHubError(f"A message of type {kind!r} has no {name!r}.")
