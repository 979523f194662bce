"""Turns failed calls into the errors of ``magenta_bridge.errors``, as if raised here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from magenta_bridge.errors import (
    CancelledError,
    DeadlineError,
    InternalError,
    LimitExceededError,
    MagentaBridgeError,
    ServerUnavailableError,
    UnsupportedError,
    error_classes,
)

DOMAIN: Final = "magenta-bridge"
NOT_OURS: Final = (
    "The server at {address} is another program, or another version of Magenta Bridge: it does not "
    "have this service of magenta_bridge.v1. Give another address, or update it."
)
# gRPC's words for REFUSED_STREAM: the server has not read the request (RFC 9113, section 8.7).
_REFUSED: Final = "RST_STREAM with error code 7"
_REFUSED_SECONDS: Final = 0.05


@contextlib.contextmanager
def rpc_errors(address: str) -> Iterator[None]:
    """Raise the error that the server raised, or one that describes another failure.

    Args:
        address: Address of the server, for messages.
    """
    try:
        yield
    except grpc.RpcError as error:
        raise _error_of(error, address) from error


def _error_of(call: Any, address: str) -> MagentaBridgeError:  # noqa: ANN401 - two unrelated classes
    info = _error_info(call)
    if info is None:
        return _local_error(call, address)
    metadata = dict(info.metadata)
    cls = error_classes().get(info.reason) or _class_for(call.code().name)
    return cls(call.details(), field=metadata.pop("field", ""), metadata=metadata)


def retry_seconds(call: Any) -> float | None:  # noqa: ANN401 - two unrelated classes
    """Return when to try a call again that the server did not begin; None for other failures."""
    if call.code() is grpc.StatusCode.UNAVAILABLE and _REFUSED in (call.details() or ""):
        return _REFUSED_SECONDS
    if call.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED or _error_info(call) is None:
        return None
    status = rpc_status.from_call(call)
    for detail in status.details if status else ():
        retry = error_details_pb2.RetryInfo()
        if detail.Unpack(retry):
            return float(retry.retry_delay.ToNanoseconds() / 1e9)
    return None


def _error_info(call: Any) -> error_details_pb2.ErrorInfo | None:  # noqa: ANN401 - as above
    try:
        status = rpc_status.from_call(call)
    except (ValueError, DecodeError):
        return None
    for detail in status.details if status else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info) and info.domain == DOMAIN:
            return info
    return None


def _class_for(code: str) -> type[MagentaBridgeError]:
    """Return the broadest class of a code, for a reason that only a newer server has."""
    classes = [cls for cls in error_classes().values() if cls.code == code]
    return min(classes, key=lambda cls: len(cls.__mro__), default=InternalError)


def _local_error(call: Any, address: str) -> MagentaBridgeError:  # noqa: ANN401 - as above
    """Return the error for a status that gRPC created, on this side or the other."""
    code = call.code()
    cls, message = _LOCAL.get(code, _UNEXPECTED)
    if code is grpc.StatusCode.UNAVAILABLE:
        message = why_unreachable(call.details() or "") or message
    return cls(message.format(address=address, code=code.name))


def why_unreachable(details: str) -> str | None:
    """Return a message for a failed connection, with ``{address}`` for the server's address.

    Args:
        details: gRPC's description of the failure.

    Returns:
        The message; None when the description has no known cause.
    """
    for words, message in _CAUSES:
        if all(word in details for word in words):
            return message
    return None


_LOCAL: Final[dict[grpc.StatusCode, tuple[type[MagentaBridgeError], str]]] = {
    grpc.StatusCode.UNAVAILABLE: (
        ServerUnavailableError,
        "No server answers at {address}; start one with: magenta-bridge serve",
    ),
    grpc.StatusCode.DEADLINE_EXCEEDED: (
        DeadlineError,
        "The server at {address} did not finish in time; request less music, or allow more "
        "time with Client(..., timeout=seconds).",
    ),
    grpc.StatusCode.CANCELLED: (CancelledError, "The request was cancelled."),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (
        LimitExceededError,
        "A message to or from the server at {address} is too large; use less music at once.",
    ),
    grpc.StatusCode.UNIMPLEMENTED: (UnsupportedError, NOT_OURS),
}
_UNEXPECTED: Final = (
    InternalError,
    "The server at {address} failed unexpectedly ({code}); see its log.",
)
# Words of gRPC's description and what they mean; the first row whose words all occur applies.
_CAUSES: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (
        ("CERTIFICATE_VERIFY_FAILED", "expired"),
        "The certificate of the server at {address} has expired; create a new one on the server "
        "with: magenta-bridge certs",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED",),
        "The certificate of the server at {address} is not signed by an authority that this "
        "client trusts; give the ca.crt that was created with it: tls=TlsFiles(ca=...), or "
        "--tls-ca on the command line.",
    ),
    (
        ("Hostname Verification Check failed",),
        "The certificate of the server is not valid for the name in {address}; use a name of the "
        "certificate, or create one for this name: magenta-bridge certs --host NAME",
    ),
    (
        ("WRONG_VERSION_NUMBER",),
        "The server at {address} does not use TLS; leave out the files for TLS.",
    ),
    (
        ("failed to connect", "Socket closed"),
        "The server at {address} ended the connection at once; if it requires TLS or a client "
        "certificate, give tls=TlsFiles(...), or --tls-ca, --tls-cert and --tls-key on the "
        "command line.",
    ),
)
