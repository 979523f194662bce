"""A real browser, without a window, that says what it loads and what it complains of."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from typing import Any, Final

from selenium import webdriver

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS: Final = (
    "--headless=new",
    "--no-sandbox",  # Chromium as root starts without one only
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
)


@contextlib.contextmanager
def open_browser() -> Iterator[webdriver.Chrome]:
    """Yield a browser that notes its requests and its console.

    Raises:
        AssertionError: None is installed; the message says what to do.
    """
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    driver = shutil.which("chromedriver")
    assert browser, "No Chromium is installed; run: make tools"
    assert driver, "No chromedriver is installed; run: make tools"
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for option in _OPTIONS:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    window = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield window
    finally:
        window.quit()


def resize(window: webdriver.Chrome, width: int, height: int) -> None:
    """Give the page a screen of this size, in CSS pixels, however small."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def requested(window: webdriver.Chrome) -> list[str]:
    """Return the addresses that were asked for since the last call."""
    addresses = []
    for entry in _log(window, "performance"):
        message: dict[str, Any] = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            addresses.append(str(message["params"]["request"]["url"]))
    return addresses


def complaints(window: webdriver.Chrome) -> list[str]:
    """Return what the console has said since the last call."""
    return [str(entry["message"]) for entry in _log(window, "browser")]


def _log(window: Any, kind: str) -> list[dict[str, Any]]:  # noqa: ANN401 - get_log has no types
    entries: list[dict[str, Any]] = window.get_log(kind)
    return entries
