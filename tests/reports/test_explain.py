"""Why a row did not count, in the words that a person reads: one small unit for each reason."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from funnelcli.engine import journeys
from funnelcli.errors import DataError
from funnelcli.reports.explain import Explanation, Wanted, explanation, sampled
from funnelcli.reports.users import Choice
from funnelcli.tables.explain import table, words
from tests import worlds
from tests.reports.building import everything
from tests.worlds import HOUR, unit_rows


def explained(stages: str, log: str, limits: dict[str, dict[str, Any]] | None = None, **keys: Any) -> Explanation:
    """The explanation of the units of a log, written without their names; all times in hours."""
    for key in ("since", "until", "as_of"):
        if key in keys:
            keys[key] *= HOUR
    wanted = worlds.funnel(stages, **keys)
    for stage in wanted["stages"]:
        more = (limits or {}).get(stage["name"], {})
        stage |= {
            key: worlds.microseconds(value) if key in {"within", "after"} else value for key, value in more.items()
        }
    packed = [tuple(unit_rows(rows)) for rows in log.split(";")]
    events, funnel = everything(packed, wanted), worlds.config(wanted)
    names = [Wanted((str(number),)) for number in range(len(packed))]
    return explanation(events, journeys(events, funnel), funnel, events.account, wanted=names)


def told(stages: str, log: str, limits: dict[str, dict[str, Any]] | None = None, **keys: Any) -> list[str]:
    """What is said of each row of one unit: `→ stage` or why not."""
    return [
        f"→ {line.stage}" if line.stage else words(line.reason) or ""
        for each in explained(stages, log, limits, **keys).units
        for line in each.rows
    ]


CASES: dict[str, tuple[tuple[Any, ...], dict[str, Any], list[str]]] = {
    "the journey": (("A, B", "A 0h, B 1h"), {}, ["→ s1", "→ s2"]),
    "other events": (("A, B", "A 0h, X 1h, B 2h"), {}, ["→ s1", "other event", "→ s2"]),
    "before entry": (("A, B", "B 0h, A 1h"), {}, ["before entry", "→ s1"]),
    "an earlier row": (
        ("A, B", "A 0h, A 1h, B 2h, B 3h"),
        {},
        ["→ s1", "an earlier row was used for s1", "→ s2", "an earlier row was used for s2"],
    ),
    "a row of the same time": (
        ("A, B", "A 0h, A 0h, B 2h"), {}, ["→ s1", "another row at the same time was used for s1", "→ s2"]
    ),
    "a later row": (
        ("A, B", "A 0h, A 1h, B 2h"), {"entry": "latest"}, ["a later row was used for s1", "→ s1", "→ s2"]
    ),
    "the window": (
        ("A, B", "A 0h, B 63m"), {"window": "1h"}, ["→ s1", "window over by 00:03:00"]
    ),
    "the window of an entry": (
        ("A, B", "A 0h, A 1h, B 90m"), {"window": "1h"}, ["its window is over by 00:30:00 at s2", "→ s1", "→ s2"]
    ),
    "out of order": (("A, B, C", "A 0h, C 1h"), {}, ["→ s1", "out of order: needs s2 first"]),
    "too early": (("A, B, C", "A 0h, C 1h, B 2h"), {}, ["→ s1", "out of order: needs s2 first", "→ s2"]),
    "within": (
        ("A, B", "A 0h, B 2h", {"s2": {"within": "1h"}}), {},
        ["→ s1", "too late for within (s1 → s2: over by 01:00:00)"],
    ),
    "within of the next": (
        ("A, B, C", "A 0h, B 1h, B 2h, C 3h", {"s3": {"within": "1h"}}), {},
        ["→ s1", "too early for within (s2 → s3: over by 01:00:00)", "→ s2", "→ s3"],
    ),
    "after": (
        ("A, B", "A 0h, B 30m, B 1h", {"s2": {"after": "1h"}}), {},
        ["→ s1", "too soon for after (s1 → s2: short by 00:30:00)", "→ s2"],
    ),
    "an excluded event": (
        ("A, B", "A 0h, X 1h, B 2h"), {"exclude": [{"events": "X"}]},
        ["→ s1", "excludes what follows, up to s2 (s1 → s2)", "excluded by X at 1970-01-01 01:00"],
    ),
    "an excluded event elsewhere": (
        ("A, B, C", "A 0h, X 1h, B 2h, C 3h"), {"exclude": [{"events": "X", "between": ["s2", "s3"]}]},
        ["→ s1", "excluded event, but not between s2 and s3", "→ s2", "→ s3"],
    ),
    "a unit taken out": (
        ("A, B", "A 0h, X 1h, B 2h"), {"exclude": [{"events": "X", "effect": "remove"}]},
        ["→ s1", "takes the unit out (s1 → s2)", "→ s2"],
    ),
    "first": (
        ("A, B", "A 0h c=x, A 1h c=y", {"s1": {"first": "event", "where": {"c": "y"}}}), {},
        ["the where of s1 does not hold", "not the unit's first for s1"],
    ),
    "another item": (
        ("A, B", "A 0h c=x, B 1h c=y, B 2h, B 3h c=x"), {"same": ["c"]},
        ["→ s1", "another c (same)", "no c to agree on (same)", "→ s2"],
    ),
    "strict": (
        ("A, B", "A 0h, X 1h, B 2h"), {"order": "strict"},
        ["→ s1", "other event", "X at 1970-01-01 01:00 lies between (order: strict)"],
    ),
    "ties strict": (
        ("A, B", "A 0h, B 0h"), {"ties": "strict"}, ["→ s1", "at the same time as s1 (ties: strict)"]
    ),
    "any order": (
        ("A, B, C", "B 0h, A 1h, B 2h, C 4h"), {"order": "any", "window": "2h"},
        ["→ s2", "→ s1", "an earlier row was used for s2", "window over by 02:00:00"],
    ),
    "before since": (("A, B", "A 0h, A 2h"), {"since": 1}, ["outside the date range", "→ s1"]),
    "outside the range": (
        ("A, B", "A 0h, B 2h"), {"until": 1, "range": "all"}, ["→ s1", "outside the date range"]
    ),
    "after the end": (("A, B", "A 0h, B 2h"), {"as_of": 1}, ["→ s1", "after the end of the data"]),
    "an optional stage": (
        ("A, W, B", "W 0h, A 1h, W 2h, W 3h, B 4h, W 5h", {"s2": {"optional": True}}), {},
        ["before entry", "→ s1", "→ s2", *["an earlier row was used for s2"], "→ s3", "an earlier row was used for s2"],
    ),
    "an optional stage too late": (
        ("A, W, B", "A 1h, B 4h, W 5h", {"s2": {"optional": True}}), {},
        ["→ s1", "→ s3", "out of order: s3 came first"],
    ),
    "attempts": (
        ("A, B", "A 0h, A 1h, A 3h, B 4h"), {"count": "attempts", "window": "2h"},
        ["→ s1", "an earlier row was used for s1", "→ s1", "→ s2"],
    ),
    "sessions": (("A, B", "A 0h, B 2h"), {"session": "1h"}, ["→ s1", "out of order: needs s1 first"]),
    "an open funnel": (
        ("A, B", "B 0h, A 1h, B 2h"), {"start": "open"}, ["→ s2", "→ s1", "an earlier row was used for s2"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_row_is_told_why_it_did_not_count(name: str) -> None:
    arguments, keys, expected = CASES[name]
    assert told(*arguments, **keys) == expected


@pytest.mark.parametrize(
    ("rows", "keys", "reason"),
    [
        ("B 0h, X 1h", {}, "no row for s1"),
        ("A 0h", {"since": 1}, "outside the date range"),
        ("A 2h", {"as_of": 1}, "after the end of the data"),
        ("X 2h", {"order": "any"}, "no row for any stage"),
    ],
)
def test_a_unit_that_did_not_enter_is_told_why(rows: str, keys: dict[str, Any], reason: str) -> None:
    (each,) = explained("A, B", rows, **keys).units
    assert (each.status, each.deepest_stage, words(each.reason)) == ("did not enter", None, reason)


def test_attempts_and_sessions_are_explained_one_by_one() -> None:
    attempts = explained("A, B", "A 0h, B 1h, A 2h", count="attempts")
    assert [(each.numbers, each.status) for each in attempts.units] == [((1,), "converted"), ((2,), "dropped")]
    sessions = explained("A, B", "X 0h, A 5h, B 5h", session="1h")
    assert [(each.numbers, each.status) for each in sessions.units] == [((1,), "did not enter"), ((2,), "converted")]
    assert sessions.columns == ("unit", "session")


def test_every_kind_of_reason_is_the_same_in_json_and_in_rows() -> None:
    report = table(explained("A, B", "A 0h, X 1h, B 2h"))
    (unit,) = report.record["units"]  # type: ignore[misc]
    assert [row["reason"] for row in unit["rows"]] == [row[-1] for row in report.rows] == [None, "other event", None]


def test_an_unknown_unit_is_a_data_error_that_names_no_other() -> None:
    wanted = worlds.funnel("A, B")
    events, funnel = everything([tuple(unit_rows("A 0h"))], wanted), worlds.config(wanted)
    with pytest.raises(DataError) as raised:
        explanation(events, journeys(events, funnel), funnel, events.account, wanted=[Wanted(("1",))])
    assert str(raised.value) == (
        "--id: no row of the logs has the user '1'; check the spelling, blanks and leading zeros"
    )


def test_a_sample_is_spread_evenly_and_never_depends_on_the_order_of_rows() -> None:
    wanted = worlds.funnel("A, B")
    packed = [tuple(unit_rows("A 0h" if number % 2 else "A 0h, B 1h")) for number in range(10)]
    samples = []
    for shuffle in (None, 1, 2):
        events, funnel = everything(packed, wanted, shuffle=shuffle), worlds.config(wanted)
        found = journeys(events, funnel)
        samples.append(sampled(events, found, funnel, choice=Choice(None, "dropped"), size=2))
        assert sampled(events, found, funnel, choice=Choice(None, "excluded"), size=2) == []
        assert len(sampled(events, found, funnel, choice=Choice(), size=99)) == 10
    assert samples[0] == samples[1] == samples[2] == [Wanted(("3",)), Wanted(("7",))]


def test_the_order_of_the_rows_changes_nothing() -> None:
    packed = worlds.random_worlds(100, 8, instants=4, names="ABC")
    wanted = worlds.funnel("A|B, B|C, C", window=2 * HOUR, breakdowns=[("channel",)])
    wanted["exclude"] = [{"events": "A", "where": {"device": "p"}}]
    names = [Wanted((str(number),)) for number in range(100)]
    reports = []
    for shuffle in (None, 1, 2):
        events, funnel = everything(packed, wanted, shuffle=shuffle), worlds.config(wanted)
        reports.append(table(explanation(events, journeys(events, funnel), funnel, events.account, wanted=names)).rows)
    assert reports[0] == reports[1] == reports[2]
    assert pl.Series([row[0] for row in reports[0]]).n_unique() == 100
