"""Bad trace files: ``name -> (file name, content, what the message must say)``."""

from __future__ import annotations

import gzip
import json

HEAD = "arrival_s,prompt_tokens,output_tokens\n"
AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n"

Trace = tuple[str, str | bytes, tuple[str, ...]]


def mooncake(**changed: object) -> str:
    """A good first line and a second one with some keys changed (None leaves the key out)."""
    good = {"timestamp": 0, "input_length": 600, "output_length": 5, "hash_ids": [1, 2]}
    bad = {key: value for key, value in (good | changed).items() if value is not None}
    return json.dumps(good) + "\n" + json.dumps(bad) + "\n"


TRACES: dict[str, Trace] = {
    "empty": ("t.csv", "", ("empty",)),
    "blank lines": ("t.csv", "\n\n\n", ()),
    "binary": ("t.csv", b"\x00\x01\x02\xff" * 100, ()),
    "truncated gzip": ("t.csv.gz", gzip.compress((HEAD + "0,1,1\n" * 5000).encode(), mtime=0)[:-20], ("gzip",)),
    "corrupt gzip": ("t.csv.gz", gzip.compress(b"x" * 4000, mtime=0)[:12] + b"\xff" * 40, ()),
    "header only": ("t.csv", HEAD, ("no requests",)),
    "unknown columns": ("t.csv", "a,b,c\n1,2,3\n", ("arrival_s",)),
    "missing output column": ("t.csv", "arrival_s,prompt_tokens\n0,5\n", ("output_tokens",)),
    "misspelt column": ("t.csv", "arrival_s,promt_tokens,output_tokens\n0,5,5\n", ("prompt_tokens",)),
    "duplicate column": ("t.csv", "arrival_s,prompt_tokens,prompt_tokens,output_tokens\n0,5,5,5\n", ("prompt_tokens",)),
    "short row": ("t.csv", HEAD + "0,5,5\n1,5\n", (":3",)),
    "long row": ("t.csv", HEAD + "0,5,5\n1,5,5,9\n", (":3",)),
    "text for a number": ("t.csv", HEAD + "0,5,5\n1,many,5\n", (":3", "prompt_tokens", "many")),
    "empty cell": ("t.csv", HEAD + "0,5,5\n1,,5\n", (":3", "prompt_tokens")),
    "NaN arrival": ("t.csv", HEAD + "0,5,5\nnan,5,5\n", (":3", "arrival_s")),
    "infinite arrival": ("t.csv", HEAD + "0,5,5\ninf,5,5\n", (":3", "arrival_s")),
    "negative arrival": ("t.csv", HEAD + "-1,5,5\n", (":2", "arrival_s", "-1")),
    "zero prompt": ("t.csv", HEAD + "0,0,5\n", (":2", "prompt_tokens")),
    "negative prompt": ("t.csv", HEAD + "0,-5,5\n", (":2", "prompt_tokens", "-5")),
    "fractional prompt": ("t.csv", HEAD + "0,5.5,5\n", (":2", "prompt_tokens", "5.5")),
    "huge prompt": ("t.csv", HEAD + "0,99999999999999999999,5\n", (":2", "prompt_tokens")),
    "zero output": ("t.csv", HEAD + "0,5,0\n", (":2", "output_tokens")),
    "NaN output": ("t.csv", HEAD + "0,5,nan\n", (":2", "output_tokens")),
    "priority text": ("t.csv", "arrival_s,prompt_tokens,output_tokens,priority\n0,5,5,high\n", (":2", "priority")),
    "latin-1": ("t.csv", (HEAD + "0,5,é\n").encode("latin-1"), ()),
    "nul byte": ("t.csv", HEAD + "0,5,\x005\n", ()),
    "azure bad time": ("a.csv", AZURE + "yesterday,5,5\n", (":2", "TIMESTAMP", "yesterday")),
    "azure missing column": ("a.csv", "TIMESTAMP,ContextTokens\n2023-11-16 18:15:46.6805900,5\n", ("GeneratedTokens",)),
    "azure zero tokens": ("a.csv", AZURE + "2023-11-16 18:15:46.6805900,0,5\n", (":2", "ContextTokens")),
    "azure text tokens": ("a.csv", AZURE + "2023-11-16 18:15:46.6805900,x,5\n", (":2", "ContextTokens")),
    "json not lines": ("m.jsonl", '{"timestamp": 0,\n "input_length": 5}\n', (":1",)),
    "json broken": ("m.jsonl", mooncake() + "{oops\n", (":3",)),
    "json a list": ("m.jsonl", mooncake() + "[1, 2]\n", (":3",)),
    "mooncake no timestamp": ("m.jsonl", mooncake(timestamp=None), (":2", "timestamp")),
    "mooncake negative time": ("m.jsonl", mooncake(timestamp=-5), (":2", "timestamp")),
    "mooncake text time": ("m.jsonl", mooncake(timestamp="now"), (":2", "timestamp")),
    "mooncake zero prompt": ("m.jsonl", mooncake(input_length=0), (":2", "input_length")),
    "mooncake fractional prompt": ("m.jsonl", mooncake(input_length=5.5), (":2", "input_length")),
    "mooncake bool prompt": ("m.jsonl", mooncake(input_length=True), (":2", "input_length")),
    "mooncake no output": ("m.jsonl", mooncake(output_length=None), (":2", "output_length")),
    "mooncake hashes text": ("m.jsonl", mooncake(hash_ids="abc"), (":2", "hash_ids")),
    "mooncake hashes negative": ("m.jsonl", mooncake(hash_ids=[-1, 2]), (":2", "hash_ids")),
    "mooncake hashes too few": ("m.jsonl", mooncake(hash_ids=[1]), (":2", "hash_ids")),
    "mooncake hashes too many": ("m.jsonl", mooncake(hash_ids=[1, 2, 3]), (":2", "hash_ids")),
    "mooncake deep": ("m.jsonl", mooncake() + "[" * 100_000 + "\n", (":3",)),
}
