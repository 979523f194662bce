"""What all tests share: the repository's folder and one setting of Hypothesis."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# Derandomized: a run that fails on one machine fails on every machine. No deadline: the
# speed of one example says nothing while other tests run beside it.
settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root folder of the repository."""
    return Path(__file__).resolve().parents[1]
