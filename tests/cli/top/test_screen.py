"""The output of ``magenta-bridge top``, from scrapes."""

from __future__ import annotations

import io
import math

import click
import pytest
from rich.console import Console

from magenta_bridge.cli.top.scrape import Sample, Scrape, metrics_url, quantile
from magenta_bridge.cli.top.screen import as_text, draw, sparkline
from magenta_bridge.cli.top.snapshot import History, take_snapshot

METHOD = "magenta_bridge.v1.GenerationService/Generate"


def _reading(uptime: float, calls: float, bad: float = 0.0) -> Scrape:
    """Return a scrape of a server whose calls took 1 to 2 ms each."""

    def one(value: float, **labels: str) -> list[Sample]:
        return [Sample(labels, value)]

    ended = [
        Sample({"grpc_method": METHOD, "grpc_status": "OK"}, calls - bad),
        Sample({"grpc_method": METHOD, "grpc_status": "NOT_FOUND"}, bad),
    ]
    buckets = [
        Sample({"grpc_method": METHOD, "grpc_status": "OK", "le": bound}, count)
        for bound, count in (("0.001", 0.0), ("0.002", calls), ("+Inf", calls))
    ]
    return Scrape(
        {
            "magenta_bridge_build_info": one(1, version="9.9.9"),
            "magenta_bridge_uptime_seconds": one(uptime),
            "magenta_bridge_serving": one(1),
            "grpc_server_call_started_total": one(calls, grpc_method=METHOD),
            "grpc_server_call_duration_seconds_count": ended,
            "grpc_server_call_duration_seconds_bucket": buckets,
            "magenta_bridge_failed_total": one(bad, reason="NOT_FOUND"),
            "magenta_bridge_generator_loaded": one(1, generator="scale"),
            "magenta_bridge_music_seconds_total": one(2 * calls, generator="scale"),
        }
    )


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 0.0), (0.25, 0.5), (0.5, 1.0), (0.75, 2.0), (0.99, 4.0), (1.0, 4.0)]
)
def test_a_quantile_is_interpolated_in_its_bucket(share: float, value: float) -> None:
    """Two up to 1, one from 1 to 3, one beyond the last bound, 4."""
    buckets = {1.0: 2.0, 3.0: 3.0, 4.0: 3.0, math.inf: 4.0}
    expected = 3.0 if share == 0.75 else value
    assert quantile(buckets, share) == pytest.approx(expected)


def test_an_empty_histogram_has_no_quantile() -> None:
    assert quantile({}, 0.5) is None
    assert quantile({1.0: 0.0, math.inf: 0.0}, 0.5) is None


def test_one_scrape_covers_the_time_since_the_start() -> None:
    snapshot = take_snapshot(_reading(10, calls=40, bad=4))
    assert (snapshot.version, snapshot.serving) == ("9.9.9", True)
    assert (snapshot.calls, snapshot.per_second) == (40, 4.0)
    assert snapshot.failed == {"NOT_FOUND": 4}
    (row,) = snapshot.methods
    assert (row.method, row.calls, row.errors) == ("Generate", 40, 4)
    assert row.seconds.p50 == pytest.approx(0.0015)
    assert row.seconds.p99 == pytest.approx(0.00199)
    (generator,) = snapshot.generators
    assert (generator.generator, generator.speed) == ("scale", 8.0)


def test_rates_cover_the_last_minute() -> None:
    history = History()
    for second in range(200):
        snapshot = history.add(_reading(second, calls=second * second))
    assert snapshot.window_seconds == 60
    assert snapshot.calls == 199**2
    assert snapshot.per_second == (199**2 - 139**2) / 60
    assert len(history.rates()) == 60
    assert history.rates()[-1] == 199**2 - 198**2


def test_a_restarted_server_starts_a_new_history() -> None:
    history = History()
    history.add(_reading(50, calls=100))
    history.add(_reading(51, calls=110))
    snapshot = history.add(_reading(2, calls=6))
    assert snapshot.per_second == 3.0
    assert history.rates() == []


def test_the_text_of_a_server_without_calls() -> None:
    text = as_text(take_snapshot(_reading(3_700, calls=0)))
    assert text.startswith("Magenta Bridge 9.9.9, serving, up 1 h 1 min\n")
    assert "steps waited - ms" in text


def test_a_curve_is_scaled_to_its_maximum() -> None:
    assert sparkline([0, 1, 4, 8]) == " \u2581\u2584\u2588"
    assert sparkline([0, 1, 8], plain=True) == " .@"
    assert sparkline([0, 0]) == "  "
    assert sparkline([]) == ""


def test_the_screen_is_complete_and_limited_to_ascii_if_needed() -> None:
    console = Console(width=100, file=io.StringIO(), record=True)
    snapshot = take_snapshot(_reading(10, calls=40, bad=4))
    console.print(draw(snapshot, [1.0, 2.0], plain=True))
    shown = console.export_text()
    assert shown.isascii()
    assert all(word in shown for word in ("Generate", "scale", "NOT_FOUND 4", "maximum 2.0"))
    console.print(draw(snapshot, [], error="No metrics."))
    assert "No metrics." in console.export_text()


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("9464", "http://127.0.0.1:9464/metrics"),
        ("localhost:1", "http://localhost:1/metrics"),
        ("[::1]:1", "http://[::1]:1/metrics"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1/metrics"),
        ("http://127.0.0.1:1/metrics", "http://127.0.0.1:1/metrics"),
    ],
)
def test_an_address_is_a_port_an_address_or_a_url(text: str, url: str) -> None:
    assert metrics_url(text) == url


@pytest.mark.parametrize("text", ["", "x", "ftp://a:1", "http://a b:1", "file:///etc", "99999999"])
def test_an_invalid_address_is_a_usage_error(text: str) -> None:
    with pytest.raises(click.BadParameter, match="9464"):
        metrics_url(text)
