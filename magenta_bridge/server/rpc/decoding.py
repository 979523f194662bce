"""From bytes to a request, or to the error that says why they are none."""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.message import DecodeError, Message

from magenta_bridge.errors import InvalidArgumentError, MagentaBridgeError
from magenta_bridge.limits import MESSAGE_BYTES, check_limit


def decoder(
    deserialize: Callable[[bytes], Message],
) -> Callable[[bytes], Message | MagentaBridgeError]:
    """Returns a deserializer that hands on the error it would raise.

    gRPC answers an exception of the deserializer itself, as UNKNOWN with the text of it.
    """

    def decode(data: bytes) -> Message | MagentaBridgeError:
        try:
            check_limit(MESSAGE_BYTES, len(data), where="request", field="request")
            return deserialize(data)
        except MagentaBridgeError as error:
            return error
        except DecodeError:
            return InvalidArgumentError(
                "The request is damaged or of another type than this method takes.",
                field="request",
            )

    return decode
