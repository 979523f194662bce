"""Generators are found by their ids; errors explain why a bundle cannot be used."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from magenta_bridge.description import Capability, GeneratorStatus
from magenta_bridge.errors import (
    BundleError,
    InvalidArgumentError,
    NotFoundError,
    ServerUnavailableError,
)
from magenta_bridge.generators.bundle import shipped_bundles, write_bundle
from magenta_bridge.generators.loading import load_generator, load_registry
from magenta_bridge.generators.registry import Entry, GeneratorRegistry
from tests.generators.section_checks import registry
from tests.runtime.programs import a_program, with_description

METADATA = {"family": "lstm", "encoding": "melody", "pitch_range": [50, 90]}


def described(folder: Path, metadata: Mapping[str, Any]) -> Path:
    """Write a bundle with these metadata in its program."""
    path = folder / "described.mag"
    program = with_description(a_program(), metadata)
    write_bundle(
        path, generator_id="described", description="", details="", program=program, network=b""
    )
    return path


def test_every_shipped_bundle_is_served() -> None:
    """Under the name of its file."""
    assert [g.info.id for g in registry().list()] == [path.stem for path in shipped_bundles()]
    for generator in registry().list():
        assert registry().get(generator.info.id) is generator
        assert {Capability.GENERATE, Capability.CONTINUE} & set(generator.info.capabilities)


def test_an_unknown_id_is_reported_with_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match="lstm_melody") as caught:
        registry().get("lstm_melodie")
    assert caught.value.field == "generator_id"


def test_an_empty_registry_says_so() -> None:
    empty = GeneratorRegistry([])
    assert (len(empty), empty.list()) == (0, [])
    with pytest.raises(NotFoundError):
        empty.get("lstm_melody")


def test_two_bundles_of_one_id_are_refused() -> None:
    path = shipped_bundles()[0]
    with pytest.raises(InvalidArgumentError, match="both called"):
        load_registry([path, path])


def test_a_table_is_replaced_at_once() -> None:
    """A reader keeps its generator, which is freed after the last one."""
    old, new = load_generator(shipped_bundles()[0]), load_generator(shipped_bundles()[1])
    table = GeneratorRegistry([old])
    name, gone = old.info.id, weakref.ref(old)
    del old
    held = table.get(name)
    table.replace([Entry(new.info.id, GeneratorStatus.READY, generator=new)])
    assert table.list() == [new]
    assert held is gone()
    with pytest.raises(NotFoundError):
        table.get(name)
    del held
    assert gone() is None


def test_a_generator_that_is_not_ready_is_listed_with_the_reason() -> None:
    table = GeneratorRegistry()
    table.replace(
        [
            Entry("late", GeneratorStatus.LOADING),
            Entry("broken", GeneratorStatus.FAILED, "It is damaged."),
        ]
    )
    assert [entry.id for entry in table.entries()] == ["broken", "late"]
    assert (len(table), table.list()) == (0, [])
    with pytest.raises(ServerUnavailableError, match="'late' is still being loaded"):
        table.get("late")
    with pytest.raises(BundleError, match="'broken' cannot be used: It is damaged"):
        table.get("broken")


def test_a_missing_id_may_still_be_added_until_the_table_is_complete() -> None:
    table = GeneratorRegistry()
    table.replace([], complete=False)
    with pytest.raises(ServerUnavailableError, match="starting"):
        table.get("lstm_melody")
    table.replace([])
    with pytest.raises(NotFoundError):
        table.get("lstm_melody")


def test_bundles_may_be_named(tmp_path: Path) -> None:
    loaded = load_registry([described(tmp_path, METADATA)])
    assert [generator.info.id for generator in loaded.list()] == ["described"]


def test_a_missing_bundle_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"nowhere\.mag"):
        load_registry([tmp_path / "nowhere.mag"])


def test_an_installation_without_bundles_says_so() -> None:
    with pytest.raises(NotFoundError, match="no bundles"):
        load_registry([])


def test_a_bundle_of_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="'whistling'"):
        load_generator(described(tmp_path, METADATA | {"encoding": "whistling"}))


@pytest.mark.parametrize(
    "metadata",
    [
        {"encoding": "melody"},
        {"encoding": "melody", "family": "lstm"},
        METADATA | {"pitch_range": []},
        METADATA | {"pitch_range": [50]},
        METADATA | {"pitch_range": None},
        METADATA | {"pitch_range": ["low", "high"]},
    ],
)
def test_a_bundle_with_incomplete_metadata_is_refused(
    tmp_path: Path, metadata: Mapping[str, Any]
) -> None:
    with pytest.raises(BundleError, match=r"described\.mag"):
        load_generator(described(tmp_path, metadata))
