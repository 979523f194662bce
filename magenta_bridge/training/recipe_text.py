"""A recipe as its TOML file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from magenta_bridge.training.recipe import Recipe, as_table


def recipe_text(recipe: Recipe) -> str:
    """Returns what ``read_recipe`` reads the same recipe from."""
    sections = [
        f"[{name}]\n" + "".join(_lines(table)) for name, table in as_table(recipe).items() if table
    ]
    return "\n".join(sections)


def _lines(table: Mapping[str, Any]) -> list[str]:
    # A value of a recipe reads the same in JSON and TOML: text, number, truth or flat list. But
    # for one sign, which TOML wants written out.
    written = {name: json.dumps(value, ensure_ascii=False) for name, value in table.items()}
    return [f"{name} = {value}\n".replace("\x7f", "\\u007f") for name, value in written.items()]
