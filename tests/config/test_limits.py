"""Whatever bytes a config holds: it is read, or refused in one line, soon."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funnelcli.config import definition, schema
from tests.config.reader import SHOP, funnel, told
from tests.config.trees import funnels

LIMITS = {
    "bytes": ("# " + "x" * 1_000_000, "1:1: longer than 1,000,000 bytes; a config is a short file"),
    "levels": ("a: " + "[" * 50_000, "1:35: more than 32 levels, one inside the other"),
    "levels by lines": ("- " * 400_000, "1:65: more than 32 levels, one inside the other"),
    "levels by aliases": (
        "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 60)),
        "30:6: more than 32 levels once the aliases are written out",
    ),
    "aliases": ("a: &a 1\nb: [" + "*a," * 201 + "]", "2:605: more than 200 aliases; write the values out"),
    "values": ("a: [" + "1," * 10_000 + "]", "1:19999: more than 10000 values in one file"),
    "values by aliases": (
        "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)),
        "4:5: more than 10000 values once the aliases are written out",
    ),
    "funnels": (
        "stages: [{A: a}, {B: b}]\nfunnels: [" + ",".join(f"{{funnel: f{i}}}" for i in range(101)) + "]",
        "2:10: funnels: must be a list of 1 to 100 funnels, not a list of 101",
    ),
    "code point": ('a: "\\UFFFFFFFF"', "1:7: this is not YAML; put the text in quotes"),
}


@contextmanager
def soon(seconds: float = 3) -> Iterator[None]:
    """Generous, since machines differ: what this guards against takes minutes."""
    started = time.process_time()
    yield
    assert time.process_time() - started < seconds


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_told_in_one_line(name: str) -> None:
    text, message = LIMITS[name]
    with soon():
        assert told(text) == [message]


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "x y " * 240_000,
        "a: '" + "x y " * 240_000 + "'",
        'a: "' + "\\t" * 490_000 + '"',
        "a: |\n" + " x\n" * 330_000,
        "a: x\n" + "\n" * 900_000 + "b",
        "x" * 990_000 + ": 1",
        "".join(f"window{i}: 1\n" for i in range(4_000)),
        "".join(f"{'k' * 50}{i}: 1\n" for i in range(4_000)),
        SHOP + "where: {" + ",".join(f"k{i}: " for i in range(4_000)) + "}",
        SHOP + "unit: [" + ",".join("a" * 5 + str(i) for i in range(9_000)) + "]",
        SHOP + "where: {a: [" + ",".join(str(i) for i in range(9_000)) + "]}",
        "a: {" + ",".join(f"k{i}: 1" for i in range(4_000)) + "}\nfunnels: [" + "{funnel: x, window: 3}," * 100 + "]",
        "unit: [" + ",".join(str(i) for i in range(9_000)) + "]\nfunnels: [" + "{}," * 100 + "]",
        SHOP + "where: {page: {matches: '" + "(" * 999 + "'}}",
        SHOP + "where: {page: {matches: '" + "(a{1000}){1000}" * 60 + "'}}",
        SHOP + f"window: {'9' * 900_000}",
        SHOP + f"where: {{a: {'9' * 900_000}}}",
        SHOP + f"since: '{'9' * 900_000}'",
    ],
    ids=lambda text: text.replace(SHOP, "")[:20],
)
def test_long_files_are_read_or_refused_soon(text: str) -> None:
    with soon():
        for message in told(text):
            assert len(message) < 1_000


def _given(shown: Any, key: str = "") -> Any:
    """A definition as YAML may say it: without what was not given, durations as text."""
    if isinstance(shown, dict) and key not in ("where", "targets"):
        kept = {name: _given(value, name) for name, value in shown.items()}
        return {name: value for name, value in kept.items() if value is not None and value != []}
    if isinstance(shown, list) and key in ("stages", "exclude", "checks"):
        return [_given(each) for each in shown]
    if key == "session" and isinstance(shown, str):
        return {"column": shown}
    if key in ("window", "within", "after", "session", "fresh") and shown is not None:
        return f"{timedelta(seconds=shown) // timedelta(milliseconds=1)}ms"
    return shown


RANDOM = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PIECES = st.sampled_from(
    [
        "funnel", "stages", "where", "window", ": ", "- ", "\n", "\n  ", "{", "}", "[", "]", ",", "&a", "*a", "<<",
        "'", '"', "|", ">", "#", "---", "%", "@", "!!int ", "\t", "7d", "A", "1", "~", "\\", "\\x", "é", "\u2028",
        "😀", "\x85", "? ",
    ]
)  # fmt: skip


def one_line_each(messages: list[str]) -> None:
    for message in messages:
        assert message.isprintable(), ascii(message)


@RANDOM
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    one_line_each(told(data))


@RANDOM
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_yaml_like_text_is_read_or_refused_in_words(text: str) -> None:
    one_line_each(told(text))
    one_line_each(told(SHOP + text))


KEYS = st.sampled_from([*schema()["properties"], "name", "events", "event", "column", "unit", "eq", "in", "x"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | KEYS | st.just("7d")
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@RANDOM
@given(st.dictionaries(KEYS, TREES, max_size=5))
def test_any_tree_is_read_or_refused_in_words(tree: dict[str, Any]) -> None:
    one_line_each(told(json.dumps(tree)))


@RANDOM
@given(funnels())
def test_a_valid_tree_is_read_and_written_back_the_same(tree: dict[str, Any]) -> None:
    """A funnel, written back as its definition, is the same funnel again."""
    raw = json.dumps(tree, ensure_ascii=False)
    for text in [json.dumps(tree), *([raw] if raw.isprintable() else [])]:
        read = funnel(text)
        assert read.name == tree["funnel"]
        back = _given(definition(read))
        again = funnel(json.dumps(back, default=lambda instant: instant.isoformat()))
        assert again == read
