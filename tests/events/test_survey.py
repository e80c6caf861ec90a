from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import polars as pl
import pytest

from funnelcli.config.funnel import Columns
from funnelcli.errors import DataError
from funnelcli.events import check, survey
from funnelcli.events.guess import guess
from funnelcli.events.survey import Column
from tests.events.building import HEADER, funnel, parquet, rows, us, written

if TYPE_CHECKING:
    from pathlib import Path

TABLE = [
    ("ann", "visit", "2026-01-01T10:00", "web"),
    ("ann", "visit", "2026-01-01T10:00", "web"),
    ("ann", "cart", "2026-01-01T10:00", None),
    ("bob", "visit", "2026-01-01T10:00", "web"),
    ("bob", "cart", "2026-01-04T23:30", "app"),
    (None, "zoom", "never", "app"),
]


@pytest.mark.parametrize("kind", ["csv", "parquet", "both"])
def test_a_survey_tells_what_is_in_a_log(tmp_path: Path, kind: str) -> None:
    header = (*HEADER, "channel")
    logs = {
        "csv": [written(tmp_path / "a.csv", TABLE, header)],
        "parquet": [parquet(tmp_path / "a.parquet", TABLE, header)],
        "both": [written(tmp_path / "b.csv", TABLE[:3], header), parquet(tmp_path / "b.parquet", TABLE[3:], header)],
    }[kind]
    found = survey([str(log) for log in logs], timezone="Europe/Stockholm")
    assert (found.rows, found.units, found.duplicates, found.ties) == (6, 2, 1, 3)
    assert (found.first_time, found.last_time) == (us("2026-01-01T09:00"), us("2026-01-04T22:30"))
    assert found.empty_days == (date(2026, 1, 2), date(2026, 1, 3))
    time = "time or text" if kind == "both" else "text"  # of the first file every one can be read
    assert found.columns == (
        Column("user", "text", 1), Column("event", "text", 0),
        Column("timestamp", time, 0), Column("channel", "text", 1),
    )  # fmt: skip
    assert list(found.events.items()) == [("visit", 3), ("cart", 2), ("zoom", 1)]
    assert found.roles == Columns()
    assert found.notes == ("rows without a time that can be read in timestamp: 1",)


def test_a_log_without_the_columns_is_surveyed_as_far_as_that_goes(tmp_path: Path) -> None:
    found = survey([str(written(tmp_path / "a.csv", [("1", "2")], ("a", "b")))])
    assert (found.rows, found.units, found.ties, found.first_time, found.events, found.roles) == (
        1,
        None,
        None,
        None,
        {},
        None,
    )
    assert [column.name for column in found.columns] == ["a", "b"]
    assert found.notes == ("which columns are user, event and timestamp could not be told; name them with --columns",)


def test_columns_that_are_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no column user_id; there are user, event, timestamp; did you mean user\?"):
        survey([str(written(tmp_path / "a.csv", rows()))], Columns(user="user_id"))


def test_files_of_one_log_may_differ_in_columns_and_types(tmp_path: Path) -> None:
    header = (*HEADER, "n")
    first = parquet(tmp_path / "1.parquet", [("1", "visit", "2026-01-01", "5")], header, n=pl.Int64(), user=pl.Int64())
    second = written(tmp_path / "2.csv", [("1", "visit", "2026-01-01", "x")], (*HEADER, "m"))
    found = survey([str(first), str(second)])
    assert found.columns[0] == Column("user", "integer", 0)
    assert found.columns[3:] == (Column("n", "integer", 1), Column("m", "text", 1))
    assert (found.units, found.ties, found.duplicates) == (1, 2, 0)


def test_a_column_of_text_is_what_every_cell_reads_as(tmp_path: Path) -> None:
    cells = {
        "boolean": ("true", None, "False"),
        "integer": ("7", "-12", "+0"),
        "number": ("1", "-2.5", ".5e3"),
        "time": ("2026-01-01", "2026-01-01T10:00:00.5+01:00", None),
    }
    cells |= {"zeros": ("007", "1", "2"), "late": ("1", "2", "x"), "empty": (None,) * 3, "words": ("nan", "inf", "-")}
    found = survey([str(written(tmp_path / "a.csv", list(zip(*cells.values(), strict=True)), tuple(cells)))])
    types = {column.name: column.type for column in found.columns}
    assert types == {name: name for name in ("boolean", "integer", "number", "time")} | dict.fromkeys(
        ("zeros", "late", "empty", "words"), "text"
    )


def test_a_late_cell_of_another_type_is_seen(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [("1",)] * 2000 + [("x",)], ("n",))
    assert [column.type for column in survey([str(path)]).columns] == ["text"]


def test_odd_types_of_parquet_are_told_and_their_nulls_counted(tmp_path: Path) -> None:
    odd = pl.DataFrame({
        "duration": pl.Series([1, None, 1]).cast(pl.Duration("us")),
        "binary": [b"\xff", None, b"\xff"],
        "datetime": pl.Series([2**62, None, 2**62]).cast(pl.Datetime("ms")),
        "date": pl.Series([2_000_000_000, None, 2_000_000_000], dtype=pl.Int32).cast(pl.Date),
    })  # fmt: skip
    odd.write_parquet(tmp_path / "odd.parquet")
    found = survey([str(tmp_path / "odd.parquet")])
    assert [(column.type, column.nulls) for column in found.columns] == [(name, 1) for name in odd.columns]
    assert found.duplicates == 1


def test_a_file_without_columns_is_told_so(tmp_path: Path) -> None:
    pl.DataFrame().write_parquet(tmp_path / "none.parquet")
    with pytest.raises(
        DataError, match=r"none\.parquet: it has no columns; export it with those of user, event and time"
    ):
        survey([str(tmp_path / "none.parquet")])


def test_a_needed_column_that_is_no_text_is_not_called_damage(tmp_path: Path) -> None:
    frame = pl.DataFrame({"user": [b"\xff"], "event": ["visit"], "timestamp": ["2026-01-01"]})
    frame.write_parquet(tmp_path / "bytes.parquet")
    with pytest.raises(DataError, match=r"a column that is needed cannot be told as text \(invalid utf8\); export it"):
        survey([str(tmp_path / "bytes.parquet")])


def test_an_empty_log_has_nothing_in_it(tmp_path: Path) -> None:
    found = survey([str(written(tmp_path / "a.csv", []))])
    assert (found.rows, found.duplicates, found.empty_days, found.events) == (0, 0, None, {})
    assert found.first_time is None


def test_nested_columns_are_listed_and_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    frame = pl.DataFrame(rows(), schema=HEADER, orient="row")
    frame.with_columns(tags=pl.lit([1, 2]), props=pl.struct(a=1)).write_parquet(path)
    found = survey([str(path)])
    assert [column.type for column in found.columns] == ["text", "text", "text", "list", "struct"]
    assert (found.units, found.duplicates) == (2, 0)


DAYS: list[object] = ["2026-01-01T10:00:00", "2026-01-02T10:00:00", "2026-01-02T10:00:00", "2026-01-03T10:00:00"]
PEOPLE: list[object] = ["a1", "b2", "c3", "d4"]
DEEDS: list[object] = ["visit", "cart", "visit", "cart"]
NOON: list[object] = [datetime(2026, 1, 1, 12, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([("user", PEOPLE), ("event", DEEDS), ("timestamp", DAYS)], ("user", "event", "timestamp", None)),
        ([("Timestamp", DAYS), ("Event Name", DEEDS), ("User-ID", PEOPLE)],
         ("User-ID", "Event Name", "Timestamp", None)),
        ([("user_pseudo_id", PEOPLE), ("event_name", DEEDS), ("event_timestamp", [1767225600000000])],
         ("user_pseudo_id", "event_name", "event_timestamp", "us")),
        ([("distinct_id", PEOPLE), ("event", DEEDS), ("time", ["1767225600"])], ("distinct_id", "event", "time", "s")),
        ([("session_id", PEOPLE), ("user_id", PEOPLE), ("event", DEEDS), ("ts", NOON)],
         ("user_id", "event", "ts", None)),
        ([("besucher", PEOPLE), ("was", DEEDS), ("wann", DAYS)], ("besucher", "was", "wann", None)),
        ([("n", [1, 2, 3, 4]), ("ticket_id", PEOPLE), ("state", DEEDS), ("moved", [date(2026, 1, 1)])],
         ("ticket_id", "state", "moved", None)),
        ([("date", ["31/12/2026"]), ("created_at", DAYS), ("user", PEOPLE), ("event", DEEDS)],
         ("user", "event", "created_at", None)),
        ([("date", ["31/12/2026"]), ("user", PEOPLE), ("event", DEEDS)], ("user", "event", "date", None)),
        ([("amount", [1.5, 2.5, 3.5, 4.5]), ("user", PEOPLE), ("event", DEEDS)], None),
        ([("user", PEOPLE)], None),
    ],
)  # fmt: skip
def test_the_columns_are_guessed_by_name_and_then_by_value(
    columns: list[tuple[str, list[object]]], expected: tuple[str | None, ...] | None
) -> None:
    samples = pl.DataFrame({name: pl.Series((values * 4)[:4], strict=False) for name, values in columns})
    found = guess([name for name, _ in columns], samples)
    assert (found and (found.user, found.event, found.timestamp, found.time_unit)) == expected


def test_a_check_tells_what_deserves_a_second_look(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [*rows(), ("", "visit", "2026-01-01"), ("ann", "visit", "never")])
    assert check(funnel(path)) == [
        "rows without a unit in user: 1",
        "rows without a time that can be read in timestamp: 1",
    ]
    assert (
        check(funnel(path, stages=("visit", "purchas")))[0]
        == "stage Purchas: no row has the event purchas; did you mean purchase?"
    )
    assert check(funnel(written(tmp_path / "b.csv", rows()))) == []
