"""The arguments of a generator: one table for server, client, command line and devices."""

from __future__ import annotations

import enum
import math
import numbers
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.limits import SEEDS
from magenta_bridge.noteseq import GeneratorOptions
from magenta_bridge.v1 import generator_pb2

ArgumentValue: TypeAlias = bool | int | float | str

_INT32: Final = range(-SEEDS, SEEDS)


class ArgumentType(enum.Enum):
    """Type of an argument; the value is the name of its field in Magenta's ``ArgValue``."""

    INT = "int_value"
    FLOAT = "float_value"
    BOOL = "bool_value"
    STRING = "string_value"


@dataclass(frozen=True)
class Argument:
    """One row of a generator's table of arguments.

    Attributes:
        name: Keyword in ``generate``, and key in ``GeneratorOptions.args``.
        type: Type of the value.
        default: Value used when the argument is left out.
        help: One sentence for a musician.
        minimum: Smallest accepted value, inclusive, in ``unit``; None for text and truth values.
        maximum: Largest accepted value, inclusive, in ``unit``; None for text and truth values.
        unit: Unit of the value, empty for a plain number.
    """

    name: str
    type: ArgumentType
    default: ArgumentValue
    help: str
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""

    @classmethod
    def from_message(cls, message: generator_pb2.Argument) -> Argument:
        """Return the row that a message describes; its default value must be set."""
        kind = ArgumentType(message.default_value.WhichOneof("kind"))
        default = getattr(message.default_value, kind.value)
        if kind is ArgumentType.FLOAT:
            # The wire format has 24 bits: restore the shortest number with the same bits.
            default = float(f"{default:.7g}")
        return cls(
            name=message.name,
            type=kind,
            default=default,
            help=message.help,
            minimum=message.minimum if message.HasField("minimum") else None,
            maximum=message.maximum if message.HasField("maximum") else None,
            unit=message.unit,
        )

    def to_message(self) -> generator_pb2.Argument:
        """Return the message that describes this row."""
        default = GeneratorOptions.ArgValue()
        setattr(default, self.type.value, self.default)
        return generator_pb2.Argument(
            name=self.name,
            type=generator_pb2.ArgumentType.Value(f"ARGUMENT_TYPE_{self.type.name}"),
            minimum=self.minimum,
            maximum=self.maximum,
            default_value=default,
            unit=self.unit,
            help=self.help,
        )

    def check(self, value: ArgumentValue) -> ArgumentValue:
        """Return ``value`` in this argument's type.

        Raises:
            InvalidArgumentError: The type or the range is wrong.
        """
        converted = self._convert(value)
        if isinstance(converted, str) or self.minimum is None or self.maximum is None:
            return converted
        if not self.minimum <= converted <= self.maximum:
            raise InvalidArgumentError(
                f"{self.name} must be {self.minimum:g} to {self.maximum:g}, got {value}.",
                field=_field(self.name),
                metadata={"minimum": str(self.minimum), "maximum": str(self.maximum)},
            )
        return converted

    def _convert(self, value: ArgumentValue) -> ArgumentValue:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if self.type is ArgumentType.STRING and isinstance(value, str):
            return check_text(self.name, value, field=_field(self.name))
        if self.type is ArgumentType.BOOL and isinstance(value, bool):
            return value
        if self.type is ArgumentType.FLOAT and number and math.isfinite(float(value)):
            return float(value)
        if self.type is ArgumentType.INT and number and float(value).is_integer():
            return int(value)
        raise InvalidArgumentError(
            f"{self.name} must be {_NOUNS[self.type]}, got {value!r}.", field=_field(self.name)
        )


_NOUNS: Final = {
    ArgumentType.INT: "a whole number",
    ArgumentType.FLOAT: "a finite number",
    ArgumentType.BOOL: "true or false",
    ArgumentType.STRING: "text",
}


def read_arguments(
    table: Iterable[Argument], options: GeneratorOptions
) -> dict[str, ArgumentValue]:
    """Read ``options.args`` by a generator's table.

    Args:
        table: The generator's arguments.
        options: The request's options.

    Returns:
        A checked value for each argument of the table; the default where the request has none.

    Raises:
        InvalidArgumentError: An unknown name, a wrong type, or a value out of range.
    """
    rows = {row.name: row for row in table}
    values: dict[str, ArgumentValue] = {name: row.default for name, row in rows.items()}
    for name in sorted(options.args):
        if name not in rows:
            raise InvalidArgumentError(
                f"There is no argument {name!r}; this generator takes {', '.join(rows)}.",
                field=_field(name),
            )
        kind = options.args[name].WhichOneof("kind")
        if kind is None or kind == "byte_value":
            raise InvalidArgumentError(
                f"{name} must be {_NOUNS[rows[name].type]}, got an empty value or bytes.",
                field=_field(name),
            )
        values[name] = rows[name].check(getattr(options.args[name], kind))
    return values


def write_argument(options: GeneratorOptions, name: str, value: object) -> None:
    """Write one value into ``options.args``, in the field that suits its Python or NumPy type.

    Raises:
        InvalidArgumentError: The type is not that of an argument, or the number has over 32 bits.
    """
    slot = options.args[check_text("the name of an argument", name)]
    # The abstract classes of numbers include NumPy's scalars; int and float do not.
    if isinstance(value, bool):
        slot.bool_value = value
    elif isinstance(value, numbers.Integral):
        slot.int_value = whole_number(name, value, _INT32, field=_field(name))
    elif isinstance(value, numbers.Real):
        slot.float_value = float(value)
    elif isinstance(value, str):
        slot.string_value = check_text(name, value, field=_field(name))
    else:
        raise InvalidArgumentError(
            f"{name} must be a number, text, or true or false, got {type(value).__name__}.",
            field=_field(name),
        )


def check_text(name: str, value: str, *, field: str = "") -> str:
    """Return a text, which Python may have decoded from bytes that are not UTF-8.

    Raises:
        InvalidArgumentError: It has lone surrogates.
    """
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgumentError(
            f"{name} must be valid Unicode, got {value!r}.", field=field or name
        ) from error
    return value


def whole_number(name: str, value: object, accepted: range, *, field: str = "") -> int:
    """Return a whole number of an accepted range as an int.

    Args:
        name: Name of the value in the error message.
        value: The value.
        accepted: The range, with a step of 1.
        field: Field of the error; the name when empty.

    Raises:
        InvalidArgumentError: The value is not a whole number, or it is out of range.
    """
    if not isinstance(value, numbers.Integral) or int(value) not in accepted:
        raise InvalidArgumentError(
            f"{name} must be a whole number from {accepted.start} to {accepted.stop - 1}, "
            f"got {value!r}.",
            field=field or name,
        )
    return int(value)


def _field(name: str) -> str:
    return f"options.args[{name}]"
