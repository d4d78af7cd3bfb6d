"""Links between pages lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, name_of

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
OTHERS = [ROOT / name for name in ("ARCHITECTURE.md", "calibration/README.md", "calibration/ACCURACY.md")]


@pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=name_of)
def test_links(page: Path) -> None:
    for target in _LINK.findall(_CODE.sub("", page.read_text())):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.exists(), f"{target} leads nowhere"
        if anchor and path.suffix == ".md":
            assert anchor in _anchors(path), f"{target}: no such heading"


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", _CODE.sub("", page.read_text()), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


def test_every_page_is_linked_from_the_index() -> None:
    """Who begins at docs/README.md finds every page in two steps."""
    index = (ROOT / "docs" / "README.md").read_text() + (ROOT / "docs" / "how-to" / "README.md").read_text()
    missing = [name_of(page) for page in PAGES if page.parent != ROOT and f"{page.name})" not in index]
    missing = [name for name in missing if not name.endswith("README.md")]
    assert not missing
