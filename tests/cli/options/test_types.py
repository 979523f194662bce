"""Parameters are parsed exactly, or rejected."""

from __future__ import annotations

import click
import pytest

from magenta_bridge.cli.options.types import (
    read_address,
    read_duration,
    read_meter,
    read_number,
    read_setting,
    read_tempo,
)


def test_numbers_are_parsed() -> None:
    assert read_number("0.8") == 0.8
    assert read_tempo("96.5") == 96.5


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "-inf", "1,5"])
def test_an_invalid_number_is_rejected(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a number"):
        read_number(text)


@pytest.mark.parametrize("text", ["0", "-120", "9.9", "481"])
def test_a_tempo_out_of_range_is_rejected(text: str) -> None:
    with pytest.raises(click.BadParameter, match="not between 10 and 480"):
        read_tempo(text)


@pytest.mark.parametrize("text", ["127.0.0.1:50051", "localhost:1", "[::1]:65535"])
def test_an_address_is_returned_as_written(text: str) -> None:
    assert read_address(text) == text


@pytest.mark.parametrize("text", ["", "localhost", ":50051", "host:0", "host:65536", "a b:1"])
def test_an_invalid_address_is_rejected(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not HOST:PORT"):
        read_address(text)


@pytest.mark.parametrize(("text", "meter"), [("4/4", (4, 4)), ("6/8", (6, 8)), ("12/16", (12, 16))])
def test_a_time_signature_is_parsed(text: str, meter: tuple[int, int]) -> None:
    assert read_meter(text) == meter


@pytest.mark.parametrize("text", ["", "4", "0/4", "4/0", "4/3", "6/8/2", "33/4", "-3/4"])
def test_an_invalid_time_signature_is_rejected(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a time signature"):
        read_meter(text)


def test_a_setting_is_split_at_its_first_equals_sign() -> None:
    assert read_setting("scale = a=b ") == ("scale", "a=b")


@pytest.mark.parametrize("text", ["", "temperature", "=1"])
def test_an_invalid_setting_is_rejected(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not NAME=VALUE"):
        read_setting(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30.0), ("20m", 1200.0), ("2h", 7200.0), ("1h30m", 5400.0), ("1h0m5s", 3605.0)],
)
def test_a_duration_is_parsed_in_seconds(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "0h0m", "10", "soon", "30m1h", "-5m", "1.5h", "2 h"])
def test_an_invalid_duration_is_rejected(text: str) -> None:
    with pytest.raises(click.BadParameter, match="such as 30s, 20m, 2h or 1h30m"):
        read_duration(text)
