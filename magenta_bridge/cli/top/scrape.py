"""Read a server's metrics, and calculate quantiles of their histograms."""

from __future__ import annotations

import http.client
import math
import re
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import click
from prometheus_client.parser import text_string_to_metric_families

from magenta_bridge.errors import ServerUnavailableError

DEFAULT_PORT: Final = 9464

_TIMEOUT_SECONDS: Final = 3.0
_MAX_BYTES: Final = 8 << 20
_URL: Final = re.compile(r"http://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}/metrics")
# Ignores proxy settings, because a proxy cannot reach local ports.
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Sample(NamedTuple):
    """The value of one series, and its labels."""

    labels: dict[str, str]
    value: float


@dataclass(frozen=True)
class Scrape:
    """All samples at one time, by metric name."""

    samples: dict[str, list[Sample]]

    def value(self, name: str) -> float | None:
        """Return the sum of a metric over all labels; None if it has no samples."""
        found = self.samples.get(name)
        return sum(sample.value for sample in found) if found else None

    def by(self, name: str, label: str) -> dict[str, float]:
        """Return the sums of a metric for each value of a label."""
        sums: defaultdict[str, float] = defaultdict(float)
        for sample in self.samples.get(name, ()):
            sums[sample.labels.get(label, "")] += sample.value
        return dict(sums)


def metrics_url(text: str) -> str:
    """Return the URL of the metrics from ``PORT``, ``HOST:PORT`` or a URL.

    Raises:
        click.BadParameter: The text has another form.
    """
    base = text if "/" in text else f"http://{text if ':' in text else f'127.0.0.1:{text}'}"
    url = base if base.endswith("/metrics") else f"{base.rstrip('/')}/metrics"
    if not _URL.fullmatch(url):
        raise click.BadParameter(
            f"{text!r} is not a port, HOST:PORT or a URL; write 9464 or "
            "http://127.0.0.1:9464/metrics."
        )
    return url


def read_scrape(url: str) -> Scrape:
    """Read a server's metrics.

    Raises:
        ServerUnavailableError: No server responds at the URL, or one of another kind.
    """
    try:
        with _OPENER.open(url, timeout=_TIMEOUT_SECONDS) as response:
            text = response.read(_MAX_BYTES).decode("utf-8")
        families = list(text_string_to_metric_families(text))
    except urllib.error.HTTPError as error:
        error.close()
        raise _not_ours(url) from error
    except (OSError, http.client.HTTPException) as error:
        raise ServerUnavailableError(
            f"No metrics at {url}; start a server with: magenta-bridge serve "
            f"--metrics-port {DEFAULT_PORT}"
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
    return ServerUnavailableError(f"{url} is not a Magenta Bridge server; give another --metrics.")


Buckets = dict[float, float]


def read_buckets(scrape: Scrape, name: str, **labels: str) -> Buckets:
    """Return the cumulative counts of a histogram, by their upper bounds.

    Args:
        scrape: The metrics.
        name: The histogram's name.
        labels: Required label values; all other labels are summed.
    """
    counts: defaultdict[float, float] = defaultdict(float)
    for sample in scrape.samples.get(f"{name}_bucket", ()):
        if all(sample.labels.get(key) == value for key, value in labels.items()):
            counts[float(sample.labels["le"])] += sample.value
    return dict(counts)


def quantile(buckets: Mapping[float, float], share: float) -> float | None:
    """Return a quantile of a histogram, interpolated like Prometheus's ``histogram_quantile``.

    Args:
        buckets: Cumulative counts by their upper bounds.
        share: 0 to 1.

    Returns:
        The quantile, at most the last finite bound; None if the histogram is empty.
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
