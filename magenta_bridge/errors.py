"""All errors of Magenta Bridge, as one tree.

    MagentaBridgeError
    +-- InvalidArgumentError        a request or an option breaks a stated rule
    |   +-- InvalidSequenceError    a NoteSequence is not valid music
    |   +-- FileFormatError         a file is not what its name says, or is damaged
    |   +-- LimitExceededError      input is well formed but larger than we accept
    +-- NotFoundError               a named file, port or generator does not exist
    +-- UnsupportedError            the generator or this install cannot do that
    |   +-- UnimplementedError      the server lacks the method, or that form of it
    +-- ForbiddenError              no caller from that origin may do that
    +-- BundleError                 a .mag bundle is damaged or of another format
    +-- TrainingError               training cannot start or continue
    +-- UnauthenticatedError        the caller has not sent a valid token
    +-- PermissionDeniedError       the caller is authenticated, but may not do that
    +-- ServerUnavailableError      no server responds, or it is shutting down
    +-- OverloadedError             the server has as much work as it accepts
    |   +-- RateLimitedError        one caller exceeds its rate limit
    +-- DeadlineError               the deadline has passed
    +-- CancelledError              the caller canceled the request
    +-- MidiHubError                a MIDI hub, captor, player or signal is used against its rules
    +-- InternalError               a bug; carries an incident id

A message is one or two sentences: what is wrong, where, and what to do. Each class has its
canonical gRPC code (as a name, so that this file does not import gRPC) and a reason in
UPPER_SNAKE_CASE for ``google.rpc.ErrorInfo``.
"""

from __future__ import annotations

from typing import ClassVar


class MagentaBridgeError(Exception):
    """Root of all errors that Magenta Bridge raises on purpose.

    Args:
        message: What is wrong, where, and what to do; shown to the user unchanged.
        field: Path of the offending field, e.g. ``primer.notes[3].pitch``; empty when the
            error is not in one field.
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
    """A file does not match its suffix, is damaged, or uses an unsupported feature."""

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
    """The server lacks the requested method, or the requested form of it."""

    code = "UNIMPLEMENTED"
    reason = "UNIMPLEMENTED"


class ForbiddenError(MagentaBridgeError):
    """The caller may not do that: a web page whose origin is not allowed."""

    code = "PERMISSION_DENIED"
    reason = "FORBIDDEN"


class BundleError(MagentaBridgeError):
    """A ``.mag`` bundle is damaged, incomplete, or of another format."""

    code = "FAILED_PRECONDITION"
    reason = "BAD_BUNDLE"


class TrainingError(MagentaBridgeError):
    """Training cannot start or continue: too little music, a damaged checkpoint."""

    code = "FAILED_PRECONDITION"
    reason = "TRAINING_FAILED"


class UnauthenticatedError(MagentaBridgeError):
    """The caller has sent no token, or an invalid one."""

    code = "UNAUTHENTICATED"
    reason = "UNAUTHENTICATED"


class PermissionDeniedError(MagentaBridgeError):
    """The caller is authenticated, but may not do that."""

    code = "PERMISSION_DENIED"
    reason = "PERMISSION_DENIED"


class ServerUnavailableError(MagentaBridgeError):
    """No server responds at the address, or it is shutting down."""

    code = "UNAVAILABLE"
    reason = "SERVER_UNAVAILABLE"


class OverloadedError(MagentaBridgeError):
    """The server has as much work as it accepts; try again a little later."""

    code = "RESOURCE_EXHAUSTED"
    reason = "OVERLOADED"


class RateLimitedError(OverloadedError):
    """The caller exceeds its rate limit; ``metadata["retry_after_ms"]`` is the time to wait."""

    reason = "RATE_LIMITED"


class DeadlineError(MagentaBridgeError):
    """The caller's deadline has passed; the work was stopped."""

    code = "DEADLINE_EXCEEDED"
    reason = "DEADLINE_EXCEEDED"


class CancelledError(MagentaBridgeError):
    """The caller canceled the request; the work was stopped."""

    code = "CANCELLED"
    reason = "CANCELLED"


class MidiHubError(MagentaBridgeError):
    """A MIDI hub, captor, player or signal is used against its rules."""

    code = "FAILED_PRECONDITION"
    reason = "MIDI_HUB"


class InternalError(MagentaBridgeError):
    """A bug. The message has an incident id, under which the server's log has the details."""

    code = "INTERNAL"
    reason = "INTERNAL"


def error_classes() -> dict[str, type[MagentaBridgeError]]:
    """Return every error class of the tree by its ``reason``."""
    found: dict[str, type[MagentaBridgeError]] = {}
    pending: list[type[MagentaBridgeError]] = [MagentaBridgeError]
    while pending:
        cls = pending.pop()
        found[cls.reason] = cls
        pending.extend(cls.__subclasses__())
    return found
