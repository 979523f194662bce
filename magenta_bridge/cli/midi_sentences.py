"""What the player reports, in words for a musician."""

from __future__ import annotations

from typing import Any, Final

_SENTENCES: Final = {
    "ready": "Ready.",
    "late": "The response came late and begins {ticks} bars later.",
    "failure": "No response: {message}",
    "tempo": "{qpm:g} qpm",
    "port": "The {direction} port {name!r} is {state}.",
    "panic": "All notes off.",
    "log": "{level}: {message}",
}


def sentence_of(what: str, details: dict[str, Any]) -> str | None:
    """Returns a report in words; None for one that no musician needs."""
    if what == "prepared":
        ahead = details["ahead"]
        return ahead and f"The response was there {1000 * ahead:.0f} ms before its time."
    template = _SENTENCES.get(what)
    return template and template.format(**details)
