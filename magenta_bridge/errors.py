"""Everything that can go wrong, as one tree.

    MagentaBridgeError
    +-- InvalidArgumentError        a request or an option breaks a stated rule
    |   +-- InvalidSequenceError    a NoteSequence is not valid music
    |   +-- FileFormatError         a file is not what its name says, or is damaged
    |   +-- LimitExceededError      input is well formed but larger than we accept
    +-- NotFoundError               a named file, port or generator does not exist
    +-- UnsupportedError            the generator or this install cannot do that
    |   +-- UnimplementedError      the server knows no such method, or not in that form
    +-- ForbiddenError              the caller may not do that, whoever asks for it
    +-- BundleError                 a .mag bundle is damaged or of another make
    +-- TrainingError               training cannot start or go on
    +-- UnauthenticatedError        the caller has not shown a token that the server knows
    +-- PermissionDeniedError       the caller is known, but may not do that
    +-- ServerUnavailableError      no server answers, or it is going away
    +-- OverloadedError             the server has more work than it accepts
    |   +-- RateLimitedError        one caller calls more often than is accepted
    +-- DeadlineError               the time allowed for the work has passed
    +-- CancelledError              the caller took the request back
    +-- MidiHubError                a MIDI hub, captor, player or signal is used against its rules
    +-- InternalError               a bug of ours; carries an incident id

Every message is one sentence or two: what is wrong, where, and what to do. Each class
knows its canonical gRPC code (as a name, so that this file needs no gRPC) and a reason in
UPPER_SNAKE_CASE for ``google.rpc.ErrorInfo``.
"""

from __future__ import annotations

from typing import ClassVar


class MagentaBridgeError(Exception):
    """Root of all errors that Magenta Bridge raises on purpose.

    Args:
        message: What is wrong, where, and what to do; shown to the user as it is.
        field: Path of the offending field, e.g. ``primer.notes[3].pitch``; empty when the
            fault is not in one field.
        metadata: The variable parts of the message, for programs.
    """

    code: ClassVar[str] = "UNKNOWN"
    reason: ClassVar[str] = "UNKNOWN"

    def __init__(
        self, message: str, *, field: str = "", metadata: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.metadata = dict(metadata or {})


class InvalidArgumentError(MagentaBridgeError):
    """A request, an option or a command line breaks a stated rule."""

    code = "INVALID_ARGUMENT"
    reason = "INVALID_ARGUMENT"


class InvalidSequenceError(InvalidArgumentError):
    """A NoteSequence is not valid music: a pitch of 300, an end before its start."""

    reason = "INVALID_SEQUENCE"


class FileFormatError(InvalidArgumentError):
    """A file is not what its name says, is damaged, or uses a feature we refuse."""

    reason = "INVALID_FILE"


class LimitExceededError(InvalidArgumentError):
    """Input is well formed but larger than ``limits`` allows."""

    reason = "LIMIT_EXCEEDED"


class NotFoundError(MagentaBridgeError):
    """A named file, port, bundle or generator does not exist."""

    code = "NOT_FOUND"
    reason = "NOT_FOUND"


class UnsupportedError(MagentaBridgeError):
    """The generator lacks a capability, or this install lacks an optional part."""

    code = "FAILED_PRECONDITION"
    reason = "UNSUPPORTED"


class UnimplementedError(UnsupportedError):
    """The server knows no such method, or not in the form that was asked for."""

    code = "UNIMPLEMENTED"
    reason = "UNIMPLEMENTED"


class ForbiddenError(MagentaBridgeError):
    """The caller may not do that: a web page that this server does not know."""

    code = "PERMISSION_DENIED"
    reason = "FORBIDDEN"


class BundleError(MagentaBridgeError):
    """A ``.mag`` bundle is damaged, incomplete, or not one that we can serve."""

    code = "FAILED_PRECONDITION"
    reason = "BAD_BUNDLE"


class TrainingError(MagentaBridgeError):
    """Training cannot start or go on: too little music, a damaged checkpoint."""

    code = "FAILED_PRECONDITION"
    reason = "TRAINING_FAILED"


class UnauthenticatedError(MagentaBridgeError):
    """The caller has not shown a token, or none that the server knows."""

    code = "UNAUTHENTICATED"
    reason = "UNAUTHENTICATED"


class PermissionDeniedError(MagentaBridgeError):
    """The server knows who calls, and does not let this caller do that."""

    code = "PERMISSION_DENIED"
    reason = "PERMISSION_DENIED"


class ServerUnavailableError(MagentaBridgeError):
    """No server answers at the address, or it is shutting down."""

    code = "UNAVAILABLE"
    reason = "SERVER_UNAVAILABLE"


class OverloadedError(MagentaBridgeError):
    """The server has as much work as it accepts; try again a little later."""

    code = "RESOURCE_EXHAUSTED"
    reason = "OVERLOADED"


class RateLimitedError(OverloadedError):
    """This caller has called too often; ``metadata["retry_after_ms"]`` says how long to wait."""

    reason = "RATE_LIMITED"


class DeadlineError(MagentaBridgeError):
    """The time the caller allowed has passed; the work was stopped."""

    code = "DEADLINE_EXCEEDED"
    reason = "DEADLINE_EXCEEDED"


class CancelledError(MagentaBridgeError):
    """The caller took the request back; the work was stopped."""

    code = "CANCELLED"
    reason = "CANCELLED"


class MidiHubError(MagentaBridgeError):
    """A MIDI hub, captor, player or signal is used against its rules."""

    code = "FAILED_PRECONDITION"
    reason = "MIDI_HUB"


class InternalError(MagentaBridgeError):
    """A bug of ours. The message names an incident id that the server's log explains."""

    code = "INTERNAL"
    reason = "INTERNAL"


def error_classes() -> dict[str, type[MagentaBridgeError]]:
    """Returns every error class of the tree, by its ``reason``."""
    found: dict[str, type[MagentaBridgeError]] = {}
    pending: list[type[MagentaBridgeError]] = [MagentaBridgeError]
    while pending:
        cls = pending.pop()
        found[cls.reason] = cls
        pending.extend(cls.__subclasses__())
    return found
