"""Decode requests, so that an invalid request becomes our own error."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

from magenta_bridge.errors import InvalidArgumentError, MagentaBridgeError
from magenta_bridge.limits import MESSAGE_BYTES, MESSAGE_FIELDS, check_limit

# Smaller requests cannot become large: a field takes two bytes, and some 50 bytes of memory.
_SMALL_BYTES: Final = 32_768
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIZES: Final = {_FIXED64: 8, _FIXED32: 4}
# Bytes of memory for each byte of a request, and for each of its fields.
_COPIES: Final = 4
_FIELD_BYTES: Final = 64


def decoder(
    deserialize: Callable[[bytes], Message],
) -> Callable[[bytes], Message | MagentaBridgeError]:
    """Return a deserializer that returns its error instead of raising it.

    gRPC would respond to an exception of the deserializer with UNKNOWN and the exception's text.

    Args:
        deserialize: ``FromString`` of a class of messages.
    """
    descriptor: Descriptor = deserialize.__self__.DESCRIPTOR  # type: ignore[attr-defined]

    def decode(data: bytes) -> Message | MagentaBridgeError:
        try:
            check_limit(MESSAGE_BYTES, len(data), where="request", field="request")
            if len(data) > _SMALL_BYTES:
                count_fields(data, descriptor)
            return deserialize(data)
        except MagentaBridgeError as error:
            return error
        except (DecodeError, IndexError):
            return InvalidArgumentError(
                "The request is damaged or not of the type that this method takes.",
                field="request",
            )

    return decode


def memory_of(request: Message) -> int:
    """Return the most memory that a decoded request takes, in bytes, without walking through it."""
    size = request.ByteSize()
    return _COPIES * size + _FIELD_BYTES * min(size // 2, MESSAGE_FIELDS.value)


def count_fields(data: bytes, descriptor: Descriptor) -> int:
    """Count the fields of an encoded message, except in messages that contain only plain fields.

    An empty message takes 2 bytes on the wire, and 25 times that as an object.

    Args:
        data: The encoded message.
        descriptor: Its type.

    Raises:
        LimitExceededError: There are too many.
        DecodeError: A field has an unknown wire type.
        IndexError: The message ends within a field.
    """
    count = 0
    open_messages = [(0, len(data), _nested(descriptor))]
    while open_messages:
        at, end, nested = open_messages.pop()
        while at < end:
            count += 1
            if count > MESSAGE_FIELDS.value:
                check_limit(MESSAGE_FIELDS, count, where="request", field="request")
            tag, at = _varint(data, at)
            kind = tag & 7
            if kind == _VARINT:
                _, at = _varint(data, at)
            elif kind == _BYTES:
                size, at = _varint(data, at)
                inner = nested.get(tag >> 3)
                if inner is not None and size:
                    open_messages.append((at, min(at + size, end), _nested(inner)))
                at += size
            elif kind in _SIZES:
                at += _SIZES[kind]
            else:  # a group, which our messages do not have
                raise DecodeError("unknown wire type")
    return count


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a variable-length integer, and where it ends."""
    value = data[at]
    at += 1
    if value < 0x80:
        return value, at
    value &= 0x7F
    shift = 7
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


@functools.cache
def _nested(descriptor: Descriptor) -> dict[int, Descriptor]:
    """Return the types, by number, of those fields that can contain any number of fields."""
    found: dict[int, Any] = {}
    for field in descriptor.fields:
        if field.message_type is not None and any(map(_is_growing, field.message_type.fields)):
            found[field.number] = field.message_type
    return found


def _is_growing(field: FieldDescriptor) -> bool:
    return field.is_repeated or field.message_type is not None
