"""End a test that hangs, whatever it waits for, and say what it waited for.

pytest-timeout interrupts the main thread. A test that then waits again, in the ``__exit__`` of a
process for instance, would hang for good. ``kill_grace_s`` after the test's timeout this plugin
therefore kills the child processes of the test's process, which ends every read from them and
every wait for them. If the test still hangs, it ends the test's own process, and xdist reports
the test as failed.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
import threading
from collections.abc import Iterator

import psutil
import pytest

_LAST_WAIT_S = 30.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting ``kill_grace_s``."""
    parser.addini("kill_grace_s", "Seconds from a test's timeout to the end of its processes.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Run one test with its fixtures under the limit."""
    finished = threading.Event()
    limit_s = _timeout_s(item) + float(item.config.getini("kill_grace_s") or "inf")
    watchdog = threading.Thread(
        target=_end_when_stuck, args=(item.nodeid, finished, limit_s), daemon=True
    )
    if limit_s != float("inf"):
        watchdog.start()
    try:
        return (yield)
    finally:
        finished.set()


def _timeout_s(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0] if marker else item.config.getini("timeout") or "inf")


def _end_when_stuck(test: str, finished: threading.Event, limit_s: float) -> None:
    if finished.wait(limit_s):
        return
    print(f"\n{test} hangs after {limit_s:g} s; killing its processes.", file=sys.__stderr__)
    faulthandler.dump_traceback()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            print(f"  {child.pid} {' '.join(child.cmdline())[:200]}", file=sys.__stderr__)
            child.kill()
    if not finished.wait(_LAST_WAIT_S):
        os._exit(3)
