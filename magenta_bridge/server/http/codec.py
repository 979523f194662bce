"""Encode and decode messages: protobuf's JSON, read strictly, or its binary format."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NoReturn, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message

from magenta_bridge.errors import InvalidArgumentError, MagentaBridgeError
from magenta_bridge.limits import JSON_CONTAINERS, JSON_DIGITS, MESSAGE_BYTES, check_limit
from magenta_bridge.server.rpc.decoding import decoder

T = TypeVar("T")

# As they appear in content types.
ENCODINGS: Final = ("json", "proto")
# Decoding JSON of that size blocks the event loop for at most five milliseconds.
_SMALL_BYTES: Final = 8_192

# The library's error messages: the innermost reason, and the names of the fields around it.
_AROUND: Final = re.compile(r"\AFailed to parse (?P<name>\S+) field: ")
_AT: Final = re.compile(r" at \"?(?P<path>\w+(?:\.[\w.\[\]@-]+)?)\"?\.*\Z")
_UNKNOWN: Final = re.compile(
    r"\AMessage type \"[\w.]+\" has no field named \"(?P<name>.*?)\" at \"(?P<path>.*?)\"\.",
    re.DOTALL,
)
_END_CHARACTERS: Final = 400
# What the library may raise for values of a wrong type, in addition to its own error.
# protobuf raises SystemError for a field name that is not Unicode.
_WRONG_TYPE_ERRORS: Final = (
    ValueError, TypeError, ArithmeticError, LookupError, AttributeError, SystemError,
)  # fmt: skip

# {"sequences": [{"notes": [{...
_NOTE_DEPTH: Final = 4
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Codec:
    """Encodes and decodes messages without blocking the event loop.

    One thread is enough: the GIL keeps two from being faster, and decoding a large JSON message
    takes twenty times its size.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="json")

    async def decode(self, encoding: str, data: bytes, message_class: type[Message]) -> Message:
        """Return the message that is encoded in bytes, as ``json`` or ``proto``.

        Raises:
            InvalidArgumentError: They are not such a message.
            LimitExceededError: They exceed a limit.
        """
        if encoding == "json":
            check_limit(MESSAGE_BYTES, len(data), where="request", field="request")
            return await self._run(len(data), lambda: read_json(data, message_class))
        message = decoder(message_class.FromString)(data)
        if isinstance(message, MagentaBridgeError):
            raise message
        return message

    async def encode(self, encoding: str, message: Message) -> bytes:
        """Return a message as bytes, encoded as ``json`` or ``proto``."""
        if encoding == "json":
            return await self._run(message.ByteSize(), lambda: write_json(message))
        return message.SerializeToString()

    async def _run(self, size: int, work: Callable[[], T]) -> T:
        if size <= _SMALL_BYTES:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """End the thread after its current message."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def read_json(data: bytes, message_class: type[Message]) -> Message:
    """Parse a message in protobuf's JSON; field names may be camelCase or snake_case.

    Args:
        data: The text, in UTF-8.
        message_class: Class of the message.

    Raises:
        InvalidArgumentError: It is not JSON or does not match the message; the error says where.
        LimitExceededError: It exceeds a limit.
    """
    # Objects and arrays, including those inside strings: the parser holds the GIL and takes a
    # microsecond for each.
    containers = data.count(b"[") + data.count(b"{")
    check_limit(JSON_CONTAINERS, containers, where="request", field="request")
    message = message_class()
    try:
        values = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_read_object,
            parse_constant=_reject_constant,
            parse_int=_read_int,
        )
        if not isinstance(values, dict):
            raise _invalid('The request must be a JSON object, such as {} or {"name": value}.')
        json_format.ParseDict(values, message)
    except InvalidArgumentError:
        raise
    except json.JSONDecodeError as error:
        raise _invalid(
            f"The request is not valid JSON: {error.msg} at line {error.lineno}, column "
            f"{error.colno}."
        ) from None
    except UnicodeDecodeError as error:
        raise _invalid(f"The request is not valid UTF-8 at byte {error.start}.") from None
    except RecursionError:
        raise _invalid("The request's JSON is nested too deeply.") from None
    except json_format.ParseError as error:
        raise _explain(str(error), message) from None
    except _WRONG_TYPE_ERRORS:
        raise _invalid("The request's JSON does not match this method; see docs/api.md.") from None
    return message


def _read_object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise _invalid(f"The request's JSON has {json.dumps(name)} twice in one object.")
        values[name] = value
    return values


def _reject_constant(text: str) -> NoReturn:
    raise _invalid(f'{text} is not valid JSON; write "{text}".')


def _read_int(text: str) -> int:
    if len(text) > JSON_DIGITS.value:
        raise _invalid(
            f"The request's JSON has a number of {len(text)} digits; the maximum is "
            f"{JSON_DIGITS.value}."
        )
    return int(text)


def _explain(text: str, message: Message) -> InvalidArgumentError:
    # The text quotes the request, whatever its length, and the patterns take quadratic time.
    if len(text) > 2 * _END_CHARACTERS:
        text = f"{text[:_END_CHARACTERS]}...{text[-_END_CHARACTERS:]}"
    root = message.DESCRIPTOR.name
    names: list[str] = []
    while (around := _AROUND.match(text)) is not None:
        names.append(around["name"])
        text = text[around.end() :].rstrip(".")
    unknown = _UNKNOWN.match(text)
    if unknown is not None:
        field = f"{unknown['path']}.{unknown['name']}".removeprefix(root).lstrip(".")
        return _invalid(f"The request has no field {json.dumps(field)}; see docs/api.md.", field)
    field = ".".join(names)
    at = _AT.search(text)
    if at is not None:
        field, text = at["path"].removeprefix(root).lstrip("."), text[: at.start()]
    return _invalid(f"Invalid JSON value at {field or 'the top level'}: {text}.", field)


def _invalid(text: str, field: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(text, field=field or "request")


def write_json(message: Message) -> bytes:
    """Return a message in protobuf's JSON: camelCase names, unset fields left out."""
    return _encode(json_format.MessageToDict(message)).encode("utf-8")


def _encode(value: object, depth: int = 0) -> str:
    # The encoder holds the GIL, half a second for the largest response: encode note by note.
    if depth < _NOTE_DEPTH and isinstance(value, dict):
        entries = (f"{_ENCODE(name)}:{_encode(item, depth + 1)}" for name, item in value.items())
        return "{" + ",".join(entries) + "}"
    if depth < _NOTE_DEPTH and isinstance(value, list):
        return "[" + ",".join(_encode(item, depth + 1) for item in value) + "]"
    return _ENCODE(value)
