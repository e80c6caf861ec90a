"""Events inside spans are those that `everything` has there, for units, times and sessions of every kind."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from funnelcli.engine import door, journeys
from funnelcli.errors import Bug
from funnelcli.events import inside, load, opened
from tests.events.building import HEADER, condition, funnel, parquet, rows, written
from tests.reports import building

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel

STAGES = ("visit", "cart", "purchase")
NAMES = ("visit", "cart", "purchase", "search", "help", "")
KEYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "window": {"window": timedelta(hours=5)},
    "as of": {"window": timedelta(hours=30), "as_of": datetime(2026, 1, 1, 20, tzinfo=UTC)},
    "range": {"range": "all", "since": datetime(2026, 1, 1, 3, tzinfo=UTC), "until": datetime(2026, 1, 2, tzinfo=UTC)},
    "where": {"where": (condition("event", "ne", "search"),)},
    "session": {"session": timedelta(hours=2)},
    "attempts": {"count": "attempts", "window": timedelta(hours=4)},
    "strict": {"order": "strict"},
    "rows in order": {"ties": "row"},
    "a zone": {"timezone": "Europe/Stockholm"},
}


def table(users: int, *, seed: int = 3) -> list[tuple[str, str, str]]:
    """(user, event, time) of rows drawn at random, the same on every run; some lack a user, a name or a time."""
    draw = random.Random(seed)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    found = []
    for _ in range(users * 12):
        user = str(draw.randrange(1, users)) if draw.random() > 0.02 else ""
        time = start + timedelta(minutes=draw.randrange(48 * 6) * 10, microseconds=draw.choice((0, 0, 250)))
        text = time.isoformat(" " if draw.random() < 0.2 else "T") if draw.random() > 0.02 else "never"
        found.append((user, draw.choice(NAMES), text.replace("+00:00", draw.choice(("", "Z", "+01:00")))))
    return found


def assert_same(made: Funnel) -> None:
    """What the second reading finds in the spans is what lies in them of every row, ties of stages included."""
    for first, last in ((1, 3), (1, 2), (2, 3)):
        with opened(made, ("event",)) as log:
            events = load(made, units=True, columns=("event",), log=log)
            walked = journeys(events, made)
            found = inside(log, made, events, door.spans(walked, made, first, last))
        got = door.between(found, events, walked, made, first=first, last=last)
        whole = load(made, everything=True)
        again = journeys(whole, made)
        lying = building.inside(whole, door.spans(again, made, first, last))
        wanted = door.between(lying, whole, again, made, first=first, last=last)
        moments = ["unit", "entered"]
        one, other = (
            each.join(frame.select("journey", *moments), on="journey").select(*moments, "time", "event")
            for each, frame in ((got, walked.frame), (wanted, again.frame))
        )
        assert found.height
        if made.session is None:  # the numbers of sessions may differ from one load to the other
            assert one.sort(pl.all(), nulls_last=True).rows() == other.sort(pl.all(), nulls_last=True).rows()
        assert sorted(map(str, one.drop("unit").rows())) == sorted(map(str, other.drop("unit").rows()))


@pytest.mark.parametrize("name", KEYS)
def test_what_lies_inside_is_what_lies_there_of_every_row(name: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", table(40))
    assert_same(funnel(path, stages=STAGES, **KEYS[name]))


@pytest.mark.parametrize("dtype", [pl.Int64(), pl.UInt8(), pl.Categorical(), pl.String()])
def test_units_of_any_type_are_found_again(dtype: pl.DataType, tmp_path: Path) -> None:
    named = [line for line in table(40) if line[0] and line[2] != "never"]
    path = parquet(tmp_path / "a.parquet", named, user=dtype)
    assert_same(funnel(path, stages=STAGES, window=timedelta(hours=9)))


def test_units_of_several_columns_are_found_again(tmp_path: Path) -> None:
    lines = [(user, str(place % 2), *rest) for place, (user, *rest) in enumerate(table(20))]
    path = written(tmp_path / "a.csv", lines, ("user", "item", "event", "timestamp"))
    assert_same(funnel(path, stages=STAGES, unit=("user", "item")))


def test_a_session_column_keeps_sessions_apart(tmp_path: Path) -> None:
    lines = [(user, event, time, str(place % 3)) for place, (user, event, time) in enumerate(table(10))]
    path = written(tmp_path / "a.csv", lines, (*HEADER, "visit_id"))
    assert_same(funnel(path, stages=STAGES, unit=("user", "visit_id"), session="visit_id"))


def test_a_session_ends_what_lies_inside(tmp_path: Path) -> None:
    text = "ann visit 2026-01-01T00:00; ann help 2026-01-01T01:00; ann search 2026-01-01T03:00"
    made = funnel(written(tmp_path / "a.csv", rows(text)), session=timedelta(minutes=90))
    with opened(made) as log:
        events = load(made, units=True, log=log)
        walked = journeys(events, made)
        assert inside(log, made, events, door.spans(walked, made, 1, 2))["event"].to_list() == ["help"]


def test_units_must_be_named(tmp_path: Path) -> None:
    made = funnel(written(tmp_path / "a.csv", rows("ann visit 2026-01-01")))
    with opened(made) as log:
        events = load(made, log=log)
        with pytest.raises(Bug):
            inside(log, made, events, door.spans(journeys(events, made), made, 1, 2))
