"""Settings and fixtures for all tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from tests.time_limits import pytest_addoption, pytest_runtest_protocol

__all__ = ["pytest_addoption", "pytest_runtest_protocol"]

# Several test processes share few cores, and threads of small networks only wait for each other.
for variable in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(variable, "1")

# Derandomized: a run that fails on one machine fails on every machine. No deadline: other tests
# run at the same time, so the time of one example means nothing.
settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("repeatable")

# A shell makes its background processes ignore Ctrl-C, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_TESTS = Path(__file__).parent
# The files that take the most CPU time, longest first; all others follow.
_LONGEST = (
    "cli/test_train.py",
    "max_for_live/test_suites.py",
    "cli/test_search.py",
    "midi/test_command.py",
    "export/test_bars.py",
    "training/test_loop.py",
    "training/test_adversarial.py",
    "cli/test_compare.py",
    "models/test_contract.py",
    "export/test_loop.py",
    "midi/test_random_kills.py",
    "evaluation/test_bars.py",
    "lab/search/test_trial.py",
    "formats/midi/test_round_trip.py",
    "lab/test_compare_encodings.py",
    "models/test_gan.py",
    "cli/test_benchmark.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest files first, so that all workers finish at about the same time."""
    places = {_TESTS / name: place for place, name in enumerate(_LONGEST)}
    gone = [path.name for path in places if not path.is_file()]
    assert not gone, f"Files named in tests/conftest.py are missing: {gone}."
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root folder of the repository."""
    return Path(__file__).resolve().parents[1]
