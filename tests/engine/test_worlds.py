"""The engine against the oracle, in every small world.

All logs that a unit can have with a few rows are the units of one frame; for each funnel of the matrix every unit's
depth, stage times, status and segments must be the oracle's. By default each funnel takes one date range and one
`segment_from` in turn; `-m slow` runs the whole product, with more rows.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from tests import worlds
from tests.engine.agreement import assert_agrees
from tests.worlds import HOUR, World

STAGES = ("A,B,A", "A,A|B,B", "A,A,A", "A,B,C", "A|B,B|C,A|C", "A|B|C,A,B|C,C")
TIES = ("stage", "strict", "row")
ENTRIES = ("earliest", "latest", "first")
WINDOWS = (None, 1 * HOUR, 2 * HOUR)
DATES: tuple[dict[str, Any], ...] = (
    {},
    {"since": HOUR},
    {"until": 2 * HOUR},
    {"since": HOUR, "until": 2 * HOUR, "range": "all"},
    {"since": 0, "until": 2 * HOUR, "range": "all"},
    {"as_of": 1 * HOUR},
    {"as_of": 3 * HOUR, "since": HOUR},
)
SOURCES = ("entry", "first", "last", "s2", "s3", "any")
BREAKDOWNS = (("channel",), ("channel", "device"))

ALONE = list(product(STAGES, TIES, ENTRIES, WINDOWS))
CHOICES = [
    (*choice, DATES[number % len(DATES)], SOURCES[number // len(DATES) % len(SOURCES)])
    for number, choice in enumerate(ALONE)
]
EVERY_DATE = [
    (*choice, dates, SOURCES[number % len(SOURCES)]) for number, (dates, choice) in enumerate(product(DATES, ALONE))
]


def funnel(
    stages: str, ties: str, entry: str, window: int | None, dates: dict[str, Any], source: str
) -> dict[str, Any]:
    keys = {"ties": ties, "entry": entry, "window": window, "segment_from": source, "breakdowns": BREAKDOWNS, **dates}
    return worlds.funnel(stages, **keys)


@pytest.fixture(scope="module")
def sets() -> list[World]:
    """All logs of up to five rows whose rows at one instant are a set."""
    return worlds.worlds(5)


@pytest.fixture(scope="module")
def orders() -> list[World]:
    """All logs of up to four rows whose rows at one instant stand in every order."""
    return worlds.worlds(4, ordered=True)


@pytest.fixture(scope="module")
def longer_orders() -> list[World]:
    """All logs of up to five rows whose rows at one instant stand in every order."""
    return worlds.worlds(5, ordered=True, seed=8)


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_every_unit_has_the_journey_of_the_definition(
    choice: tuple[Any, ...], sets: list[World], orders: list[World]
) -> None:
    wanted = funnel(*choice)
    assert_agrees(orders if wanted["ties"] == "row" else sets, wanted)


@pytest.mark.slow
@pytest.mark.parametrize("choice", EVERY_DATE, ids=str)
def test_every_unit_has_the_journey_of_the_definition_with_every_date_range(
    choice: tuple[Any, ...], sets: list[World], longer_orders: list[World]
) -> None:
    wanted = funnel(*choice)
    assert_agrees(longer_orders if wanted["ties"] == "row" else sets, wanted)


RANDOM = (
    ("A|B, B|C, C|D, A|D", 4, 7),
    ("A, A|B, A|B|C, D", 5, 8),
    ("A|B, A|B, A|B, C", 2, 8),
    ("A, B, C, D, A", 4, 9),
    ("A|B|C|D, A|B, C|D, A|C, B|D", 3, 6),
)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize(("stages", "instants", "rows"), RANDOM)
def test_longer_random_logs_have_the_journey_of_the_definition(
    stages: str, instants: int, rows: int, ties: str
) -> None:
    packed = worlds.random_worlds(300, rows, instants=instants, seed=rows)
    for entry, source in product(ENTRIES, ("entry", "last", "any")):
        assert_agrees(packed, funnel(stages, ties, entry, (instants - 1) * HOUR, {}, source))
