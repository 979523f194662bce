"""A recipe: everything that determines a trained bundle, in one TOML file."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from magenta_bridge.errors import InvalidArgumentError, NotFoundError
from magenta_bridge.limits import NETWORK_LAYERS, NETWORK_SIZE, RECIPE_BYTES, SEEDS, check_limit

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")

# Of epochs, windows, and batches.
_LARGEST: Final = 1_000_000
# Of a transposition, in semitones.
_OCTAVES: Final = 48
AUTO: Final = "auto"
INT8: Final = "int8"
INT4: Final = "int4"

_NOUNS: Final[Mapping[type, str]] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list of whole numbers",
}


@dataclass(frozen=True)
class BundleRecipe:
    """Identity of the bundle; see ``GeneratorInfo``."""

    id: str
    description: str
    family: str = "lstm"
    encoding: str = "melody"


@dataclass(frozen=True)
class DataRecipe:
    """Where the music comes from and how it is split.

    Attributes:
        name: Name of the music, for the model card.
        origin: Public source of the music.
        license: License of the music.
        source: Corpus to fetch from its origin when no music is given: ``fiddle`` (see
            ``data.fiddle_tunes``); empty for none.
        sha256: Result of ``data.corpus.corpus_digest``; empty for music that may change.
        validation_share: Share of tune families for model selection, 0..1.
        test_share: Share of tune families for the reported scores, 0..1.
    """

    name: str = "your own music"
    origin: str = "a folder of MIDI files"
    license: str = "yours"
    source: str = ""
    sha256: str = ""
    validation_share: float = 0.1
    test_share: float = 0.1

    def __post_init__(self) -> None:
        shares = (self.validation_share, self.test_share)
        if not (min(shares) >= 0.0 and sum(shares) < 1.0):
            raise ValueError("validation_share and test_share must be 0 or more, below 1 together")


@dataclass(frozen=True)
class TrainingRecipe:
    """How the network learns.

    Attributes:
        seed: Seed of split, initial weights, order, transposition, and dropout.
        epochs: Maximum number of passes over the training split.
        patience: Epochs without a better validation loss before training ends.
        window_steps: Steps of truncated backpropagation through time.
        batch: Windows per update.
        learning_rate: Adam's (Kingma and Ba 2015) initial rate; a cosine lowers it to 2 %.
        transpose: Lowest and highest transposition drawn for each tune and epoch, semitones.
        init_output_bias: Whether to initialize the output bias to the log frequency of each
            event.
    """

    seed: int = 7
    epochs: int = 20
    patience: int = 4
    window_steps: int = 128
    batch: int = 32
    learning_rate: float = 2e-3
    transpose: tuple[int, int] = (-5, 6)
    init_output_bias: bool = False

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "window_steps", "batch"):
            if not 1 <= getattr(self, name) <= _LARGEST:
                raise ValueError(f"{name} must be 1 to {_LARGEST:,}, got {getattr(self, name)}")
        if not 0 <= self.seed < SEEDS:
            raise ValueError(f"seed must be 0 to {SEEDS - 1:,}, got {self.seed}")
        if not 0.0 < self.learning_rate < math.inf:
            raise ValueError(f"learning_rate must be above 0, got {self.learning_rate}")
        if len(self.transpose) != 2 or not -_OCTAVES <= self.transpose[0] <= self.transpose[1] <= (
            _OCTAVES
        ):
            raise ValueError(
                f"transpose must be the lowest and the highest transposition, {-_OCTAVES} to "
                f"{_OCTAVES} semitones"
            )


@dataclass(frozen=True)
class ProgramRecipe:
    """How the network is exported; training does not depend on it.

    Attributes:
        weights: Precision of the weights: ``int8``; ``int4``, for half the bytes; or ``auto``,
            which is ``int4`` for large networks whose NLL it hardly raises.
    """

    weights: str = AUTO

    def __post_init__(self) -> None:
        known = (AUTO, INT8, INT4)
        if self.weights not in known:
            raise ValueError(f"weights must be one of {', '.join(known)}, got {self.weights!r}")


@dataclass(frozen=True)
class Recipe:
    """A whole recipe; ``network`` has the family's keyword arguments."""

    bundle: BundleRecipe
    data: DataRecipe = field(default_factory=DataRecipe)
    network: Mapping[str, Any] = field(default_factory=dict)
    training: TrainingRecipe = field(default_factory=TrainingRecipe)
    program: ProgramRecipe = field(default_factory=ProgramRecipe)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe file.

    Raises:
        NotFoundError: The file does not exist.
        LimitExceededError: The file, or the network that it describes, is too large.
        InvalidArgumentError: It is not TOML, has an unknown section or key, lacks a key, or a
            value has the wrong type or is out of range.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise NotFoundError(f"The recipe {path} is not a regular file; name a .toml file.")
        with path.open("rb") as file:
            data = file.read(RECIPE_BYTES.value + 1)
        check_limit(RECIPE_BYTES, len(data), where=path.name)
        tables = tomllib.loads(data.decode())
    except OSError as error:
        raise NotFoundError(f"Cannot read the recipe {path}: {error.strerror}.") from error
    except ValueError as error:  # also of text that is not UTF-8, and of huge numbers
        raise InvalidArgumentError(f"{path} is not a recipe in TOML: {error}.") from error
    except RecursionError as error:
        raise InvalidArgumentError(f"{path} has too many brackets inside each other.") from error
    sections = [each.name for each in dataclasses.fields(Recipe)]
    for name, table in tables.items():
        if name not in sections or not isinstance(table, dict):
            raise InvalidArgumentError(
                f"{path}: {name!r} is not a section of a recipe; use [{'], ['.join(sections)}]."
            )
    recipe = Recipe(
        bundle=_fill(BundleRecipe, tables.pop("bundle", {}), path, "bundle"),
        data=_fill(DataRecipe, tables.pop("data", {}), path, "data"),
        network=_checked_network(tables.pop("network", {}), path),
        training=_fill(TrainingRecipe, tables.pop("training", {}), path, "training"),
        program=_fill(ProgramRecipe, tables.pop("program", {}), path, "program"),
    )
    if recipe.bundle.family == "gan" and recipe.program.weights == INT4:
        raise InvalidArgumentError(
            f"{path}: [program]: int4 weights are not available for the family gan; "
            "remove the line."
        )
    return recipe


def _checked_network(table: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """Return the arguments of a network, which can be built in the memory of a computer."""
    for name, value in table.items():
        parts = value if isinstance(value, list) else [value]
        where = f"{path}: [network]: {name}"
        check_limit(NETWORK_LAYERS, len(parts), where=where)
        for part in parts:
            if not isinstance(part, int | float | str):
                raise InvalidArgumentError(f"{where} must be a number, text, or a list of them.")
            if isinstance(part, float) and not math.isfinite(part):
                raise InvalidArgumentError(f"{where} must be finite, got {part}.")
            if isinstance(part, int):
                check_limit(NETWORK_SIZE, abs(part), where=where)
    return table


def _fill(cls: type[T], table: Mapping[str, Any], path: Path, section: str) -> T:
    fields = {each.name: each for each in dataclasses.fields(cls)}  # type: ignore[arg-type]
    where = f"{path}: [{section}]"
    for name in sorted(table):
        if name not in fields:
            raise InvalidArgumentError(
                f"{where} has no key {name!r}; it takes {', '.join(sorted(fields))}."
            )
    for name, each in fields.items():
        if each.default is dataclasses.MISSING and name not in table:
            raise InvalidArgumentError(f"{where} lacks {name}; add {name} = ...")
    try:
        return cls(**{name: _typed(fields[name], value) for name, value in table.items()})
    except ValueError as error:
        raise InvalidArgumentError(f"{where}: {error}.") from error


def _typed(each: dataclasses.Field[Any], value: object) -> object:
    """Return a TOML value as the type of its field, taken from the field's default."""
    wanted = str if each.default is dataclasses.MISSING else type(each.default)
    if wanted is tuple and isinstance(value, list) and all(type(one) is int for one in value):
        return tuple(value)
    if wanted is float and type(value) is int and abs(value) <= _LARGEST:
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{each.name} must be finite, got {value}")
    if type(value) is not wanted:
        raise ValueError(f"{each.name} must be {_NOUNS[wanted]}, got {value!r}")
    return value


def as_table(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe as plain dictionaries, for a bundle's metadata."""
    return dataclasses.asdict(recipe)


def recipe_text(recipe: Recipe) -> str:
    """Return the recipe as TOML; the inverse of ``read_recipe``."""
    sections = [
        f"[{name}]\n" + "".join(_lines(table)) for name, table in as_table(recipe).items() if table
    ]
    return "\n".join(sections)


def _lines(table: Mapping[str, Any]) -> list[str]:
    # Values of a recipe are the same in JSON and TOML (text, number, boolean, flat list), except
    # for one character that TOML requires to be escaped.
    written = {name: json.dumps(value, ensure_ascii=False) for name, value in table.items()}
    return [f"{name} = {value}\n".replace("\x7f", "\\u007f") for name, value in written.items()]
