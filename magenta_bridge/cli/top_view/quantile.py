"""Medians and the like from the buckets of a histogram."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

from magenta_bridge.cli.top_view.scrape import Scrape

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
