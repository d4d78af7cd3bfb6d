"""Texts that are almost right: good files with a few bytes, tokens or lines changed."""

from __future__ import annotations

import random

NASTY = [
    "", "0", "-1", "1e999", "nan", "inf", ".nan", "null", "true", "[]", "{}", "[[", "}}", ":", "- ", "&a", "*a", "!!x",
    "\x00", "\ufeff", "é", "'", '"', "\t", "\n", "\r\n", ",", ",,", "#", "99999999999999999999999", "0.5", "1_000",
    "0x10", "<<", "---", "\u2028", "\\", "%", "1:2:3", "~", "=", "yes", "2024-01-01", "9" * 400,
]  # fmt: skip


def mutate(text: str, seed: int) -> bytes:
    """Change a text in one to four places; the same seed gives the same bytes."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 4)):
        text = rng.choice((_replace_word, _splice, _drop_line, _repeat_line, _swap_lines, _cut))(text, rng)
    raw = text.encode("utf-8", errors="surrogatepass")
    if rng.random() < 0.1 and raw:
        position = rng.randrange(len(raw))
        raw = raw[:position] + bytes([rng.randrange(256)]) + raw[position + 1 :]
    return raw


def _replace_word(text: str, rng: random.Random) -> str:
    words = text.split(" ")
    words[rng.randrange(len(words))] = rng.choice(NASTY)
    return " ".join(words)


def _splice(text: str, rng: random.Random) -> str:
    position = rng.randrange(len(text) + 1)
    return text[:position] + rng.choice(NASTY) + text[position + rng.randint(0, 6) :]


def _drop_line(text: str, rng: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    if lines:
        lines.pop(rng.randrange(len(lines)))
    return "".join(lines)


def _repeat_line(text: str, rng: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    if lines:
        lines.insert(rng.randrange(len(lines)), rng.choice(lines))
    return "".join(lines)


def _swap_lines(text: str, rng: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    rng.shuffle(lines)
    return "".join(lines) if len(lines) < 5 else "".join(lines[:5] + sorted(lines[5:]))


def _cut(text: str, rng: random.Random) -> str:
    return text[: rng.randrange(len(text) + 1)]
