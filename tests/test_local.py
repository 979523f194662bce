"""A server's description of a generator is read back as it was."""

from __future__ import annotations

import dataclasses

import click

from magenta_bridge.cli.generators import as_text
from magenta_bridge.client.generator import read_generator
from magenta_bridge.local import as_info
from magenta_bridge.server.services.messages import describe_generator
from magenta_bridge.v1 import generator_pb2
from tests.cli.tables import INFO, TABLE


def test_what_the_server_describes_is_read_back_equal() -> None:
    odd = dataclasses.replace(TABLE[0], default=0.9)
    info = dataclasses.replace(INFO, arguments=(odd, *TABLE[1:]))
    assert as_info(read_generator(describe_generator(info))) == info


def test_a_capability_that_only_a_newer_server_knows_is_left_out() -> None:
    newer = read_generator(describe_generator(INFO))
    newer = dataclasses.replace(newer, capabilities=(*newer.capabilities, "SING"))
    assert as_info(newer) == INFO


def test_of_a_generator_that_is_not_ready_its_status_is_told() -> None:
    broken = generator_pb2.Generator(
        id="broken",
        status=generator_pb2.GENERATOR_STATUS_FAILED,
        status_message="Its bundle is damaged.",
    )
    assert (
        click.unstyle(as_text(as_info(read_generator(broken))))
        == "broken\n  Its bundle is damaged.\n"
    )
