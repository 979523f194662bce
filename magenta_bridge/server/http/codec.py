"""The two forms of a message, and the thread that translates the large ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from google.protobuf.message import DecodeError, Message

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.limits import MESSAGE_BYTES, check_limit
from magenta_bridge.server.http.json import read_json, write_json

T = TypeVar("T")

# JSON of that size is read within five milliseconds, and the event loop may be held up so long.
_SMALL_BYTES: Final = 8_192


@dataclass(frozen=True)
class Codec:
    """A form of messages.

    Attributes:
        name: ``json`` or ``proto``, as it stands in content types.
        read: Makes a message of a class from bytes.
        write: Makes bytes from a message.
        slow: Whether a large message takes long enough to hold up an event loop.
    """

    name: str
    read: Callable[[bytes, type[Message]], Message]
    write: Callable[[Message], bytes]
    slow: bool


def _read_proto(data: bytes, kind: type[Message]) -> Message:
    try:
        return kind.FromString(data)
    except DecodeError:
        raise InvalidArgumentError(
            "The request is damaged or of another type than this method takes.", field="request"
        ) from None


JSON: Final = Codec("json", read_json, write_json, slow=True)
PROTO: Final = Codec("proto", _read_proto, lambda message: message.SerializeToString(), slow=False)
CODECS: Final = {codec.name: codec for codec in (JSON, PROTO)}


class Translator:
    """Reads and writes messages without holding up the event loop.

    One thread is enough: the work is Python's, so that two would not be faster, and a large
    message takes twenty times its size while it is read.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="json")

    async def read(self, codec: Codec, data: bytes, kind: type[Message]) -> Message:
        """Returns the message that bytes hold.

        Raises:
            InvalidArgumentError: They hold none.
            LimitExceededError: They are more than is accepted.
        """
        check_limit(MESSAGE_BYTES, len(data), where="request", field="request")
        return await self._translate(codec, len(data), lambda: codec.read(data, kind))

    async def write(self, codec: Codec, message: Message) -> bytes:
        """Returns a message as bytes."""
        return await self._translate(codec, message.ByteSize(), lambda: codec.write(message))

    async def _translate(self, codec: Codec, size: int, work: Callable[[], T]) -> T:
        if not codec.slow or size <= _SMALL_BYTES:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Lets the thread end after what it has in hand."""
        self._thread.shutdown(wait=False, cancel_futures=True)
