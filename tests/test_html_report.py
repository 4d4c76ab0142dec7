# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report in a browser: filters, keyboard, printing, both colour schemes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import browser, open_file
from click.testing import CliRunner
from report_sample import finding
from report_strategies import NASTY
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from connguard.engine.cli import main
from connguard.engine.finding import Failed, Report, Suppressed
from connguard.policies.model.facts import NotParsed, Undecided
from connguard.policies.model.origin import Origin, Related
from connguard.reporters.table import renderer

SHOP = Path(__file__).resolve().parent.parent / "examples" / "shop" / "broken"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chrome]:
    with browser() as driver:
        yield driver


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the shop as a file."""
    page = tmp_path_factory.mktemp("page") / "report.html"
    arguments = ["scan", str(SHOP), "--format", "html", "--output", str(page)]
    assert CliRunner().invoke(main, arguments).exit_code == 1
    return page


def _visible(driver: Chrome) -> list[str]:
    articles = driver.find_elements(By.CSS_SELECTOR, "article.finding")
    return [str(one.get_attribute("data-policy")) for one in articles if one.is_displayed()]


def test_filters(chromium: Chrome, shop: Path) -> None:
    open_file(chromium, shop)
    everything = _visible(chromium)
    assert len(everything) == 11
    assert chromium.find_element(By.ID, "shown").text == "11 of 11 findings"

    chromium.find_element(By.CSS_SELECTOR, "input[value=error]").click()
    assert set(_visible(chromium)) == {"PG001", "PG003", "PG004", "PG104"}
    chromium.find_element(By.CSS_SELECTOR, "input[value=error]").click()

    Select(chromium.find_element(By.NAME, "policy")).select_by_value("PG004")
    assert _visible(chromium) == ["PG004", "PG004"]
    files = chromium.find_elements(By.CSS_SELECTOR, "section.file h2")
    assert len([one for one in files if one.is_displayed()]) == 2
    Select(chromium.find_element(By.NAME, "policy")).select_by_value("")

    chromium.find_element(By.NAME, "text").send_keys("shop_worker 40")
    assert _visible(chromium) == ["PG101", "PG103"]


def test_the_keyboard_reaches_everything(chromium: Chrome, shop: Path) -> None:
    """Tab goes through the filters to the first finding; Enter opens its explanation."""
    open_file(chromium, shop)
    for _ in range(12):
        focused = chromium.switch_to.active_element
        if focused.tag_name == "summary":
            break
        focused.send_keys(Keys.TAB)
    focused.send_keys(Keys.ENTER)
    details = focused.find_element(By.XPATH, "..")
    assert details.get_attribute("open") is not None
    assert "Under load the server refuses" in details.text


def test_the_budget_stands_in_the_report(chromium: Chrome, shop: Path) -> None:
    open_file(chromium, shop)
    assert chromium.find_element(By.CSS_SELECTOR, ".whatif .verdict").text == "unsafe"


def test_printing_leaves_the_filters_out(chromium: Chrome, shop: Path) -> None:
    open_file(chromium, shop)
    assert base64.b64decode(chromium.print_page()).startswith(b"%PDF")
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not chromium.find_element(By.ID, "filters").is_displayed()
        assert len(_visible(chromium)) == 11
    finally:
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_in_both_schemes(shop: Path, dark: bool) -> None:
    """Ordinary, soft and coloured text has the contrast that WCAG 2.1 AA asks for: 4.5 to 1."""
    with browser(dark=dark) as driver:
        open_file(driver, shop)
        background = _luminance(driver, "document.body", "backgroundColor")
        assert (background < 0.1) is dark
        for selector in ("h1", "article p", ".soft", "span.error", "span.warning", "label small"):
            text = _luminance(driver, f"document.querySelector({selector!r})", "color")
            lighter, darker = max(text, background), min(text, background)
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5, selector


def _luminance(driver: Chrome, element: str, attribute: str) -> float:
    """Relative luminance (WCAG 2.1) of a computed colour."""
    script = f"return getComputedStyle({element}).{attribute}"
    numbers = str(driver.execute_script(script)).partition("(")[2].rstrip(")").split(",")
    parts = [int(float(one)) / 255 for one in numbers[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_nothing_in_a_scanned_file_becomes_markup(chromium: Chrome, tmp_path: Path) -> None:
    """Names and messages with markup, scripts and control characters are shown as they are."""
    evil = [
        *NASTY,
        "<img src=x onerror=alert(1)>",
        "</pre></script><script>document.title=1</script>",
    ]
    findings = [
        finding(
            message=text,
            origin=Origin(text or "a.sql", 1, 1, 1, 2),
            fix=f"{text}\n{text}",
            related=(Related(text, Origin(text, 1, 1, 1, 2)),),
        )
        for text in evil
    ]
    place = Origin(evil[-1], 1, 1, 1, 2)
    report = Report(
        findings=findings,
        suppressed=[Suppressed(findings[0], evil[-2], None)],
        undecided=[Undecided("PG001", evil[-2], place)],
        not_parsed=[NotParsed(evil[-1], place)],
        failures=[Failed(evil[-2], evil[-1])],
        files=1,
    )
    page = tmp_path / "report.html"
    page.write_text(renderer("html")(report), encoding="utf-8")
    open_file(chromium, page)
    assert chromium.find_elements(By.TAG_NAME, "img") == []
    assert len(chromium.find_elements(By.TAG_NAME, "script")) == 1
    assert chromium.title.startswith("connguard: Found")
    assert len(_visible(chromium)) == len(evil)
