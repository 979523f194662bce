"""The table of controls, and its form in the documentation."""

from __future__ import annotations

import json
from typing import Any

from tests.max_for_live.node import FOLDER

DEVICES = ("bridge", "generator", "transformation")


def controls_of(device: str) -> list[dict[str, Any]]:
    """Return the rows of one device's controls."""
    rows = json.loads((FOLDER / "controls.json").read_text(encoding="utf-8"))
    return [row for row in rows if device in row["devices"]]


def table_of(device: str) -> str:
    """Return the documentation's table of one device's controls, with one row for all settings."""
    lines = ["| control | what it does |", "|---|---|"]
    for row in controls_of(device):
        if row["kind"] == "blob" or row["id"].endswith("_label"):
            continue
        if row["id"].startswith("arg_") and row["id"] != "arg_1":
            continue
        name = "Settings" if row["id"] == "arg_1" else row["label"]
        lines.append(f"| {name} | {row['info']} |")
    return "\n".join(lines)
