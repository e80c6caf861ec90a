from __future__ import annotations

import json
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from funnelcli.config.funnel import Columns, Exclusion, Funnel, Match, Stage
from funnelcli.errors import ConfigError, DataError
from funnelcli.events import REASONS, Events, load
from funnelcli.events.naming import exact, numbered
from tests.events.building import HEADER, completed_by, condition, facts, funnel, parquet, rows, us, written


def logged(tmp_path: Path, text: str, **more: object) -> Events:
    """The events of a small log."""
    return load(funnel(written(tmp_path / "a.csv", rows(text)), **more))


def test_events_are_unit_time_and_match_of_the_rows_that_take_part(tmp_path: Path) -> None:
    events = load(funnel(written(tmp_path / "a.csv", rows())))
    assert events.rows.schema == {"unit": pl.UInt64, "time": pl.Int64, "match": pl.UInt64}
    assert facts(events.rows) == [
        [(us("2026-01-01T10:00"), 1), (us("2026-01-01T11:00"), 2)],
        [(us("2026-01-02T10:00"), 1)],
    ]
    assert events.account.skipped == {"other_event": 1}
    assert (events.account.rows_read, events.account.rows_used) == (4, 3)
    assert events.end == events.account.last_time == us("2026-01-03T10:00")
    assert events.units is None
    assert events.notes == ()


def test_a_row_may_match_several_stages_and_each_has_its_bit(tmp_path: Path) -> None:
    stages = [completed_by("visit"), completed_by("buy"), completed_by("visit", condition("user", "eq", "ann"))]
    events = logged(tmp_path, "ann visit 2026-01-01; bob visit 2026-01-02; bob buy 2026-01-03", stages=stages)
    assert events.rows.sort("time")["match"].to_list() == [0b101, 0b001, 0b010]


def test_a_stage_is_matched_by_any_of_its_entries_under_all_of_its_conditions(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [(str(n), e, "2026-01-01", v) for n, (e, v) in enumerate(
        [("buy", "5"), ("renew", "5"), ("buy", "50"), ("renew", "50"), ("buy", "")])], (*HEADER, "value"))  # fmt: skip
    stage = Stage(
        name="Paid",
        matches=(Match(events=("buy",), where=(condition("value", "gt", 10),)), Match(events=("renew",))),
        where=(condition("value", "lt", 40),),
    )
    events = load(funnel(path, stages=[stage, completed_by("buy")]), columns=("user",))
    assert dict(events.rows.sort("@user").select("@user", "match").iter_rows()) == {"0": 2, "1": 1, "2": 2, "4": 2}
    assert events.account.skipped == {"other_event": 1}


def test_exclusions_have_the_bits_after_the_stages(tmp_path: Path) -> None:
    exclusion = Exclusion(matches=(Match(events=("refund", "visit")),))
    events = logged(tmp_path, "ann visit 2026-01-01; ann refund 2026-01-02", exclude=(exclusion,))
    assert events.rows.sort("time")["match"].to_list() == [0b101, 0b100]


def test_with_strict_order_every_row_takes_part(tmp_path: Path) -> None:
    events = logged(tmp_path, "ann visit 2026-01-01; ann other 2026-01-02", order="strict")
    assert events.rows.sort("time")["match"].to_list() == [1, 0]
    assert events.account.skipped == {}


def test_rows_that_where_leaves_out_are_other_events_and_still_move_the_end(tmp_path: Path) -> None:
    where = (condition("user", "ne", "bob"),)
    events = logged(tmp_path, "ann visit 2026-01-01; bob visit 2026-01-09; ann purchase 2026-01-02", where=where)
    assert events.account.skipped == {"other_event": 1}
    assert events.end == us("2026-01-09")


def test_every_row_is_counted_once_under_its_first_reason(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "user,event,timestamp\n"
        "ann,visit,2026-01-05\n"  # used
        "\n"  # blank
        "ann,visit\n"  # short
        ",other,never\n"  # other_event
        ",visit,never\n"  # no_unit
        "bob,visit,never\n"  # bad_time
        "bob,visit,2026-01-20\n"  # after_as_of
        "bob,visit,2026-01-01\n"  # out_of_range
        "bob,purchase,2026-01-08\n"  # out_of_range
        "user,event,timestamp\n"  # repeated_header
    )
    day = {
        name: datetime(2026, 1, number, tzinfo=UTC) for name, number in {"since": 4, "until": 8, "as_of": 10}.items()
    }
    account = load(funnel(tmp_path / "a.csv", range="all", **day)).account
    assert account.skipped == {
        "blank": 1, "short": 1, "repeated_header": 1, "other_event": 1, "no_unit": 1, "bad_time": 1, "after_as_of": 1,
        "out_of_range": 2,
    }  # fmt: skip
    assert list(account.skipped) == [reason for reason in REASONS if reason in account.skipped]
    assert (account.rows_read, account.rows_used) == (10, 1)
    assert (account.first_time, account.last_time) == (us("2026-01-01"), us("2026-01-20"))


def test_as_of_itself_and_since_take_part_and_until_does_not(tmp_path: Path) -> None:
    text = "ann visit 2026-01-01; ann visit 2026-01-02; ann visit 2026-01-03"
    assert logged(tmp_path, text, as_of=datetime(2026, 1, 2, tzinfo=UTC)).account.skipped == {"after_as_of": 1}
    limits = {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": datetime(2026, 1, 3, tzinfo=UTC)}
    assert logged(tmp_path, text, range="all", **limits).account.skipped == {"out_of_range": 1}
    assert logged(tmp_path, text, range="entry", **limits).account.skipped == {}


@pytest.mark.parametrize(
    ("more", "end"),
    [
        ({}, "2026-01-03"),
        ({"as_of": datetime(2026, 1, 2, tzinfo=UTC)}, "2026-01-02"),
        ({"as_of": datetime(2027, 1, 1, tzinfo=UTC)}, "2027-01-01"),
        ({"until": datetime(2026, 1, 2, tzinfo=UTC)}, "2026-01-03"),
        ({"until": datetime(2026, 1, 2, tzinfo=UTC), "range": "all"}, "2026-01-02"),
        ({"until": datetime(2026, 2, 2, tzinfo=UTC), "range": "all"}, "2026-01-03"),
        ({"until": datetime(2026, 1, 2, tzinfo=UTC), "range": "all", "as_of": datetime(2026, 5, 1, tzinfo=UTC)},
         "2026-05-01"),
    ],
)  # fmt: skip
def test_the_end_of_the_data_is_as_of_else_the_last_time(tmp_path: Path, more: dict[str, object], end: str) -> None:
    assert logged(tmp_path, "ann visit 2026-01-01; ann other 2026-01-03", **more).end == us(end)


def test_a_unit_of_several_columns_is_none_when_one_of_them_is(tmp_path: Path) -> None:
    table = [("a", "bc"), ("ab", "c"), ("a", "bc"), ("a", ""), ("", "")]
    path = written(
        tmp_path / "a.csv", [(*pair, "visit", "2026-01-01") for pair in table], ("user", "item", "event", "timestamp")
    )
    events = load(funnel(path, unit=("user", "item")), units=True)
    assert events.account.skipped == {"no_unit": 2}
    assert events.rows["unit"].n_unique() == 2
    assert events.units is not None
    assert sorted(events.units.select("@user", "@item").rows()) == [("a", "bc"), ("ab", "c")]


@pytest.mark.parametrize(
    "dtype", [pl.Int8(), pl.Int64(), pl.UInt32(), pl.UInt64(), pl.Int128(), pl.String(), pl.Categorical()]
)
def test_units_keep_their_names_whatever_their_type(tmp_path: Path, dtype: pl.DataType) -> None:
    names = ["1", "7", "100"] if dtype == pl.UInt64() else ["1", "7", "-7" if dtype.is_signed_integer() else "x"]
    names = ["1", "7", "9"] if dtype == pl.UInt32() else names
    path = parquet(tmp_path / "a.parquet", [(name, "visit", "2026-01-01") for name in names * 2], user=dtype)
    events = load(funnel(path, breakdowns=(("user",),)), units=True)
    assert events.units is not None
    assert events.units.schema == {"unit": pl.UInt64, "@user": pl.String}
    assert sorted(events.units["@user"]) == sorted(names)
    assert dict(events.rows.select("unit", "@user").iter_rows()) == dict(events.units.iter_rows())


def test_text_that_looks_alike_is_not_the_same_unit(tmp_path: Path) -> None:
    names = ["7", "07", "7.0", "7 ", "null", "NaN", "\\N"]
    events = load(funnel(written(tmp_path / "a.csv", [(name, "visit", "2026-01-01") for name in names])))
    assert events.rows["unit"].n_unique() == len(names)


def test_two_names_that_share_a_hash_are_still_two_units() -> None:
    names = pl.Series(["b", "a", "b", "c"])
    assert exact(names, pl.Series([5, 5, 5, 6], dtype=pl.UInt64)).to_list() == [2, 1, 2, 3]
    assert exact(names, pl.Series([5, 4, 5, 6], dtype=pl.UInt64)).to_list() == [5, 4, 5, 6]


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["user-007", "user-010", "user-007"], [7, 10, 7]),
        (["7", "10", "12345678901234567890"], [7, 10, 12345678901234567890]),
        (["u0", "u1", "u12"], [0, 1, 12]),
        (["12", "12"], [12, 12]),
    ],
)
def test_names_that_end_in_a_number_are_that_number(names: list[str], numbers: list[int]) -> None:
    assert numbered(pl.Series(names)).to_list() == numbers


@pytest.mark.parametrize(
    "names",
    [
        ["7", "07", "007", "8"],
        ["+7", "07", "-7", "77"],
        ["0", "00", "1"],
        ["1", "1 ", " 1", "1.0", "1e0"],
        ["a7", "b7"],
        ["a", "a1"],
        ["", "1"],
        ["1", "99999999999999999999"],
        ["1", "1a", "2"],
        ["1", "١", "2", "２"],
        ["1", "18446744073709551617"],
    ],
)
def test_different_names_never_have_the_same_number(names: list[str]) -> None:
    numbers = numbered(pl.Series(names * 2))
    assert numbers.dtype == pl.UInt64
    assert numbers.null_count() == 0
    assert numbers.n_unique() == len(names)
    assert numbers[: len(names)].to_list() == numbers[len(names) :].to_list()


def test_one_column_may_play_every_part(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [("2026-01-01",)], ("x",))
    made = funnel(
        path,
        columns=Columns(user="x", event="x", timestamp="x"),
        stages=[completed_by("2026-01-01", condition("x", "contains", "-")), completed_by("y")],
        where=(condition("x", "is_null", False),),
        breakdowns=(("x",), ("x", "x")),
    )
    assert load(made).rows.drop("unit").rows() == [(us("2026-01-01"), 1, "2026-01-01")]


def test_positions_count_rows_over_all_files_as_listed(tmp_path: Path) -> None:
    first = written(tmp_path / "1.csv", rows("ann visit 2026-01-01; ann other 2026-01-01; ann visit 2026-01-01"))
    second = parquet(tmp_path / "2.parquet", rows("ann other 2026-01-01; ann visit 2026-01-01"))
    events = load(funnel(first, second, first, ties="row"))
    assert events.rows["row"].dtype == pl.UInt32
    assert sorted(events.rows["row"]) == [0, 2, 4]


@pytest.mark.parametrize(
    ("event", "note"),
    [
        ("purchse", "stage Purchase: no row has the event purchase; did you mean purchse?"),
        ("Purchase", "stage Purchase: no row has the event purchase; did you mean Purchase?"),
        ("zzz", "stage Purchase: no row has the event purchase; there are visit, zzz"),
    ],
)
def test_a_stage_whose_events_never_occur_is_noted_with_the_nearest_that_does(
    tmp_path: Path, event: str, note: str
) -> None:
    assert logged(tmp_path, f"ann visit 2026-01-01; ann visit 2026-01-01; ann {event} 2026-01-02").notes == (note,)


def test_a_stage_whose_conditions_never_hold_is_noted(tmp_path: Path) -> None:
    stages = [completed_by("visit"), completed_by("purchase", condition("user", "eq", "eve"))]
    notes = logged(tmp_path, "ann visit 2026-01-01; ann purchase 2026-01-02", stages=stages).notes
    assert notes == ("stage Purchase: no row with the event purchase meets its conditions",)


def random_log(seed: int) -> list[tuple[str | None, ...]]:
    chosen = random.Random(seed)
    return [
        (
            chosen.choice(["ann", "bob", "cid", "ö", None]),
            chosen.choice(["visit", "purchase", "other"]),
            chosen.choice(["2026-01-01", "2026-01-02T10:00", "2026-01-03 10:00:00.5Z", "never", None]),
            chosen.choice(["web", "app", None]),
        )
        for _ in range(60)
    ]


@pytest.mark.parametrize("seed", range(10))
def test_csv_and_parquet_shuffled_or_split_give_the_same_events(tmp_path: Path, seed: int) -> None:
    header, table = (*HEADER, "channel"), random_log(seed)
    shuffled = random.Random(seed + 1).sample(table, len(table))
    logs = [
        [written(tmp_path / "a.csv", table, header)],
        [written(tmp_path / "b.csv", shuffled, header, ";")],
        [parquet(tmp_path / "c.parquet", shuffled, header)],
        [written(tmp_path / "d.csv", table[:20], header), parquet(tmp_path / "e.parquet", table[20:], header)],
    ]
    found = [load(funnel(*log, breakdowns=(("channel",),))) for log in logs]
    for events in found[1:]:
        assert facts(events.rows) == facts(found[0].rows)
        assert (events.account, events.end, events.notes) == (found[0].account, found[0].end, found[0].notes)
    account = found[0].account
    assert account.rows_read == 60 == account.rows_used + sum(account.skipped.values())


def test_the_number_of_threads_changes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", random_log(0) * 500, (*HEADER, "channel"))
    code = (
        "import sys; from tests.events.building import facts, funnel; from funnelcli.events import load; import json;"
        "events = load(funnel(sys.argv[1], breakdowns=(('channel',),)));"
        "print(json.dumps([facts(events.rows), str(events.account), events.notes]))"
    )
    root = str(Path(__file__).parents[2])
    found = [
        subprocess.run(
            [sys.executable, "-c", code, str(path)],
            capture_output=True,
            check=True,
            env={"PYTHONPATH": root, "POLARS_MAX_THREADS": threads},
        ).stdout
        for threads in ("1", "4")
    ]
    assert json.loads(found[0]) == json.loads(found[1])


def test_only_the_columns_that_the_funnel_names_are_needed(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", rows())
    pl.read_parquet(path).with_columns(nested=pl.lit([1, 2]), blob=pl.lit(b"\xff")).write_parquet(path)
    assert load(funnel(path)).account.rows_used == 3


def test_a_header_and_no_rows_is_an_empty_log_with_a_note(tmp_path: Path) -> None:
    events = load(funnel(written(tmp_path / "a.csv", [])))
    assert (events.account.rows_read, events.end, events.rows.height) == (0, None, 0)
    assert events.notes == (f"{tmp_path}/a.csv: no rows, only a header",)


def test_no_log_of_values_is_in_an_error(tmp_path: Path) -> None:
    secret = "ann.secret@example.org"
    for table in ([(secret, "visit", secret)], [(secret, "visit", None)]):
        with pytest.raises(DataError) as raised:
            load(funnel(written(tmp_path / "a.csv", table)))
        assert "secret" not in str(raised.value)


def test_a_timezone_that_the_engine_does_not_know_is_an_error(tmp_path: Path) -> None:
    made: Funnel = funnel(written(tmp_path / "a.csv", rows()), timezone="Mars/Olympus")
    with pytest.raises(
        ConfigError, match="timezone: Mars/Olympus is not a time zone; write a name such as Europe/Stockholm"
    ):
        load(made)
