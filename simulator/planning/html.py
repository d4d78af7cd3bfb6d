"""A plan as a small piece of HTML, for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from simulator.planning.words import explanation, headline, name_of

if TYPE_CHECKING:
    from simulator.planning.result import PlanResult

_HEADS = ("fleet", "replicas", "requests/s each", "$/h", "$/M tokens", "J/token")


def plan_html(result: PlanResult) -> str:
    """The answer, the finalists as a table, the explanation."""
    head = "".join(f"<th scope='col'>{escape(text)}</th>" for text in _HEADS)
    rows = []
    for fleet in result.fleets:
        figures = (
            f"{fleet.replicas:,}",
            f"{fleet.examined.per_replica:,.3g}",
            _figure(fleet.usd_per_hour, ",.2f"),
            _figure(fleet.usd_per_million_tokens, ",.3g"),
            _figure(fleet.joules_per_token, ",.3g"),
        )
        cells = "".join(f"<td>{text}</td>" for text in figures)
        rows.append(f"<tr><th scope='row' style='text-align:left'>{escape(name_of(fleet))}</th>{cells}</tr>")
    text = "".join(f"<p>{escape(group)}</p>" for group in explanation(result)[1:])
    return f"<p><b>{escape(headline(result))}</b></p><table><tr>{head}</tr>{''.join(rows)}</table>{text}"


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
