"""The page in a real browser, opened from disk: it sorts, hovers, prints, fits a phone, asks nobody for anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.report.page.document import Page
from simulator.report.page.html import html
from tests.report.chromium import FOUND, NAMES, Browser, running

pytestmark = pytest.mark.skipif(FOUND is None, reason=f"no Chromium on the path: none of {', '.join(NAMES)}")

PAPER = 688
"""Width between the margins of an A4 page in CSS pixels."""

NUMBERS = "[...document.querySelectorAll('{table} tbody tr')].map(row => row.cells[{column}].dataset.v ?? null)"
RECT = (
    "(() => {{ const box = document.querySelector('{what}').getBoundingClientRect();"
    " return [box.x, box.y, box.width, box.height] }})()"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with running(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def pages(
    tmp_path_factory: pytest.TempPathFactory, reports: dict[str, tuple[str, str]], hostile: Page
) -> dict[str, Path]:
    texts = {kind: page for kind, (page, _) in reports.items()} | {"hostile": html(hostile)}
    folder = tmp_path_factory.mktemp("pages")
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.parametrize("kind", ["run", "goal", "sweep", "plan", "hostile"])
@pytest.mark.parametrize("width", [1200, 360])
def test_it_opens_quietly_and_fits(browser: Browser, pages: dict[str, Path], kind: str, width: int) -> None:
    browser.open(pages[kind], width=width)
    assert browser.ask("document.querySelector('h1').textContent.length") > 0
    assert browser.ask("document.documentElement.scrollWidth") <= width
    assert browser.ask("window.hacked === undefined")
    assert browser.complaints() == []


def test_a_heading_sorts_by_mouse_and_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["run"])
    table = browser.ask(
        "[...document.querySelectorAll('caption')].find(c => c.textContent.startsWith('The slowest')).id"
    )
    where = f"table:has(#{table})"
    heading = f"{where} th:nth-child(3) button"
    before = _numbers(browser, where, 2)
    assert before != sorted(before)
    browser.ask(f"document.querySelector('{heading}').scrollIntoView({{block: 'center', behavior: 'instant'}})")
    x, y, width, height = browser.ask(RECT.format(what=heading))
    browser.click(x + width / 2, y + height / 2)
    assert _numbers(browser, where, 2) == sorted(before)
    assert browser.ask(f"document.querySelector('{where} th:nth-child(3)').getAttribute('aria-sort')") == "ascending"
    browser.ask(f"document.querySelector('{heading}').focus()")
    browser.press("Enter")
    assert _numbers(browser, where, 2) == sorted(before, reverse=True)
    sorts = browser.ask(f"[...document.querySelectorAll('{where} thead th')].map(th => th.getAttribute('aria-sort'))")
    assert sorts.count("descending") == 1
    assert sorts.count("none") == len(sorts) - 1


def test_rows_without_a_value_stay_last(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["hostile"])
    for _ in range(2):
        browser.ask("document.querySelectorAll('#section-1-5 th button')[1].click()")
        found = browser.ask(NUMBERS.format(table="#section-1-5", column=1))
        assert found[-2:] == [None, None]
        assert None not in found[:-2]


def test_the_pointer_and_the_arrow_keys_read_values(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["goal"])
    chart = "figure svg.panel"
    browser.ask(f"document.querySelector('{chart}').scrollIntoView({{block: 'center', behavior: 'instant'}})")
    x, y, width, height = browser.ask(RECT.format(what=chart))
    browser.hover(x + width / 2, y + height / 2)
    tip = browser.ask("document.getElementById('tip').hidden ? '' : document.getElementById('tip').innerText")
    load, median, p99 = tip.split("\n")
    assert load.startswith("offered load (requests/s): ")
    shown = float(load.removeprefix("offered load (requests/s): "))
    loads = browser.ask("[...document.querySelector('figure table').tBodies[0].rows].map(r => +r.cells[0].dataset.v)")
    assert any(shown == pytest.approx(one, rel=1e-3) for one in loads)
    assert (median.split(":")[0], p99.split(":")[0]) == ("median", "p99")
    browser.hover(1, 1)
    assert browser.ask("document.getElementById('tip').hidden")
    browser.ask(f"document.querySelector('{chart}').focus()")
    browser.press("ArrowLeft")
    first = browser.ask("document.getElementById('tip').innerText")
    browser.press("ArrowLeft")
    assert browser.ask("document.getElementById('tip').innerText") != first


def test_hostile_tips_are_text(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["hostile"])
    browser.ask("document.querySelector('figure svg.panel').focus()")
    browser.press("ArrowRight")
    assert browser.ask("document.getElementById('tip').innerText") == "<script>window.hacked = 1</script>"
    assert browser.ask("document.getElementById('tip').children.length") == 0
    assert browser.ask("window.hacked === undefined")


def test_csv_disarms_formulas_but_not_numbers(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["hostile"])
    text = browser.ask(
        "(async () => { const made = []; URL.createObjectURL = blob => { made.push(blob); return '#'; };"
        "document.querySelector('#section-1-5 .csv').click(); return await made[0].text(); })()"
    )
    lines = text.split("\r\n")
    assert any(line.startswith("'=cmd|") for line in lines)
    assert any(line.startswith("'@SUM(1),") for line in lines)
    assert any(line.startswith("'-2+3,") for line in lines)
    assert any(",-0.25," in line for line in lines)


def test_themes(browser: Browser, pages: dict[str, Path]) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    browser.open(pages["run"], dark=True)
    dark = browser.ask(paper)
    browser.open(pages["run"])
    light = browser.ask(paper)
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(18, 23, 31)")
    browser.ask("document.getElementById('theme').click()")
    assert browser.ask(paper) == dark
    browser.ask("document.getElementById('theme').click()")
    assert browser.ask(paper) == light


def test_it_prints(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["run"], dark=True)
    printed = browser.pdf()
    assert printed.startswith(b"%PDF-")
    assert 3 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page>") + printed.count(b"/Type /Page/") <= 12


@pytest.mark.parametrize("kind", ["run", "goal", "sweep", "plan"])
def test_nothing_is_cut_off_on_paper(browser: Browser, pages: dict[str, Path], kind: str) -> None:
    browser.open(pages[kind], width=PAPER, media="print")
    tables = "[...document.querySelectorAll('table, pre, svg.panel')].filter(one => one.checkVisibility())"
    assert browser.ask(f"{tables}.length") >= 5
    rights = browser.ask(f"{tables}.map(one => one.getBoundingClientRect().right)")
    assert max(rights) <= PAPER
    assert browser.ask("getComputedStyle(document.querySelector('.sort')).display") == "contents"
    assert not browser.ask("[...document.querySelectorAll('nav, #theme, .csv')].some(one => one.checkVisibility())")


def _numbers(browser: Browser, table: str, column: int) -> list[float]:
    return [float(value) for value in browser.ask(NUMBERS.format(table=table, column=column))]
