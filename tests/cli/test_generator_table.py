"""A generator's description reaches people and programs whole."""

from __future__ import annotations

import json

import click

from magenta_bridge.cli.generators import as_dictionary, as_text
from tests.cli.tables import INFO, TABLE


def test_the_text_names_every_argument_with_range_and_default() -> None:
    lines = click.unstyle(as_text(INFO)).splitlines()
    assert lines[0] == "tiny"
    for row in TABLE:
        line = next(line for line in lines if line.split()[:1] == [row.name])
        assert row.help in line
    assert any("0 to 2147483647" in line for line in lines)
    assert all(len(line) <= 100 for line in lines)


def test_the_data_survives_json_and_holds_the_table() -> None:
    data = json.loads(json.dumps(as_dictionary(INFO)))
    assert data["capabilities"] == ["GENERATE", "CONTINUE"]
    assert [row["name"] for row in data["arguments"]] == [row.name for row in TABLE]
    assert data["arguments"][0] == {
        "name": "temperature",
        "type": "float",
        "default": 1.0,
        "minimum": 0.1,
        "maximum": 3.0,
        "unit": "",
        "help": "Tamer or wilder.",
    }
