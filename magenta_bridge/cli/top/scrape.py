"""Reads a server's metrics, once."""

from __future__ import annotations

import http.client
import math
import re
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import click
from prometheus_client.parser import text_string_to_metric_families

from magenta_bridge.errors import ServerUnavailableError

USUAL_PORT: Final = 9464

_PATIENCE_SECONDS: Final = 3.0
_MOST_BYTES: Final = 8 << 20
_URL: Final = re.compile(r"http://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}/metrics")
# A proxy that is set for the network knows nothing of ports of this computer.
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Sample:
    """One number.

    Attributes:
        labels: Its labels.
        value: The number.
    """

    labels: dict[str, str]
    value: float


@dataclass(frozen=True)
class Scrape:
    """All numbers at one time.

    Attributes:
        samples: The numbers, by name.
    """

    samples: dict[str, list[Sample]]

    def value(self, name: str) -> float | None:
        """Returns the sum of all numbers of that name; None when there is none."""
        found = self.samples.get(name)
        return sum(sample.value for sample in found) if found else None

    def by(self, name: str, label: str) -> dict[str, float]:
        """Returns the sums over all labels but one, by the values of that one."""
        sums: defaultdict[str, float] = defaultdict(float)
        for sample in self.samples.get(name, ()):
            sums[sample.labels.get(label, "")] += sample.value
        return dict(sums)


def read_place(text: str) -> str:
    """Reads where metrics are, ``PORT``, ``HOST:PORT`` or a URL, and returns the URL.

    Raises:
        click.BadParameter: It is none of these.
    """
    place = text if "/" in text else f"http://{text if ':' in text else f'127.0.0.1:{text}'}"
    url = place if place.endswith("/metrics") else f"{place.rstrip('/')}/metrics"
    if not _URL.fullmatch(url):
        raise click.BadParameter(
            f"{text!r} is neither a port, nor HOST:PORT, nor a URL; write 9464 or "
            "http://127.0.0.1:9464/metrics."
        )
    return url


def read_scrape(url: str) -> Scrape:
    """Asks a server for its metrics.

    Args:
        url: Where they are.

    Raises:
        ServerUnavailableError: Nobody answers there, or somebody else does.
    """
    try:
        with _OPENER.open(url, timeout=_PATIENCE_SECONDS) as answer:
            text = answer.read(_MOST_BYTES).decode("utf-8")
        families = list(text_string_to_metric_families(text))
    except urllib.error.HTTPError as error:
        error.close()
        raise _not_ours(url) from error
    except (OSError, http.client.HTTPException) as error:
        raise ServerUnavailableError(
            f"No server shows its metrics at {url}; start one with: magenta-bridge serve "
            f"--metrics-port {USUAL_PORT}"
        ) from error
    except ValueError as error:
        raise _not_ours(url) from error
    samples: defaultdict[str, list[Sample]] = defaultdict(list)
    for family in families:
        for sample in family.samples:
            samples[sample.name].append(Sample(sample.labels, sample.value))
    if "magenta_bridge_build_info" not in samples:
        raise _not_ours(url)
    return Scrape(dict(samples))


def _not_ours(url: str) -> ServerUnavailableError:
    return ServerUnavailableError(
        f"What answers at {url} is no server of Magenta Bridge; give another --metrics."
    )


Buckets = dict[float, float]


def read_buckets(scrape: Scrape, name: str, **labels: str) -> Buckets:
    """Returns how many values were at most so large, by their bound.

    Args:
        scrape: What was read.
        name: The histogram's name.
        labels: Labels that must be so; over all others it is summed.
    """
    counts: defaultdict[float, float] = defaultdict(float)
    for sample in scrape.samples.get(f"{name}_bucket", ()):
        if all(sample.labels.get(key) == value for key, value in labels.items()):
            counts[float(sample.labels["le"])] += sample.value
    return dict(counts)


def newer_than(now: Buckets, before: Buckets) -> Buckets:
    """Returns the counts of what came between two readings."""
    return {bound: count - before.get(bound, 0.0) for bound, count in now.items()}


def quantile(buckets: Mapping[float, float], share: float) -> float | None:
    """Returns the value below which that share of all values lies.

    Inside its bucket, values are taken to lie evenly, as Prometheus's ``histogram_quantile`` does;
    beyond the last finite bound, it is that bound.

    Args:
        buckets: How many values were at most so large, by their bound.
        share: 0 to 1.

    Returns:
        The value; None without any values.
    """
    bounds = sorted(buckets)
    if not bounds or not buckets[bounds[-1]]:
        return None
    rank = share * buckets[bounds[-1]]
    lower, below = 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= rank:
            inside = buckets[bound] - below
            if math.isinf(bound) or not inside:
                return lower
            return lower + (bound - lower) * (rank - below) / inside
        lower, below = bound, buckets[bound]
    return lower
