"""Every row of some units, the reasons of those that take no part, session columns, and who is first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from funnelcli.config.funnel import Match, Stage
from funnelcli.events import load
from tests.events.building import HEADER, completed_by, condition, funnel, parquet, rows, us, written

if TYPE_CHECKING:
    from funnelcli.config.funnel import First

LOG = (
    "ann visit 2026-01-02T10:00; bob visit 2026-01-02T10:00; ann other 2026-01-02T10:30; ann purchase never;"
    "ann hidden 2026-01-02; ann purchase 2026-01-05; ann visit 2026-01-01; ann other never; ann purchase 2026-01-03"
)
RANGE = {
    "range": "all",
    "since": datetime(2026, 1, 2, tzinfo=UTC),
    "as_of": datetime(2026, 1, 4, tzinfo=UTC),
    "where": (condition("event", "ne", "hidden"),),
}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return written(tmp_path / "a.csv", rows(LOG))


def first(event: str, kind: First, *where: object) -> Stage:
    return completed_by(event).model_copy(update={"first": kind, "where": where})


def test_everything_keeps_rows_of_other_events_with_event_and_place(log: Path) -> None:
    events = load(funnel(log, **RANGE), everything=True, units=True)
    assert events.rows.schema == {
        "unit": pl.UInt64, "time": pl.Int64, "match": pl.UInt64, "row": pl.UInt32, "event": pl.String,
    }  # fmt: skip
    assert events.units is not None
    named = events.rows.join(events.units, on="unit").sort("row").select("@user", "row", "event", "time", "match")
    assert named.rows() == [
        ("ann", 0, "visit", us("2026-01-02T10:00"), 1),
        ("bob", 1, "visit", us("2026-01-02T10:00"), 1),
        ("ann", 2, "other", us("2026-01-02T10:30"), 0),
        ("ann", 8, "purchase", us("2026-01-03"), 2),
    ]
    assert events.others is None
    assert events.account == load(funnel(log, **RANGE)).account


def test_others_are_the_rows_of_the_units_that_take_no_part_each_with_its_reason(log: Path) -> None:
    events = load(funnel(log, **RANGE), everything=True, only=(("ann",),))
    assert events.rows.sort("row")["row"].to_list() == [0, 2, 8]
    assert events.others is not None
    assert events.others.rows() == [
        ("ann", None, 3, "purchase", 2, "bad_time"),
        ("ann", us("2026-01-02"), 4, "hidden", 0, "where"),
        ("ann", us("2026-01-05"), 5, "purchase", 2, "after_as_of"),
        ("ann", us("2026-01-01"), 6, "visit", 1, "out_of_range"),
        ("ann", None, 7, "other", 0, "other_event"),
    ]
    assert events.others.columns == ["@user", "time", "row", "event", "match", "reason"]
    assert events.account == load(funnel(log, **RANGE)).account


def test_only_nobody_gives_no_rows_and_the_same_account(log: Path) -> None:
    plain = load(funnel(log))
    for only in ((), (("eve",),)):
        events = load(funnel(log), everything=True, only=only, units=True)
        assert events.rows.is_empty()
        assert events.others is not None
        assert events.others.is_empty()
        assert (events.account, events.end, events.notes) == (plain.account, plain.end, plain.notes)


@pytest.mark.parametrize("dtype", [pl.Int64(), pl.UInt8(), pl.Int128(), pl.Categorical(), pl.String()])
def test_only_finds_units_of_any_type_by_their_text(tmp_path: Path, dtype: pl.DataType) -> None:
    names = ["7", "77", "0"] * 2
    path = parquet(tmp_path / "a.parquet", [(name, "visit", "2026-01-01") for name in names], user=dtype)
    for asked, found in [("7", 2), ("07", 0), ("777777777777777777777777777777777777777777", 0), ("x", 0), ("-7", 0)]:
        assert load(funnel(path), only=((asked,),)).rows.height == found


def test_only_takes_several_columns_together(tmp_path: Path) -> None:
    table = [(user, item, "visit", "2026-01-01") for user in "ab" for item in "xy"]
    path = written(tmp_path / "a.csv", table, ("user", "item", "event", "timestamp"))
    made = funnel(path, unit=("user", "item"))
    events = load(made, only=(("a", "x"), ("b", "y")), units=True)
    assert events.units is not None
    assert sorted(events.units.select("@user", "@item").rows()) == [("a", "x"), ("b", "y")]
    assert events.account == load(made).account


def test_what_first_denies_is_told_with_everything(log: Path) -> None:
    stages = [first("visit", "match"), completed_by("purchase")]
    events = load(funnel(log, stages=stages), everything=True, only=(("ann",),))
    visits = events.rows.filter(event="visit").sort("time")
    assert visits.select("match", "denied").rows() == [(1, 0), (0, 1)]
    assert load(funnel(log, stages=stages)).rows.columns == ["unit", "time", "match"]


def test_a_row_that_first_denies_is_used_and_one_that_only_has_the_name_is_an_other_event(tmp_path: Path) -> None:
    text = "ann visit 2026-01-01 web; ann visit 2026-01-02 app; ann visit 2026-01-03 web; bob visit 2026-01-01 app"
    path = written(tmp_path / "a.csv", rows(text), (*HEADER, "channel"))
    app = condition("channel", "eq", "app")
    for kind, used in (("event", [us("2026-01-01")]), ("match", [us("2026-01-01"), us("2026-01-02")])):
        stages = [Stage(name="App", matches=(Match(events=("visit",), where=(app,)),), first=kind), completed_by("buy")]
        events = load(funnel(path, stages=stages))
        assert sorted(events.rows["time"]) == used
        assert (events.account.rows_used, events.account.skipped) == (2, {"other_event": 2})


def test_rows_without_a_unit_or_a_readable_time_are_never_first(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.csv", [("ann", "visit", "never"), ("", "visit", "2026-01-01"), ("ann", "visit", "2026-01-02")]
    )
    events = load(funnel(path, stages=[first("visit", "event"), completed_by("buy")]))
    assert events.rows["time"].to_list() == [us("2026-01-02")]


def test_a_session_column_makes_the_unit_and_first_is_of_the_unit_without_it(tmp_path: Path) -> None:
    table = [
        ("ann", "visit", "2026-01-01", "a"),
        ("ann", "visit", "2026-01-02", "b"),
        ("bob", "visit", "2026-01-03", "a"),
        ("bob", "other", "2026-01-03", "a"),
        ("bob", "visit", "2026-01-01", ""),
    ]
    path = written(tmp_path / "a.csv", table, (*HEADER, "visit_id"))
    for unit in (("user",), ("user", "visit_id")):
        made = funnel(path, unit=unit, session="visit_id")
        events = load(made, units=True)
        assert events.units is not None
        assert sorted(events.units.select("@user", "session").rows()) == [("ann", "a"), ("ann", "b"), ("bob", "a")]
        assert events.rows["unit"].n_unique() == 3
        assert (events.account.rows_used, events.account.skipped) == (4, {"no_unit": 1})
        made = made.model_copy(update={"stages": (first("visit", "event"), completed_by("purchase"))})
        assert sorted(load(made).rows["time"]) == [us("2026-01-01"), us("2026-01-03")]


def test_sessions_are_counted_from_1_over_all_rows_of_the_unit_whatever_their_event(tmp_path: Path) -> None:
    text = (
        "ann other 2026-01-01T00:00; ann visit 2026-01-01T10:00; ann other 2026-01-01T10:30;"
        "ann visit 2026-01-01T11:00; ann purchase 2026-01-01T11:30:00.000001; bob visit 2026-01-01T11:00"
    )
    events = load(funnel(written(tmp_path / "a.csv", rows(text)), session=timedelta(minutes=30)), units=True)
    assert events.units is not None
    assert events.units.schema == {"unit": pl.UInt64, "@user": pl.String, "session": pl.Int64}
    found = events.rows.join(events.units, on="unit").sort("@user", "time").select("@user", "session", "match")
    assert found.rows() == [("ann", 2, 1), ("ann", 2, 1), ("ann", 3, 2), ("bob", 1, 1)]
    assert (events.account.rows_used, events.account.skipped) == (6, {})


@pytest.mark.parametrize("unit", [-(2**63), -1, 2**63 - 1])
def test_sessions_part_at_the_right_silence_at_the_ends_of_time_and_of_numbers(tmp_path: Path, unit: int) -> None:
    times = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"]
    table = [(name, "visit", time) for name in sorted({unit, 0, 1}) for time in times]
    path = parquet(tmp_path / "a.parquet", table, user=pl.Int64())
    for silence, sessions in ((timedelta(days=3_652_058), 2), (timedelta.max, 1)):
        assert load(funnel(path, session=silence)).rows["unit"].n_unique() == sessions * len({unit, 0, 1})


def test_the_columns_of_same_are_there_with_their_nulls(tmp_path: Path) -> None:
    table = [
        ("ann", "visit", "2026-01-01", "x"),
        ("ann", "other", "2026-01-02", "y"),
        ("ann", "visit", "2026-01-03", ""),
    ]
    path = written(tmp_path / "a.csv", table, (*HEADER, "item"))
    assert load(funnel(path, same=("item",))).rows.sort("time")["@item"].to_list() == ["x", None]
    strict = load(funnel(path, same=("item",), order="strict", breakdowns=(("user",), ("event",)), where=()))
    assert strict.rows.sort("time")["@item"].to_list() == ["x", "y", None]
    assert strict.rows.sort("time")["@event"].to_list() == ["visit", None, "visit"]
