"""Decode requests, so that an invalid request becomes our own error."""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.message import DecodeError, Message

from magenta_bridge.errors import InvalidArgumentError, MagentaBridgeError
from magenta_bridge.limits import MESSAGE_BYTES, check_limit


def decoder(
    deserialize: Callable[[bytes], Message],
) -> Callable[[bytes], Message | MagentaBridgeError]:
    """Return a deserializer that returns its error instead of raising it.

    gRPC would respond to an exception of the deserializer with UNKNOWN and the exception's text.
    """

    def decode(data: bytes) -> Message | MagentaBridgeError:
        try:
            check_limit(MESSAGE_BYTES, len(data), where="request", field="request")
            return deserialize(data)
        except MagentaBridgeError as error:
            return error
        except DecodeError:
            return InvalidArgumentError(
                "The request is damaged or not of the type that this method takes.",
                field="request",
            )

    return decode
