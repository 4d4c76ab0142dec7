# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headless Chromium, for tests of pages. Everything is local: a page must not need a network."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
"""Debian's packages chromium and chromium-driver."""


@contextmanager
def browser(*, dark: bool = False) -> Iterator[webdriver.Chrome]:
    """A browser with a profile of its own, in the light or the dark colour scheme."""
    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in (
            *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run"),
            *("disable-background-networking", "disable-component-update", "disable-sync"),
            *("window-size=1280,1000", f"user-data-dir={profile}"),
            f"blink-settings=preferredColorScheme={0 if dark else 1}",
        ):
            options.add_argument(f"--{argument}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        try:
            driver.set_script_timeout(120)
            yield driver
        finally:
            driver.quit()


def open_file(driver: webdriver.Chrome, page: Path) -> None:
    """Load a page from disk; whatever it complains about on the console is an error."""
    driver.get(page.as_uri())
    complaints = [entry["message"] for entry in driver.get_log("browser")]  # type: ignore[no-untyped-call]
    assert complaints == []
