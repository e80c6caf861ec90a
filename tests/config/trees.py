"""Valid configs as plain trees, in all the forms that the YAML allows, made by hypothesis."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from funnelcli.config.stages import RESERVED, StageKeys
from tests.config.reader import told

NAMES = st.sampled_from(
    ["a", "NO", "on", "1:30", "012", "0o7", "null", "é", "购买", "<<", "a: b", "#x", "- y", "%", "😀"]
) | (st.text(min_size=1, max_size=8).filter(str.strip))
TITLES = NAMES.filter(lambda name: name.isprintable() and name not in RESERVED)
NUMBERS = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.text(max_size=6) | NUMBERS | st.booleans()
LISTS = st.lists(VALUES, min_size=1, max_size=3, unique_by=lambda value: (isinstance(value, bool), value))
TEXTS = st.text(min_size=1, max_size=4)
COMPARISONS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("eq", "ne"), VALUES),
        **dict.fromkeys(("gt", "ge", "lt", "le"), st.text(max_size=6) | NUMBERS),
        **dict.fromkeys(("in", "not_in"), LISTS),
        **dict.fromkeys(("contains", "starts_with", "ends_with"), TEXTS),
        "matches": st.sampled_from(["^a+$", r"\p{L}", "[[:alpha:]]", "a|b"]),
        "is_null": st.booleans(),
    },
).filter(bool)
WHERES = st.dictionaries(NAMES, VALUES | LISTS | COMPARISONS, max_size=3)
DURATIONS = st.builds("{}{}".format, st.integers(1, 999), st.sampled_from(["ms", "s", "m", "h", "d", "w"]))


def lists(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(items, min_size=1, max_size=3, unique=True)


EVENTS = (
    NAMES
    | lists(NAMES)
    | st.lists(st.fixed_dictionaries({"event": NAMES, "where": WHERES.filter(bool)}), min_size=1, max_size=2)
)


@st.composite
def stages(draw: st.DrawFn) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in draw(st.lists(TITLES, min_size=2, max_size=4, unique=True)):
        long = draw(st.booleans()) or name in StageKeys.model_fields
        stage = {"name": name, "events": draw(EVENTS)} if long else {name: draw(EVENTS)}
        keys = {"where": WHERES, "first": st.sampled_from(["event", "match"])}
        if found:
            keys |= {"within": st.sampled_from(["2d", "10d"]), "after": st.sampled_from(["1ms", "1d"])}
        if len(found) >= 2:
            keys |= {"optional": st.booleans()}
        found.append({**stage, **draw(st.fixed_dictionaries({}, optional=keys))} if long else stage)
    return found


def exclusions(stages: list[dict[str, Any]]) -> st.SearchStrategy[Any]:
    """Exclusions of a funnel whose first two stages are required."""
    between = [stage.get("name", next(iter(stage))) for stage in stages[:2]]
    entries = st.fixed_dictionaries(
        {"events": EVENTS},
        optional={
            "where": WHERES,
            "between": st.just(between),
            "effect": st.sampled_from(["stop", "remove"]),
        },
    )
    return NAMES | st.lists(NAMES | entries, min_size=1, max_size=2)


RATES = st.floats(0, 1) | st.integers(0, 1) | st.sampled_from(["20%", "12.5 %", "0.2", "100%", "0"])
NUMBERS = st.integers(-1000, 1000) | st.floats(-1e9, 1e9) | st.sampled_from(["20%", "-150 %"])


def checks(stage: str) -> st.SearchStrategy[Any]:
    """Checks with names of their own, some of them of this stage."""
    kinds = (
        st.fixed_dictionaries({"get": NAMES, "min": NUMBERS})
        | st.fixed_dictionaries({"get": NAMES, "max": NUMBERS})
        | st.fixed_dictionaries(
            {"fall": st.just(stage)}, optional={"every": st.sampled_from(["1h", "1d", "1w", "1mo"])}
        )
        | st.fixed_dictionaries({"fresh": DURATIONS})
        | st.fixed_dictionaries({"max_skipped": RATES})
    )
    named = st.lists(kinds, min_size=1, max_size=3)
    return named.map(lambda each: [{"name": f"check {number}", **check} for number, check in enumerate(each)])


@st.composite
def funnels(draw: st.DrawFn) -> dict[str, Any]:
    """The tree of one funnel, which the reader accepts: rules that join several keys are left to it."""
    tree = draw(_funnels())
    refused = "means nothing|never|no row|own range|unit itself|line of the report"
    assume(not any(re.search(refused, each) for each in told(json.dumps(tree))))
    return tree


@st.composite
def _funnels(draw: st.DrawFn) -> dict[str, Any]:
    columns = st.fixed_dictionaries(
        {},
        optional={
            "user": NAMES,
            "event": NAMES,
            "timestamp": NAMES
            | st.fixed_dictionaries({"column": NAMES}, optional={"unit": st.sampled_from(["s", "ms", "us", "ns"])})
            | st.fixed_dictionaries({"format": st.just("%d/%m/%Y")}),
        },
    )
    optional = {
        "logs": lists(NAMES.map("/logs/{}".format)),
        "columns": columns,
        "timezone": st.sampled_from(["UTC", "Europe/Stockholm", "Asia/Kathmandu"]),
        "window": DURATIONS,
        "breakdowns": lists(NAMES.filter(lambda name: "," not in name and name == name.strip()))
        | lists(NAMES).map(lambda names: [names]),
        "where": WHERES,
        "unit": NAMES | lists(NAMES),
        "ties": st.sampled_from(["stage", "strict", "row"]),
        "entry": st.sampled_from(["earliest", "latest", "first"]),
        "range": st.sampled_from(["entry", "all"]),
        "since": st.sampled_from(["2020-02-29", "2020-10-25T02:30", "2020-01-01 10:00:00.123456-05:00", "90d"]),
        "until": st.sampled_from(["today", "yesterday", "now", "1ms"]),
        "as_of": st.sampled_from(["2026-02-28", "now", "2w"]),
        "segment_from": st.sampled_from(["entry", "first", "last", "any"]),
        "order": st.sampled_from(["loose", "strict", "any"]),
        "same": NAMES | lists(NAMES),
        "session": DURATIONS | NAMES.map(lambda name: {"column": name}),
        "mature": st.booleans(),
        "value": NAMES,
    }
    made = draw(stages())
    few = {"exclude": exclusions(made), "semantics": st.sampled_from(["posthog", "ga4", "mixpanel", "clickhouse"])}
    few |= {"start": st.sampled_from(["first", "open"]), "count": st.sampled_from(["units", "attempts"])}
    second = made[1].get("name", next(iter(made[1])))
    few |= {"targets": st.dictionaries(st.just(second), RATES, max_size=1), "checks": checks(second)}
    keys = draw(st.fixed_dictionaries({}, optional=optional | few))
    return {"funnel": draw(TITLES), "stages": made, **keys}
