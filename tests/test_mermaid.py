# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mermaid itself reads every diagram that connguard writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import browser, open_file
from budget_cases import Stack
from budget_stacks import generate
from selenium.webdriver import Chrome

from connguard.budget.run import run
from connguard.engine.settings import load
from connguard.engine.symptom_pages import decision_tree
from connguard.engine.symptom_registry import symptoms
from connguard.reporters import budget_mermaid

ROOT = Path(__file__).resolve().parent.parent
MERMAID = ROOT / "build" / "test-servers" / "mermaid" / "dist" / "mermaid.min.js"
"""The file of the npm package, put there by tools/install_test_servers.sh."""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A page that has loaded Mermaid."""
    page = tmp_path_factory.mktemp("page") / "mermaid.html"
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><script src="{MERMAID.as_uri()}"></script>'
    )
    with browser() as driver:
        open_file(driver, page)
        yield driver


def _shown(driver: Chrome, diagram: str) -> str:
    """The text of the drawn diagram. Fails with Mermaid's message when it cannot be drawn."""
    answer: dict[str, str] = driver.execute_async_script(
        """
        const [diagram, done] = arguments;
        mermaid.initialize({ startOnLoad: false, htmlLabels: false });
        mermaid.parse(diagram)
          .then(() => mermaid.render("drawn", diagram))
          .then(({ svg }) => {
            const drawn = new DOMParser().parseFromString(svg, "image/svg+xml");
            done({ text: drawn.documentElement.textContent });
          })
          .catch((error) => done({ error: String(error) }));
        """,
        diagram,
    )
    assert "error" not in answer, answer["error"]
    return answer["text"]


def test_the_budget_of_the_shop(chromium: Chrome) -> None:
    folder = ROOT / "examples" / "shop" / "broken"
    text = _shown(
        chromium, budget_mermaid.render(run([folder], load(folder / "connguard.toml"), []))
    )
    assert "shop_worker" in text
    assert "114 of 97" in text


@pytest.mark.parametrize("seed", range(8))
def test_random_budgets(chromium: Chrome, tmp_path: Path, seed: int) -> None:
    generate(seed, (1, 24), 16).write(tmp_path)
    assert "server" in _shown(chromium, budget_mermaid.render(Stack(tmp_path).run()))


@pytest.mark.parametrize(
    "name",
    [
        '"quoted"',
        "<b>x</b>",
        "a|b",
        "end",
        "a]b",
        "x;y",
        "`code`",
        "#35;",
        "日本",
        "a\nb",
        "%%{init}%%",
    ],
)
def test_names_of_any_kind(chromium: Chrome, tmp_path: Path, name: str) -> None:
    """A service may be called what it likes; it is still drawn, and nothing of it is markup."""
    (tmp_path / "connguard.toml").write_text(
        "[server]\nmax_connections = 10\n"
        f"[[service]]\nname = {json.dumps(name)}\ninstances = 2\npool = 9\nvia = 'direct'\n"
        f"user = {json.dumps(name)}\ndatabase = 'shop'\n"
    )
    text = _shown(chromium, budget_mermaid.render(Stack(tmp_path).run()))
    assert "18 of 7" in text


@pytest.mark.parametrize(
    "page", sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
)
def test_diagrams_of_the_documentation(chromium: Chrome, page: str) -> None:
    for diagram in re.findall(r"```mermaid\n(.*?)```", (ROOT / page).read_text(), re.S):
        assert _shown(chromium, diagram)


def test_the_decision_tree_of_the_symptoms(chromium: Chrome) -> None:
    text = _shown(chromium, decision_tree(symptoms())).replace(" ", "")  # lines are broken
    for symptom in symptoms():
        assert symptom.title.replace(" ", "") in text
