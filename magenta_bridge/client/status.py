"""From a failed call back to our errors, as if they had been raised here."""

from __future__ import annotations

from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from magenta_bridge.client.handshake import why_unreachable
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


def error_of(call: Any, address: str) -> MagentaBridgeError:  # noqa: ANN401 - two unrelated classes
    """Returns our error for a failed call.

    Args:
        call: The ``grpc.RpcError`` that was raised, of a synchronous or an asyncio call.
        address: The server asked, for messages.

    Returns:
        The error that the server raised, with message, field and metadata; where the failure
        has other causes, the error that says which.
    """
    info = _error_info(call)
    if info is None:
        return _local_error(call, address)
    metadata = dict(info.metadata)
    cls = error_classes().get(info.reason) or _class_for(call.code().name)
    return cls(call.details(), field=metadata.pop("field", ""), metadata=metadata)


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
    """Returns the broadest class of a code, for reasons that a newer server invented."""
    classes = [cls for cls in error_classes().values() if cls.code == code]
    return min(classes, key=lambda cls: len(cls.__mro__), default=InternalError)


def _local_error(call: Any, address: str) -> MagentaBridgeError:  # noqa: ANN401 - as above
    """Returns the error for a status that gRPC made up itself, on this side or the other."""
    code = call.code()
    cls, message = _LOCAL.get(code, _ODD)
    if code is grpc.StatusCode.UNAVAILABLE:
        message = why_unreachable(call.details() or "") or message
    return cls(message.format(address=address, code=code.name))


_LOCAL: Final[dict[grpc.StatusCode, tuple[type[MagentaBridgeError], str]]] = {
    grpc.StatusCode.UNAVAILABLE: (
        ServerUnavailableError,
        "No server answers at {address}; start one with: magenta-bridge serve",
    ),
    grpc.StatusCode.DEADLINE_EXCEEDED: (
        DeadlineError,
        "The server at {address} did not finish in time; ask for less music, or allow more "
        "time with Client(..., timeout=seconds).",
    ),
    grpc.StatusCode.CANCELLED: (CancelledError, "The request was cancelled."),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (
        LimitExceededError,
        "A message to or from the server at {address} is larger than is accepted; use less "
        "music at once.",
    ),
    grpc.StatusCode.UNIMPLEMENTED: (
        UnsupportedError,
        "The server at {address} cannot do that; it may be of another version.",
    ),
}
_ODD: Final = (
    InternalError,
    "The server at {address} failed in an unexpected way ({code}); its log may say why.",
)
