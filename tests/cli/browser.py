"""A headless browser that records requests and console messages."""

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
    "--no-sandbox",  # required when run as root
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
)


@contextlib.contextmanager
def open_browser() -> Iterator[webdriver.Chrome]:
    """Yield a browser that records its requests and its console.

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
    """Set the size of the screen in CSS pixels, even to small sizes."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def requested(window: webdriver.Chrome) -> list[str]:
    """Return the addresses requested since the last call."""
    addresses = []
    for entry in _log(window, "performance"):
        message: dict[str, Any] = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            addresses.append(str(message["params"]["request"]["url"]))
    return addresses


def complaints(window: webdriver.Chrome) -> list[str]:
    """Return the console messages since the last call."""
    return [str(entry["message"]) for entry in _log(window, "browser")]


def _log(window: Any, kind: str) -> list[dict[str, Any]]:  # noqa: ANN401 - get_log has no types
    entries: list[dict[str, Any]] = window.get_log(kind)
    return entries
