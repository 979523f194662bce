"""The values of labels are limited."""

from __future__ import annotations

import pytest

from magenta_bridge.server.telemetry.metrics import KnownNames, known_method
from magenta_bridge.v1 import generation_pb2

SERVICE = generation_pb2.DESCRIPTOR.services_by_name["GenerationService"].full_name


def test_a_known_method_keeps_its_name() -> None:
    assert known_method(f"/{SERVICE}/Generate") == f"{SERVICE}/Generate"


@pytest.mark.parametrize(
    "method",
    ["", "/", "/a/b", f"/{SERVICE}/Nothing", f"/{SERVICE}.Generate", f"//{SERVICE}/Generate"],
)
def test_unknown_methods_are_other(method: str) -> None:
    assert known_method(method) == "other"


def test_the_number_of_names_is_limited() -> None:
    loaded: set[str] = set()
    names = KnownNames(lambda: loaded, limit=2)
    assert names.label("a") == "other"
    loaded.add("a")
    assert names.label("a") == "a"
    loaded.clear()
    assert names.label("a") == "a"
    loaded.update("bc")
    assert [names.label(name) for name in "bca"] == ["b", "other", "a"]
