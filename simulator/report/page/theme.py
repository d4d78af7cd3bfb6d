"""Colours of both themes, the style sheet, the script, and the policy that admits these two and nothing else."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from simulator.report.page.markup import Markup
from simulator.report.style import COLOURS, COLOURS_ON_DARK

LIGHT = {
    "paper": "#ffffff",
    "raised": "#f6f7f9",
    "ink": "#1b2330",
    "quiet": "#566070",
    "line": "#d9dee5",
    "grid": "#e6e9ee",
    "accent": "#005a93",
    "answer": "#eaf3fa",
}
DARK = {
    "paper": "#12171f",
    "raised": "#1a212c",
    "ink": "#e8ecf2",
    "quiet": "#a3aebd",
    "line": "#333d4b",
    "grid": "#28313d",
    "accent": "#7cc4f2",
    "answer": "#16293a",
}


def style_sheet() -> Markup:
    """The whole CSS: variables of the two themes, then the rules."""
    light, dark = _variables(LIGHT, COLOURS), _variables(DARK, COLOURS_ON_DARK)
    themes = (
        f":root{{color-scheme:light dark;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}"
        ":root[data-theme=light]{color-scheme:light}}\n"
    )
    series = "".join(f".s{i}{{stroke:var(--c{i})}}.f{i}{{fill:var(--c{i})}}\n" for i in range(len(COLOURS)))
    return Markup(themes + series + _asset("page.css") + _asset("print.css"))


def script() -> Markup:
    """The script: sorting, hover values, CSV, theme. The page is readable without it."""
    return Markup(_asset("page.js"))


def content_security_policy() -> str:
    """Only this style sheet and this script, by their content; no other source, no inline code, no form."""
    return (
        f"default-src 'none'; style-src {_source(style_sheet())}; script-src {_source(script())}; "
        "base-uri 'none'; form-action 'none'"
    )


def _variables(names: dict[str, str], colours: tuple[str, ...]) -> str:
    pairs = names | {f"c{index}": colour for index, colour in enumerate(colours)}
    return "".join(f"--{name}:{value};" for name, value in pairs.items())


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _asset(name: str) -> str:
    return files("simulator.report.page").joinpath("assets", name).read_text(encoding="utf-8")
