# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a budget, in a browser: what it shows is what `connguard budget --set` says."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import browser, open_file
from budget_stacks import generate
from click.testing import CliRunner
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from connguard.engine.cli import main

SHOP = Path(__file__).resolve().parent.parent / "examples" / "shop" / "broken"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chrome]:
    with browser() as driver:
        yield driver


def _budget(folder: Path, *arguments: str) -> str:
    result = CliRunner().invoke(main, ["budget", str(folder), *arguments])
    assert result.exit_code in (0, 1), result.output
    return result.output


def _expected(folder: Path, values: dict[str, int]) -> dict[str, Any]:
    sets = [part for path, value in values.items() for part in ("--set", f"{path}={value}")]
    document = json.loads(_budget(folder, "--format", "json", *sets))
    shown = {
        f"{kind[:-1]} {usage['name']}": usage["verdict"]
        for kind in ("roles", "databases")
        for usage in document[kind]
        if usage["demand_max"] != 0
    }
    shown |= {
        f"pooler {usage['name']}": usage["verdict"]
        for usage in document["poolers"]
        if usage["clients_max"] != 0
    }
    shown["server server"] = document["server"]["verdict"]
    return {"verdict": document["verdict"], **shown}


def _shown(driver: Chrome) -> dict[str, Any]:
    rows = driver.find_elements(By.CSS_SELECTOR, "[data-usage]")
    usages = {row.get_attribute("data-usage"): row.get_attribute("data-verdict") for row in rows}
    return {"verdict": driver.find_element(By.CLASS_NAME, "verdict").text, **usages}  # type: ignore[dict-item]


def _type(driver: Chrome, path: str, value: int) -> None:
    field = driver.find_element(By.CSS_SELECTOR, f'input[name="{path}"]')
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(str(value))


def test_typed_numbers(chromium: Chrome, tmp_path: Path) -> None:
    """The verdict and the bars follow, and the command line that asks the same is shown."""
    page = tmp_path / "budget.html"
    _budget(SHOP, "--format", "html", "--output", str(page))
    open_file(chromium, page)
    assert _shown(chromium) == _expected(SHOP, {})
    values = {
        "role.shop_worker.connection_limit": 41,
        "server.max_connections": 200,
        "pooler.pgbouncer.max_client_conn": 500,
    }
    for path, value in values.items():
        _type(chromium, path, value)
    assert _shown(chromium) == _expected(SHOP, values)
    assert _shown(chromium)["verdict"] == "safe"
    command = chromium.find_element(By.CLASS_NAME, "command").text
    assert "--set 'server.max_connections=200'" in command

    chromium.find_element(By.CSS_SELECTOR, "button[type=reset]").click()
    assert _shown(chromium) == _expected(SHOP, {})


def test_sliders_and_no_limit(chromium: Chrome, tmp_path: Path) -> None:
    page = tmp_path / "budget.html"
    _budget(SHOP, "--format", "html", "--output", str(page))
    open_file(chromium, page)
    slider = chromium.find_element(
        By.CSS_SELECTOR, 'input[type=range][aria-label="service.worker.instances"]'
    )
    slider.send_keys(Keys.HOME)
    assert _shown(chromium) == _expected(SHOP, {"service.worker.instances": 0})
    _type(chromium, "role.shop_worker.connection_limit", -1)
    field = chromium.find_element(By.CSS_SELECTOR, 'input[name="service.worker.instances"]')
    field.send_keys(Keys.CONTROL, "a", Keys.BACKSPACE)
    assert _shown(chromium) == _expected(SHOP, {"role.shop_worker.connection_limit": -1})


@pytest.mark.parametrize("seed", range(6))
def test_random_stacks_and_changes(chromium: Chrome, tmp_path: Path, seed: int) -> None:
    """Caps over pools, forced users, several processes and versions: the flow problem, too."""
    folder, page = tmp_path / "stack", tmp_path / "budget.html"
    generate(seed, ((1, 18), (1, 24))[seed % 2], 16).write(folder)
    _budget(folder, "--format", "html", "--output", str(page))
    open_file(chromium, page)
    assert _shown(chromium) == _expected(folder, {})
    fields = [
        field.get_attribute("name")
        for field in chromium.find_elements(By.CSS_SELECTOR, "input[type=number]")
    ]
    chance = random.Random(seed)
    values: dict[str, int] = {}
    for path in chance.sample(fields, 4):
        values[str(path)] = chance.choice((1, 2, 5, 30))
        _type(chromium, str(path), values[str(path)])
        assert _shown(chromium) == _expected(folder, values)


def test_hostile_names_stay_text(chromium: Chrome, tmp_path: Path) -> None:
    """A name that would be markup or end the script is shown, and nothing of it runs."""
    evil = "</script><img src=x onerror=document.title='owned'>"
    (tmp_path / "connguard.toml").write_text(
        "[server]\nmax_connections = 10\n"
        f"[[service]]\nname = {json.dumps(evil)}\ninstances = 2\npool = 9\nuser = 'app'\n"
        "database = 'shop'\n"
    )
    page = tmp_path / "budget.html"
    _budget(
        tmp_path,
        "--config",
        str(tmp_path / "connguard.toml"),
        "--format",
        "html",
        "--output",
        str(page),
    )
    open_file(chromium, page)
    assert chromium.title == "Connection budget: unsafe"
    assert chromium.find_elements(By.TAG_NAME, "img") == []
    legends = [one.text for one in chromium.find_elements(By.TAG_NAME, "legend")]
    assert f"service {evil}" in legends
