"""The arguments a generator takes: one table, read by server, CLI and devices alike."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.noteseq import GeneratorOptions

ArgumentValue: TypeAlias = bool | int | float | str


class ArgumentType(enum.Enum):
    """Type of an argument; the value names the field of Magenta's ``ArgValue`` it travels in."""

    INT = "int_value"
    FLOAT = "float_value"
    BOOL = "bool_value"
    STRING = "string_value"


@dataclass(frozen=True)
class Argument:
    """One row of a generator's table of arguments.

    Attributes:
        name: Key in ``GeneratorOptions.args``.
        type: Type of the value.
        default: Value used when the key is absent.
        help: One sentence for a musician.
        minimum: Smallest accepted value, inclusive; None where order means nothing.
        maximum: Largest accepted value, inclusive; None where order means nothing.
        unit: Unit of the value, empty for a plain number.
    """

    name: str
    type: ArgumentType
    default: ArgumentValue
    help: str
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""

    def check(self, value: ArgumentValue) -> ArgumentValue:
        """Returns ``value`` in this argument's type.

        Raises:
            InvalidArgumentError: The type or the range is wrong.
        """
        field = f"options.args[{self.name}]"
        converted = self._convert(value, field)
        if isinstance(converted, str) or self.minimum is None or self.maximum is None:
            return converted
        if not self.minimum <= converted <= self.maximum:
            raise InvalidArgumentError(
                f"{self.name} must be {self.minimum:g} to {self.maximum:g}, got {value}.",
                field=field,
                metadata={"minimum": str(self.minimum), "maximum": str(self.maximum)},
            )
        return converted

    def _convert(self, value: ArgumentValue, field: str) -> ArgumentValue:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if self.type is ArgumentType.STRING and isinstance(value, str):
            return value
        if self.type is ArgumentType.BOOL and isinstance(value, bool):
            return value
        if self.type is ArgumentType.FLOAT and number and math.isfinite(float(value)):
            return float(value)
        if self.type is ArgumentType.INT and number and float(value).is_integer():
            return int(value)
        raise InvalidArgumentError(
            f"{self.name} must be {_NOUNS[self.type]}, got {value!r}.", field=field
        )


_NOUNS = {
    ArgumentType.INT: "a whole number",
    ArgumentType.FLOAT: "a finite number",
    ArgumentType.BOOL: "true or false",
    ArgumentType.STRING: "text",
}


def read_arguments(
    table: Iterable[Argument], options: GeneratorOptions
) -> dict[str, ArgumentValue]:
    """Reads ``options.args`` by the table: every name present, every value checked.

    Args:
        table: The generator's arguments.
        options: The request's options.

    Returns:
        A value for each argument of the table; defaults where the request is silent.

    Raises:
        InvalidArgumentError: An unknown name, a wrong type, or a value out of range.
    """
    rows = {row.name: row for row in table}
    values: dict[str, ArgumentValue] = {name: row.default for name, row in rows.items()}
    for name in sorted(options.args):
        if name not in rows:
            raise InvalidArgumentError(
                f"There is no argument {name!r}; this generator takes {', '.join(rows)}.",
                field=f"options.args[{name}]",
            )
        held = options.args[name]
        kind = held.WhichOneof("kind")
        if kind is None or kind == "byte_value":
            raise InvalidArgumentError(
                f"{name} must be {_NOUNS[rows[name].type]}, got nothing readable.",
                field=f"options.args[{name}]",
            )
        values[name] = rows[name].check(getattr(held, kind))
    return values


def write_argument(options: GeneratorOptions, name: str, value: ArgumentValue) -> None:
    """Puts one value into ``options.args`` under the field that suits its Python type."""
    if isinstance(value, bool):
        options.args[name].bool_value = value
    elif isinstance(value, int):
        options.args[name].int_value = value
    elif isinstance(value, float):
        options.args[name].float_value = value
    else:
        options.args[name].string_value = value
