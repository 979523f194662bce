"""Descriptions of generators and bundles survive conversion to messages."""

from __future__ import annotations

import dataclasses

import click
import pytest

from magenta_bridge.cli.generators import as_text
from magenta_bridge.description import (
    BundleInfo,
    BundleStatus,
    GeneratorInfo,
    GeneratorStatus,
)
from magenta_bridge.v1 import generator_pb2, model_pb2
from tests.cli.tables import INFO, TABLE


def test_a_generator_survives_conversion() -> None:
    odd = dataclasses.replace(TABLE[0], default=0.9)
    info = dataclasses.replace(INFO, arguments=(odd, *TABLE[1:]))
    assert GeneratorInfo.from_message(info.to_message()) == info


def test_a_bundle_survives_conversion() -> None:
    info = BundleInfo("a.mag", 3, BundleStatus.FAILED, "It is damaged.", "a")
    assert BundleInfo.from_message(info.to_message()) == info


def test_unknown_values_of_a_newer_server_are_ignored_or_other() -> None:
    message = INFO.to_message()
    message.capabilities.append(99)  # type: ignore[arg-type]
    message.arguments.add(name="shape", type=99)
    message.status = 99  # type: ignore[assignment]
    newer = dataclasses.replace(INFO, status=GeneratorStatus.OTHER)
    assert GeneratorInfo.from_message(message) == newer
    bundle = model_pb2.Bundle(status=99)  # type: ignore[arg-type]
    assert BundleInfo.from_message(bundle).status is BundleStatus.OTHER


def test_a_generator_of_an_earlier_server_is_ready() -> None:
    assert GeneratorInfo.from_message(generator_pb2.Generator(id="x")) == GeneratorInfo("x")


@pytest.mark.parametrize("status", [GeneratorStatus.FAILED, GeneratorStatus.LOADING])
def test_the_text_of_a_generator_that_is_not_ready_has_its_status(
    status: GeneratorStatus,
) -> None:
    broken = GeneratorInfo("broken", status=status, status_message="Its bundle is damaged.")
    assert click.unstyle(as_text(broken)) == "broken\n  Its bundle is damaged.\n"
