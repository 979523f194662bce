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
    # A value of a recipe reads the same in JSON and TOML: text, number, truth or flat list.
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in table.items()]
