"""The HTML page: whole, accessible, closed to the outside, whatever the texts are."""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import pairwise
from pathlib import Path

import pytest

from simulator.pages.files import report_texts
from simulator.report.page.document import Page
from simulator.report.page.html import html
from simulator.report.page.theme import DARK, LIGHT
from simulator.report.style import COLOURS, COLOURS_ON_DARK
from tests.report.parsed import Parsed

KINDS = ("run", "goal", "sweep", "plan", "hostile")
FETCHING = {"src", "href", "xlink:href", "action", "formaction", "data", "poster", "srcset", "background", "style"}
FETCHERS = {
    "img",
    "link",
    "iframe",
    "object",
    "embed",
    "audio",
    "video",
    "form",
    "base",
    "image",
    "use",
    "foreignobject",
}


@pytest.fixture(scope="module", params=KINDS)
def page(request: pytest.FixtureRequest, reports: dict[str, tuple[str, str]], hostile: Page) -> Parsed:
    """The pages of all kinds, parsed."""
    kind: str = request.param
    return Parsed.of(html(hostile) if kind == "hostile" else reports[kind][0])


def test_nothing_comes_from_outside(page: Parsed) -> None:
    assert not {one.name for one in page.elements} & FETCHERS
    for one in page.elements:
        for name in one.attributes.keys() & FETCHING:
            assert name == "href", (one.name, name)
            assert re.fullmatch(r"#[a-z0-9-]+", one.attributes[name] or ""), one.attributes


def test_no_code_but_our_own(page: Parsed) -> None:
    (script,), (style,) = page.all("script"), page.all("style")
    assert not [name for one in page.elements for name in one.attributes if name.startswith("on")]
    assert "url(" not in style.text
    assert "@import" not in style.text
    policy = next(one for one in page.all("meta") if one.attributes.get("http-equiv") == "Content-Security-Policy")
    for kind, text in (("script", script.text), ("style", style.text)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in str(policy.attributes["content"])
    assert str(policy.attributes["content"]).startswith("default-src 'none'; ")
    assert "unsafe" not in str(policy.attributes["content"])
    assert policy.inside == ("html", "head")
    assert page.elements.index(policy) < page.elements.index(style)


def test_ids_are_unique_and_references_lead_somewhere(page: Parsed) -> None:
    ids = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    for one in page.elements:
        targets = str(one.attributes.get("aria-labelledby") or "").split()
        targets += [str(one.attributes["href"])[1:]] if "href" in one.attributes else []
        assert set(targets) <= set(ids), targets


def test_landmarks_and_headings(page: Parsed) -> None:
    for name in ("header", "main", "footer", "nav"):
        assert len(page.all(name)) == 1, name
    levels = [int(one.name[1]) for one in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.all("html")[0].attributes["lang"] == "en"
    assert page.all("h2")[0].text == "Executive summary"


def test_tables_are_tables(page: Parsed) -> None:
    assert len(page.all("caption")) == len(page.all("table")) > 0
    for one in page.all("th"):
        assert one.attributes["scope"] in ("col", "row")
    for rows in page.tables():
        assert len({len(row) for row in rows}) == 1
    for button in (one for one in page.all("button") if one.attributes.get("class") == "sort"):
        assert button.inside[-1] == "th"
    for heading in page.all("th"):
        if "aria-sort" in heading.attributes:
            assert heading.attributes["aria-sort"] == "none"


def test_charts_have_names_descriptions_and_tables(page: Parsed) -> None:
    charts = [one for one in page.all("svg") if "panel" in str(one.attributes.get("class"))]
    assert charts
    for one in charts:
        assert one.attributes["role"] == "img"
        assert len(str(one.attributes["aria-labelledby"]).split()) == 2
        assert "viewbox" in one.attributes
    assert len(page.all("figure")) == len(page.all("figcaption"))
    assert len([one for one in page.all("table") if "figure" in one.inside]) == len(page.all("figure"))


def test_hostile_texts_are_shown_not_obeyed(hostile: Page) -> None:
    page = Parsed.of(html(hostile))
    assert len(page.all("script")) == 1
    assert page.all("h1")[0].text == "<script>window.hacked = 1</script>"
    shown = page.all("body")[0].text
    assert "safe\\u202egnp.exe" in shown
    assert "nul\\u0000bell\\u0007" in shown
    assert "lone \\ud800 surrogate" in shown
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08]", html(hostile))
    html(hostile).encode("utf-8")


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_same_folder_same_bytes(request: pytest.FixtureRequest, reports: dict[str, tuple[str, str]], kind: str) -> None:
    folder: Path = request.getfixturevalue(f"{kind}_folder")
    assert report_texts(folder) == reports[kind]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_contrast(theme: dict[str, str]) -> None:
    """WCAG 2.2, level AA: 4.5 for text."""
    for ink in ("ink", "quiet", "accent"):
        for paper in ("paper", "raised", "answer"):
            assert _contrast(theme[ink], theme[paper]) >= 4.5, (ink, paper)


def test_series_stand_out() -> None:
    """WCAG 2.2, level AA: 3 for the curves most charts have; all of them on dark."""
    assert all(_contrast(colour, LIGHT["paper"]) >= 3.0 for colour in COLOURS[:3])
    assert all(_contrast(colour, DARK["paper"]) >= 3.0 for colour in COLOURS_ON_DARK)
    assert len(COLOURS) == len(COLOURS_ON_DARK) == len(set(COLOURS_ON_DARK))


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
