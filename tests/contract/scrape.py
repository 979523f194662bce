"""Read a server's metrics as Prometheus does."""

from __future__ import annotations

import urllib.request
from collections import defaultdict
from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.contract.live_server import LiveServer


class Scrape:
    """The samples of one scrape.

    Args:
        text: The page.
    """

    def __init__(self, text: str) -> None:
        self.samples: list[Sample] = [
            sample for family in text_string_to_metric_families(text) for sample in family.samples
        ]

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """Return the values of a metric, summed over all labels except those given."""
        found: defaultdict[tuple[str, ...], float] = defaultdict(float)
        for sample in self.samples:
            if sample.name == name:
                found[tuple(sample.labels[label] for label in labels)] += sample.value
        return dict(found)

    def value(self, name: str) -> float:
        """Return the value of a metric without labels."""
        (found,) = [sample.value for sample in self.samples if sample.name == name]
        return float(found)


def scrape(live: LiveServer) -> Scrape:
    """Return the server's metrics."""
    (notice,) = live.notices()
    with urllib.request.urlopen(notice.rpartition(" ")[2], timeout=10) as answer:  # noqa: S310
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return Scrape(answer.read().decode())


def scrape_idle(live: LiveServer) -> Scrape:
    """Return the server's metrics once no call is in flight."""
    return next(found for found in _scrapes(live) if not found.value(_IN_FLIGHT))


_IN_FLIGHT = "magenta_bridge_calls_in_flight"


def _scrapes(live: LiveServer) -> Iterator[Scrape]:
    while True:
        yield scrape(live)
