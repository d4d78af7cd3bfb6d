"""ShareGPT-like conversations: JSON with ``conversations: [{from, value}]`` or ``messages: [{role, content}]``.

One JSON array, or one object a line. Every answer becomes a request: its prompt is all that stands before it, which
later turns share, and it is sent as soon as the one before it is answered. Texts are not kept: a token is taken to be
four characters (a rule of thumb for English), so lengths are estimates. Arrivals are not in such files: every
conversation starts at 0 unless ``workload.trace.arrival`` says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulator.workload.chains import NOBODY, ChainRows, Run
from simulator.workload.readers.columns import TraceColumns
from simulator.workload.readers.json_rows import JsonRow, parse_json

CHARACTERS_PER_TOKEN = 4

_ANSWERERS = {"gpt", "assistant", "chatgpt", "bing", "bard", "model"}
_FORMS = (("conversations", "from", "value"), ("messages", "role", "content"))
"""Key of the list of messages, key of a message's author, key of its text."""

_NOTES = (
    f"token counts are estimates: {CHARACTERS_PER_TOKEN} characters each",
    "arrivals are not in the file; every conversation starts at 0",
)


def recognises(head: str) -> bool:
    """Whether the head of the file is that of a list of conversations."""
    return head.lstrip()[:1] in ("[", "{") and any(f'"{messages}"' in head for messages, *_ in _FORMS)


def read(path: Path, lines: Iterator[str], limit: int | None) -> TraceColumns:
    """Read the conversations; ``limit`` counts requests. Raises ``InputError`` naming conversation and key."""
    rows = ChainRows()
    systems: dict[str, int] = {}
    for session, conversation in enumerate(_conversations(path, lines)):
        _add(rows, session, _messages(conversation), systems, limit)
        if limit is not None and len(rows) >= limit:
            break
    if not len(rows):
        return TraceColumns(*(rows.columns()[key] for key in ("arrival_s", "prompt_tokens", "output_tokens")))
    return TraceColumns(**rows.columns(), notes=_NOTES)


def _conversations(path: Path, lines: Iterator[str]) -> Iterator[JsonRow]:
    first = next(lines)
    if first.lstrip().startswith("["):
        found = parse_json(path, 1, first + "".join(lines))
        yield from (JsonRow(path, 1, conversation) for conversation in found)
        return
    for number, line in enumerate((first, *lines), start=1):
        if not line.isspace():
            yield JsonRow.parse(path, number, line)


def _messages(conversation: JsonRow) -> list[tuple[str, str]]:
    """(author, text) of every message."""
    form = next((form for form in _FORMS if conversation.has(form[0])), _FORMS[0])
    key, author, text = form
    found = conversation.get(key)
    if type(found) is not list:
        raise conversation.error("must be a list of messages", key, found)
    messages: list[tuple[str, str]] = []
    for place, message in enumerate(found):
        if not (isinstance(message, dict) and isinstance(message.get(author), str)):
            raise conversation.error(f"must be an object with {author!r} and {text!r}", f"{key}[{place}]", message)
        messages.append((message[author].lower(), _text(message.get(text))))
    return messages


def _text(content: Any) -> str:
    """The text of a message; of one made of parts, that of its text parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _add(
    rows: ChainRows, session: int, messages: list[tuple[str, str]], systems: dict[str, int], limit: int | None
) -> None:
    """The requests of one conversation. Equal system prompts of different conversations are shared."""
    history: list[Run] = []
    previous = NOBODY
    for author, text in messages:
        tokens = -(-len(text) // CHARACTERS_PER_TOKEN)
        if not tokens or (limit is not None and len(rows) >= limit):
            continue
        shared = author == "system" and not history
        if shared and text not in systems:
            systems[text] = rows.fresh_segment()
        segment = systems[text] if shared else rows.fresh_segment()
        if author in _ANSWERERS and history:
            previous = rows.add(0.0, history, tokens, session=session, answer=segment, after=previous)
        history.append((segment, tokens))
