"""``magenta-bridge generators`` shows the shipped bundle and its table."""

from __future__ import annotations

import json

from click.testing import CliRunner

from magenta_bridge.cli.main import magenta_bridge
from magenta_bridge.generators.loading import shipped_bundles


def test_the_shipped_generators_are_listed_with_their_arguments() -> None:
    result = CliRunner().invoke(magenta_bridge, ["generators"])
    assert result.exit_code == 0
    shipped = [path.stem for path in shipped_bundles()]
    assert [line for line in result.output.splitlines() if line in shipped] == shipped
    assert all(f"\n  {name} " in result.output for name in ("temperature", "top_p", "seed"))
    result.output.encode("ascii")


def test_every_named_option_of_generate_is_an_argument_of_the_shipped_generator() -> None:
    from magenta_bridge.cli.generate import _NAMED

    result = CliRunner().invoke(magenta_bridge, ["generators", "--json"])
    shipped = {one["id"]: one for one in json.loads(result.output)}
    assert set(_NAMED) <= {row["name"] for row in shipped["lstm_melody"]["arguments"]}


def test_bundle_and_server_exclude_each_other() -> None:
    words = ["generators", "--server", "127.0.0.1:1", "--bundle", __file__]
    assert CliRunner().invoke(magenta_bridge, words).exit_code == 2
