"""The documentation lists every metric with its labels, and no others."""

from __future__ import annotations

import re

from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.telemetry.metrics import Metrics
from tests.architecture.sources import ROOT

# Collected on Linux only.
_PROCESS = "process_"
_ENDS = (("OK", ""), ("NOT_FOUND", "NOT_FOUND"), ("RESOURCE_EXHAUSTED", "OVERLOADED"))
_GAUGES = ("requests_open", "steps_waiting", "serving", "uptime_seconds")


def _counted() -> dict[str, set[str]]:
    """Return the names and labels of all metrics after calls of each kind."""
    metrics = Metrics(lambda: ["scale"])
    for name in _GAUGES:
        metrics.add_gauge(name, "A gauge.", lambda: 0.0)
    for code, reason in _ENDS:
        call = Call("/magenta_bridge.v1.GenerationService/Generate", 0.0, generator_id="scale")
        metrics.began(call)
        metrics.ended(call, code, reason, 0.1)
    metrics.stepped(0.1, 0.1)
    metrics.wrote("scale", 1, 1.0)
    found: dict[str, set[str]] = {}
    for family in metrics.registry.collect():
        name = {"counter": f"{family.name}_total", "info": f"{family.name}_info"}.get(
            family.type, family.name
        )
        if not name.startswith(_PROCESS):
            labels = {label for sample in family.samples for label in sample.labels}
            found[name] = labels - {"le", "version", "python"}
    return found


def _documented() -> dict[str, set[str]]:
    """Return the names and labels of the table, completing names that begin with ``_``."""
    text = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for names, labels in re.findall(r"^\| (`[a-z_]+`.*?) \| (.*?) \|", text, re.MULTILINE):
        for name in re.findall(r"`([a-z_]+)`", names):
            whole = f"magenta_bridge{name}" if name.startswith("_") else name
            found[whole] = set(re.findall(r"`(\w+)`", labels))
    return found


def test_the_documented_metrics_are_those_collected() -> None:
    assert _documented() == _counted()
