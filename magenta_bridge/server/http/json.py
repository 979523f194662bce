"""Messages as JSON: strict in what is read, with the place of each fault."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from google.protobuf import json_format
from google.protobuf.message import Message

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.limits import JSON_CONTAINERS, JSON_DIGITS, check_limit

# How the library words a fault: the innermost reason, and the names of the fields around it.
_AROUND: Final = re.compile(r"\AFailed to parse (?P<name>\S+) field: ")
_AT: Final = re.compile(r" at \"?(?P<path>\w+(?:\.[\w.\[\]@-]+)?)\"?\.*\Z")
_UNKNOWN: Final = re.compile(
    r"\AMessage type \"[\w.]+\" has no field named \"(?P<name>.*?)\" at \"(?P<path>.*?)\"\.",
    re.DOTALL,
)
# {"sequences": [{"notes": [{...
_NOTE_DEPTH: Final = 4
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_END_CHARACTERS: Final = 400
# What reading a value of a wrong kind may raise, beside the library's own error.
_FAULTS: Final = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)


def read_json(data: bytes, kind: type[Message]) -> Message:
    """Reads a message in protobuf's JSON; field names may be written either way.

    Args:
        data: The text, in UTF-8.
        kind: Class of the message.

    Raises:
        InvalidArgumentError: It is no JSON, or does not fit the message; the error says where.
        LimitExceededError: It holds more than is accepted.
    """
    # Lists and objects, those written in texts counted with them: the parser lets no other
    # thread run, and takes a microsecond for each.
    held = data.count(b"[") + data.count(b"{")
    check_limit(JSON_CONTAINERS, held, where="request", field="request")
    values = _load(data)
    if not isinstance(values, dict):
        raise _fault('The request is no JSON object; send {} or {"name": value}.')
    message = kind()
    try:
        json_format.ParseDict(values, message)
    except json_format.ParseError as error:
        raise _explained(str(error), message) from None
    except RecursionError:
        raise _fault("The request's JSON is nested too deeply.") from None
    except _FAULTS:
        raise _fault("The request's JSON does not fit this method; see docs/api.md.") from None
    return message


def write_json(message: Message) -> bytes:
    """Returns a message in protobuf's JSON, names in camelCase, without fields not set."""
    return _encode(json_format.MessageToDict(message)).encode("utf-8")


def _encode(value: object, depth: int = 0) -> str:
    # The encoder lets no other thread run, and takes half a second for the largest answer: it
    # gets every note on its own, which lie at that depth.
    if depth < _NOTE_DEPTH and isinstance(value, dict):
        entries = (f"{_ENCODE(name)}:{_encode(held, depth + 1)}" for name, held in value.items())
        return "{" + ",".join(entries) + "}"
    if depth < _NOTE_DEPTH and isinstance(value, list):
        return "[" + ",".join(_encode(held, depth + 1) for held in value) + "]"
    return _ENCODE(value)


def _load(data: bytes) -> object:
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_read_int,
        )
    except json.JSONDecodeError as error:
        raise _fault(
            f"The request is no JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except UnicodeDecodeError as error:
        raise _fault(f"The request is no UTF-8: see byte {error.start}.") from None
    except RecursionError:
        raise _fault("The request's JSON is nested too deeply.") from None


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise _fault(f"The request's JSON gives {json.dumps(name)} twice in one object.")
        made[name] = value
    return made


def _refuse_constant(text: str) -> NoReturn:
    raise _fault(f'{text} is no JSON; a field that takes it takes "{text}".')


def _read_int(text: str) -> int:
    if len(text) > JSON_DIGITS.value:
        raise _fault(
            f"The request's JSON has a number of {len(text)} digits; {JSON_DIGITS.value} are "
            "accepted."
        )
    return int(text)


def _explained(text: str, message: Message) -> InvalidArgumentError:
    # It repeats what was sent, however long, and the patterns take its square.
    if len(text) > 2 * _END_CHARACTERS:
        text = f"{text[:_END_CHARACTERS]}...{text[-_END_CHARACTERS:]}"
    names: list[str] = []
    while (around := _AROUND.match(text)) is not None:
        names.append(around["name"])
        text = text[around.end() :].rstrip(".")
    unknown = _UNKNOWN.match(text)
    if unknown is not None:
        field = _path(f"{unknown['path']}.{unknown['name']}", message)
        return _fault(f"The request has no field {json.dumps(field)}; see docs/api.md.", field)
    at = _AT.search(text)
    if at is not None:
        field, text = _path(at["path"], message), text[: at.start()]
    else:
        field = ".".join(names)
    return _fault(f"The request's JSON does not fit at {field or 'its top'}: {text}.", field)


def _path(path: str, message: Message) -> str:
    """Returns the library's path without the message's name, with which it begins."""
    return path.removeprefix(message.DESCRIPTOR.name).lstrip(".")


def _fault(text: str, field: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(text, field=field or "request")
