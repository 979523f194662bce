"""What one check found."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Verdict(enum.Enum):
    """How bad it is."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        verdict: OK; WARN where something optional is missing; FAIL where music cannot be made.
        subject: What was looked at, one or two words.
        text: What was found.
        advice: What to do about it; empty when nothing need be done.
    """

    verdict: Verdict
    subject: str
    text: str
    advice: str = ""


def ok(subject: str, text: str) -> Finding:
    """Returns a finding that all is well."""
    return Finding(Verdict.OK, subject, text)


def warn(subject: str, text: str, advice: str) -> Finding:
    """Returns a finding that something optional is missing."""
    return Finding(Verdict.WARN, subject, text, advice)


def fail(subject: str, text: str, advice: str) -> Finding:
    """Returns a finding that stands in the way of making music."""
    return Finding(Verdict.FAIL, subject, text, advice)
