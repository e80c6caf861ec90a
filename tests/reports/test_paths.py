"""The paths report against a naive one, in small worlds."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Any

import pytest

from funnelcli.engine import Journeys, door, journeys
from funnelcli.reports.counting import lines
from funnelcli.reports.paths import Paths, paths
from tests import oracle, worlds
from tests.reports.building import everything, inside
from tests.worlds import HOUR, World, unit_rows

KEYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "window": {"window": 2 * HOUR},
    "strict ties": {"ties": "strict"},
    "as of": {"as_of": 1 * HOUR, "window": 3 * HOUR},
    "stop": {"exclude": [{"events": "D"}]},
    "remove": {"exclude": [{"events": "D", "effect": "remove"}]},
}


def found(
    packed: list[World],
    wanted: oracle.Funnel,
    *,
    first: int = 1,
    last: int = 3,
    length: int = 3,
    shuffle: int | None = None,
) -> Paths:
    """The report on the worlds, all sequences of it."""
    events, config = everything(packed, wanted, shuffle=shuffle), worlds.config(wanted)
    pair = lines(config)[first - 1], lines(config)[last - 1]
    walked = journeys(events, config)
    lying = inside(events, door.spans(walked, config, first, last))
    return paths(lying, events, walked, config, events.account, between=pair, top=10_000, length=length)


def naive(
    packed: list[World], wanted: oracle.Funnel, walked: Journeys, first: int, last: int, length: int
) -> Counter[Any]:
    """How many took each (outcome, events), by going through the rows one by one."""
    counts: Counter[Any] = Counter()
    for journey in walked.frame.iter_rows(named=True):
        begin, finish = journey[f"stage_{first}"], journey[f"stage_{last}"]
        if begin is None:
            continue
        world = packed[worlds.world_of(journey["unit"])]
        until = journey["entered"] + wanted["window"] if "window" in wanted else 99 * HOUR
        rows = [(row.time, 0, row.event) for row in world if oracle.takes_part(row, wanted)]
        inside = [row for row in rows if begin < row[0] and (row[0] <= until if finish is None else row[0] < finish)]
        for stage in range(first + 1, last):
            time = journey[f"stage_{stage}"]
            if time is not None and time in (begin, finish):
                names = wanted["stages"][stage - 1]["events"]
                inside.append((time, stage, min(row.event for row in world if row.time == time and row.event in names)))
        events = tuple(name for name, _ in groupby(event for *_, event in sorted(inside)))[:length]
        counts["converted" if finish is not None else journey["status"], events] += 1
    return counts


@pytest.fixture(scope="module")
def packed() -> list[World]:
    return worlds.worlds(3, names="ABCX") + worlds.random_worlds(400, 8, names="ABCDX")


@pytest.mark.parametrize("stages", ["A, B, C", "A, A|B, B|C"])
@pytest.mark.parametrize("name", KEYS)
def test_the_sequences_are_those_of_a_naive_walk(name: str, stages: str, packed: list[World]) -> None:
    wanted = worlds.funnel(stages, **KEYS[name])
    walked = journeys(everything(packed, wanted), worlds.config(wanted))
    for first, last, length in ((1, 3, 3), (1, 2, 1), (2, 3, 9)):
        report = found(packed, wanted, first=first, last=last, length=length)
        counts = naive(packed, wanted, walked, first, last, length)
        assert {(path.outcome, path.events): path.count for path in report.paths} == counts
        for path in report.paths:
            assert path.share == path.count / report.sizes[path.outcome]


def test_the_order_of_rows_changes_nothing(packed: list[World]) -> None:
    wanted = worlds.funnel("A, B, C", window=2 * HOUR)
    one, *others = [found(packed, wanted, shuffle=shuffle).paths for shuffle in (None, 1, 2)]
    assert all(other == one for other in others)


def test_the_most_frequent_come_first_then_by_name() -> None:
    texts = ["A 0h, Y 1h", "A 0h, X 1h, X 2h, Y 3h", "A 0h, Y 1h, Y 2h", "A 0h", "A 0h, X 1h, C 2h", "A 0h, B 1h"]
    report = found([tuple(unit_rows(text)) for text in texts], worlds.funnel("A, B"), last=2)
    told = [(path.outcome, path.events, path.count) for path in report.paths]
    assert told == [
        ("converted", (), 1),
        ("dropped", ("Y",), 2), ("dropped", (), 1), ("dropped", ("X", "C"), 1), ("dropped", ("X", "Y"), 1),
    ]  # fmt: skip
    assert report.sizes == {"converted": 1, "dropped": 5, "open": 0}


def test_an_attempt_ends_where_the_next_one_enters() -> None:
    rows = [tuple(unit_rows("A 0h, X 1h, A 3h, Y 4h, B 4h"))]
    report = found(rows, worlds.funnel("A, B", window="2h", count="attempts"), last=2)
    assert [(path.outcome, path.events) for path in report.paths] == [("converted", ()), ("dropped", ("X",))]


def test_in_any_order_stages_are_counted() -> None:
    report = found([tuple(unit_rows("B 0h, X 1h, A 2h"))], worlds.funnel("A, B", order="any"), last=2)
    assert [(path.outcome, path.events) for path in report.paths] == [("converted", ("X",))]
