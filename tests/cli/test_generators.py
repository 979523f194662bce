"""``magenta-bridge generators`` lists the included bundles and their arguments."""

from __future__ import annotations

import json

import click
from click.testing import CliRunner

from magenta_bridge.cli.generators import as_dictionary, as_text
from magenta_bridge.cli.main import magenta_bridge
from magenta_bridge.generators.bundle import shipped_bundles
from tests.cli.tables import INFO, TABLE


def test_the_included_generators_are_listed_with_their_arguments() -> None:
    result = CliRunner().invoke(magenta_bridge, ["generators"])
    assert result.exit_code == 0
    shipped = [path.stem for path in shipped_bundles()]
    assert [line for line in result.output.splitlines() if line in shipped] == shipped
    assert all(f"\n  {name} " in result.output for name in ("temperature", "top_p", "seed"))
    result.output.encode("ascii")


def test_every_named_option_of_generate_is_an_argument_of_lstm_melody() -> None:
    from magenta_bridge.cli.generate import _NAMED

    result = CliRunner().invoke(magenta_bridge, ["generators", "--json"])
    shipped = {one["id"]: one for one in json.loads(result.output)}
    assert set(_NAMED) <= {row["name"] for row in shipped["lstm_melody"]["arguments"]}


def test_bundle_and_server_exclude_each_other() -> None:
    words = ["generators", "--server", "127.0.0.1:1", "--bundle", __file__]
    assert CliRunner().invoke(magenta_bridge, words).exit_code == 2


def test_the_text_names_every_argument_with_range_and_default() -> None:
    lines = click.unstyle(as_text(INFO)).splitlines()
    assert lines[0] == "tiny"
    for row in TABLE:
        line = next(line for line in lines if line.split()[:1] == [row.name])
        assert row.help in line
    assert any("0 to 2147483647" in line for line in lines)
    assert all(len(line) <= 100 for line in lines)


def test_the_json_has_all_arguments() -> None:
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
        "help": "Sampling temperature.",
    }
