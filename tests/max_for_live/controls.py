"""The table of controls, and how it reads in the document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "max_for_live"
DEVICES = ("bridge", "generator", "transformation")


def controls_of(device: str) -> list[dict[str, Any]]:
    """Returns the rows of one device's controls."""
    rows = json.loads((FOLDER / "controls.json").read_text(encoding="utf-8"))
    return [row for row in rows if device in row["devices"]]


def table_of(device: str) -> str:
    """Returns the document's table of one device's controls; the settings' boxes are alike."""
    lines = ["| control | what it does |", "|---|---|"]
    for row in controls_of(device):
        if row["kind"] == "blob" or row["id"].endswith("_label"):
            continue
        if row["id"].startswith("arg_"):
            if row["id"] != "arg_1":
                continue
            name = "Settings"
        else:
            name = row["label"]
        lines.append(f"| {name} | {row['info']} |")
    return "\n".join(lines)
