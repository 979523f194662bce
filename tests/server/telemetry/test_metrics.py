"""Every metric is told of in the documents, by its name and its labels, and no other is."""

from __future__ import annotations

import re

from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.telemetry.metrics import Metrics
from tests.architecture.sources import ROOT

# Read by the operating system, and on Linux alone.
_OF_THE_PROCESS = "process_"
_ENDS = (("OK", ""), ("NOT_FOUND", "NOT_FOUND"), ("RESOURCE_EXHAUSTED", "OVERLOADED"))
_WATCHED = ("requests_open", "steps_waiting", "serving", "uptime_seconds")


def _counted() -> dict[str, set[str]]:
    """Returns name -> labels of all that is counted once calls of each kind were made."""
    metrics = Metrics(lambda: ["scale"])
    for name in _WATCHED:
        metrics.watch(name, "Told when asked.", lambda: 0.0)
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
        if not name.startswith(_OF_THE_PROCESS):
            labels = {label for sample in family.samples for label in sample.labels}
            found[name] = labels - {"le", "version", "python"}
    return found


def _documented() -> dict[str, set[str]]:
    """Returns name -> labels of the table; a name that begins with ``_`` goes on from the first."""
    text = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for names, labels in re.findall(r"^\| (`[a-z_]+`.*?) \| (.*?) \|", text, re.MULTILINE):
        for name in re.findall(r"`([a-z_]+)`", names):
            whole = f"magenta_bridge{name}" if name.startswith("_") else name
            found[whole] = set(re.findall(r"`(\w+)`", labels))
    return found


def test_the_table_of_metrics_is_what_is_counted() -> None:
    assert _documented() == _counted()
