"""The numbers of the conversion report, against naive code that shares none of ours."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from funnelcli.engine import journeys
from funnelcli.reports.conversion import conversion
from funnelcli.tables.conversion import table
from tests import oracle, worlds
from tests.conftest import ROOT, Outcome
from tests.keys import KEYS, PAIRS, drawn, funnel, merged
from tests.oracle import Row
from tests.reports import naive
from tests.worlds import HOUR, World

Cli = Callable[..., Outcome]

OPENING = ("format", "report", "funnel", "definition", "data")
STAGES = ("A,B,A", "A|B,B|C,A|C", "A,A|B,B,C")
MANY = (*"abcdefgÅ购", "(none)", "(other)", None)
MORE_KEYS = drawn(30, seed=11)
MOST_KEYS = drawn(400, seed=12)


def told(packed: Sequence[World], wanted: oracle.Funnel, top: int | None = None, shuffle: int | None = None) -> Any:
    """What the program says of the worlds in JSON, without what every report begins with."""
    ours, events = worlds.config(wanted), worlds.events(packed, wanted, shuffle=shuffle)
    record = table(conversion(journeys(events, ours), ours, events.account, top=top)).record
    assert tuple(record)[: len(OPENING)] == OPENING
    return {key: value for key, value in record.items() if key not in OPENING}


def assert_reports(packed: Sequence[World], wanted: oracle.Funnel, top: int | None = None) -> None:
    """The program says of the worlds what the naive report says."""
    naive.assert_tells(told(packed, wanted, top), expected(packed, wanted, top))


def expected(packed: Sequence[World], wanted: oracle.Funnel, top: int | None = None) -> naive.Record:
    return naive.report(worlds.expected(packed, wanted), wanted, worlds.end(packed, wanted), top)


def odd_worlds(count: int, rows: int, *, channels: Sequence[str | None] = ("x", "y", None), seed: int) -> list[World]:
    """Logs drawn at random, the same on every run: times to the microsecond, some of them equal."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        times = sorted(draw.choice((draw.randrange(6) * HOUR, draw.randrange(6 * HOUR))) for _ in range(rows))
        positions = draw.sample(range(1000), rows)
        found.append(
            tuple(
                Row(time, draw.choice("ABC"), position, {"channel": draw.choice(channels), "device": draw.choice("pq")})
                for time, position in zip(times[: draw.randint(1, rows)], positions, strict=False)
            )
        )
    return found


@pytest.fixture(scope="module")
def small() -> list[World]:
    """All logs of up to three rows, and some longer ones in odd times."""
    return worlds.worlds(3) + odd_worlds(60, 6, seed=3)


# --- Against the naive report ---------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [None, 2 * HOUR])
@pytest.mark.parametrize("name", KEYS)
def test_with_each_key_every_number_is_the_naive_one(name: str, window: int | None, small: list[World]) -> None:
    keys = {"window": window} | KEYS[name] if window else KEYS[name]
    number = list(KEYS).index(name)
    assert_reports(small, funnel(STAGES[number % 3], keys))
    assert_reports(small, funnel(STAGES[(number + 1) % 3], keys), top=1 + number % 4)


@pytest.mark.parametrize("names", MORE_KEYS, ids=" + ".join)
def test_with_many_keys_every_number_is_the_naive_one(names: tuple[str, ...]) -> None:
    number = list(MORE_KEYS).index(names)
    keys = {"window": (1 + number % 5) * HOUR + number} | MORE_KEYS[names]
    packed = odd_worlds(100, 7, channels=MANY, seed=number)
    assert_reports(packed, funnel(STAGES[number % 3], keys), top=(None, 1, 5, 50)[number % 4])


SEGMENTED: tuple[dict[str, Any], ...] = (
    {},
    {"start": "open"},
    {"count": "attempts"},
    {"order": "any"},
    {"exclude": [{"events": "C", "effect": "remove"}]},
    {"session": 2 * HOUR, "ties": "row"},
)


@pytest.mark.parametrize("top", [None, 1, 5])
@pytest.mark.parametrize("source", ["entry", "first", "last", "any", "s1", "s3"])
def test_from_each_source_every_segment_is_the_naive_one(source: str, top: int | None) -> None:
    packed = odd_worlds(100, 6, channels=MANY, seed=top or 0)
    for keys in SEGMENTED:
        if keys.get("order") != "any" or not source.startswith("s"):
            assert_reports(packed, funnel("A|C,B,A", {"window": 2 * HOUR, "segment_from": source, **keys}), top)


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS, ids=" + ".join)
def test_with_each_pair_of_keys_every_number_is_the_naive_one(pair: tuple[str, str], small: list[World]) -> None:
    for number, stages in enumerate(STAGES):
        assert_reports(small, funnel(stages, PAIRS[pair]), top=number or None)
        assert_reports(small, funnel(stages, {"window": HOUR} | PAIRS[pair]))


@pytest.mark.slow
@pytest.mark.parametrize("names", MOST_KEYS, ids=" + ".join)
def test_with_more_combinations_of_many_keys_every_number_is_the_naive_one(names: tuple[str, ...]) -> None:
    number = list(MOST_KEYS).index(names)
    packed = odd_worlds(300, 8, channels=MANY, seed=1000 + number)
    assert_reports(packed, funnel(STAGES[number % 3], {"window": 3 * HOUR} | MOST_KEYS[names]), top=number % 7 or None)


# --- By the command line --------------------------------------------------------------------------------------

WHOLE_WAY = (
    ("loose", "window", "as of"),
    ("strict", "ties row", "since"),
    ("any", "window", "segment any"),
    ("optional", "within last", "entry latest"),
    ("first event", "stop between", "entry first"),
    ("remove", "window", "segment stage"),
    ("open", "window", "range all"),
    ("attempts", "same", "segment last"),
    ("session", "optional last", "after"),
)


@pytest.mark.parametrize("names", WHOLE_WAY, ids=" + ".join)
def test_from_csv_and_parquet_the_program_writes_the_naive_report(
    names: tuple[str, ...], small: list[World], cli: Cli, tmp_path: Path
) -> None:
    keys = merged(*names)
    assert keys is not None
    wanted = funnel("A|B,A,B", keys)
    log = worlds.table(small)
    log.write_parquet(tmp_path / "log.parquet")
    log.write_csv(tmp_path / "log.csv")
    (tmp_path / "funnel.yaml").write_text(json.dumps({"funnel": "Worlds"} | yaml(wanted)))
    reports = []
    for file in ("log.csv", "log.parquet"):
        by = [f"--by={','.join(breakdown)}" for breakdown in wanted["breakdowns"]]
        done = cli("report", tmp_path / "funnel.yaml", tmp_path / file, *by, "--top", 3, "--format", "json")
        assert done.code == 0, done.err
        reports.append(json.loads(done.out))
    for found in reports:
        assert (found["format"], found["report"], found["funnel"]) == (1, "conversion", "Worlds")
        account = naive.data(small, wanted)
        naive.assert_tells(found["data"], account | {key: time(account[key]) for key in ("first_time", "last_time")})
        naive.assert_tells({key: found[key] for key in found if key not in OPENING}, expected(small, wanted, top=3))
    csv, parquet = ({key: value for key, value in found.items() if key != "definition"} for found in reports)
    assert json.dumps(csv) == json.dumps(parquet)


def yaml(wanted: oracle.Funnel) -> dict[str, Any]:
    """The funnel as its YAML has it: durations and times as texts, no breakdowns."""
    told = {key: value for key, value in wanted.items() if key not in ("stages", "breakdowns")}
    told["stages"] = [{key: duration(key, value) for key, value in stage.items()} for stage in wanted["stages"]]
    return {key: time(value) if key in TIMES else duration(key, value) for key, value in told.items()}


TIMES = {"since", "until", "as_of"}


def duration(key: str, value: Any) -> Any:
    return f"{value // 1000}ms" if key in {"window", "session", "within", "after"} else value


def time(micros: int) -> str:
    """An instant as JSON has it: six digits of fraction only where it is not zero."""
    return (worlds.EPOCH + timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")


# --- Examples -------------------------------------------------------------------------------------------------


def rates(values: Sequence[tuple[str | None, bool]]) -> list[World]:
    """One world per (channel, whether it converts); the rows of a world lie an hour apart."""
    return [
        tuple(Row(hour * HOUR, "AB"[hour], hour, {"channel": channel, "device": None}) for hour in range(1 + converts))
        for channel, converts in values
    ]


BY_CHANNEL = worlds.funnel("A,B", breakdowns=(("channel",),))


def names(record: Any) -> list[Any]:
    return [part["segment"]["channel"] for part in record["segments"]]


def test_segments_of_one_size_stand_by_name_and_the_word_none_before_none_in_any_order_of_rows() -> None:
    packed = rates([(name, True) for name in ("b", None, "(none)", "B", "å", "(other)") for _ in range(50)])
    for seed in range(8):
        assert names(told(packed, BY_CHANNEL, shuffle=seed)) == ["(none)", None, "(other)", "B", "b", "å"]
        assert names(told(packed, BY_CHANNEL, top=1, shuffle=seed)) == ["(none)", "(other)"]


def test_top_pools_what_is_left_in_every_crossed_column_and_puts_it_last() -> None:
    packed = rates([("a", True), ("a", False), ("b", True), ("c", True), (None, False)])
    crossed = worlds.funnel("A,B", breakdowns=(("channel", "device"),))
    record = told(packed, crossed, top=1)
    assert [(part["segment"], part["entered"]) for part in record["segments"]] == [
        ({"channel": "a", "device": None}, 2),
        ({"channel": "(other)", "device": "(other)"}, 3),
    ]
    assert names(told(packed, BY_CHANNEL, top=4)) == ["a", None, "b", "c"]


def test_with_any_a_unit_counts_once_in_the_pool() -> None:
    rows = [Row(hour * HOUR, "AB"[hour], hour, {"channel": "xy"[hour], "device": None}) for hour in (0, 1)]
    packed = [*rates([("z", True)] * 2), tuple(rows)]
    record = told(packed, {**BY_CHANNEL, "segment_from": "any"}, top=1)
    assert [(part["segment"]["channel"], part["entered"]) for part in record["segments"]] == [("z", 2), ("(other)", 1)]


def test_a_segment_of_excluded_units_only_is_listed_last_with_nulls_for_rates() -> None:
    spoiled = tuple(Row(hour * HOUR, "AZB"[hour], hour, {"channel": "a", "device": None}) for hour in range(3))
    wanted = {**BY_CHANNEL, "exclude": [{"events": "Z", "effect": "remove"}]}
    record = told([spoiled, *rates([("b", True)])], wanted)
    assert names(record) == ["b", "a"]
    gone = record["segments"][1]
    assert (gone["entered"], gone["excluded"], gone["conversion_rate"]) == (0, 1, None)
    assert record["excluded"] == 1


def test_if_nobody_entered_counts_are_nought_and_all_else_is_null() -> None:
    attempts = {"order": "strict", "count": "attempts"}
    for keys in ({}, {"window": HOUR}, {"start": "open"}, {"order": "any"}, attempts):
        record = told([], {**worlds.funnel("A,B"), **keys})
        for entry in (record, *record["stages"]):
            numbers = {key: value for key, value in entry.items() if not isinstance(value, str | list)}
            zeros = {"entered", "converted", "reached", "excluded", "entered_here"} & numbers.keys()
            assert all(numbers[key] == 0 for key in zeros)
            assert all(value is None for key, value in numbers.items() if key.endswith(("rate", "low", "high")))
            assert all(value is None for key, value in numbers.items() if "seconds" in key)


def test_the_first_stage_of_an_open_funnel_is_entered_there_by_all_who_reached_it() -> None:
    packed = [tuple(worlds.unit_rows(rows)) for rows in ("A 0h, B 1h", "A 0h", "B 0h", "B 0h, A 1h")]
    first, second = told(packed, worlds.funnel("A,B", start="open"))["stages"]
    assert (first["reached"], first["continued"], first["entered_here"], first["conversion_rate"]) == (3, None, 3, 0.75)
    assert (second["reached"], second["continued"], second["entered_here"], second["dropped"]) == (3, 1, 2, 2)


def test_which_of_two_like_rows_an_attempt_uses_does_not_hang_on_their_order() -> None:
    wanted = worlds.funnel("A,C,C|D,D", count="attempts")
    for number in (1, 3):
        wanted["stages"][number]["optional"] = True
    packed = [tuple(worlds.unit_rows("A 0h, C 1h, D 1h"))]
    for seed in range(8):
        assert [stage["reached"] for stage in told(packed, wanted, shuffle=seed)["stages"]] == [1, 0, 1, 1]


REMISSIONS = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
"""Hours for weeks; + is censored. Freireich et al. (1963), Blood 21, 699-716: leukemia, 6-mercaptopurine."""


@pytest.mark.parametrize(
    ("window", "staying"), [(6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448)]
)
def test_the_estimate_is_kaplan_and_meier_s_on_published_data(window: int, staying: float) -> None:
    packed = []
    for text in REMISSIONS.split():
        hours, censored = int(text.removesuffix("+")), text.endswith("+")
        entry = 40 - hours if censored else 0
        moments = [(entry, "A")] if censored else [(entry, "A"), (entry + hours, "B")]
        packed.append(tuple(Row(hour * HOUR, event, hour, {}) for hour, event in moments))
    record = told(packed, worlds.funnel("A,B", window=window * HOUR, as_of=40 * HOUR))
    assert round(1 - record["estimated_conversion_rate"], 3) == staying


# --- A large log ----------------------------------------------------------------------------------------------

UNITS = 100_000
YEAR = 365 * 24 * HOUR


@pytest.fixture(scope="module")
def decades(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[int, int | None]]]:
    """The folder of a log of units that take decades, in odd microseconds, and (entered, converted) of each."""
    draw = random.Random(5)
    entries = [draw.randrange(20 * YEAR) for _ in range(UNITS)]
    pairs = [(entry, entry + draw.randrange(60 * YEAR) if draw.random() < 0.6 else None) for entry in entries]
    rows = [(str(unit), "A", entry) for unit, (entry, _) in enumerate(pairs)]
    rows += [(str(unit), "B", last) for unit, (_, last) in enumerate(pairs) if last is not None]
    schema = {"user": pl.String, "event": pl.String, "timestamp": pl.Int64}
    log = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        pl.col("timestamp").cast(pl.Datetime("us", "UTC")), channel=pl.col("user").str.slice(-1)
    )
    folder = tmp_path_factory.mktemp("decades")
    for place in ("one", "two"):
        (folder / place).mkdir()
    log.write_parquet(folder / "one" / "log.parquet")
    log.sample(fraction=1, shuffle=True, seed=1).write_parquet(folder / "two" / "log.parquet")
    log.sample(fraction=1, shuffle=True, seed=2).write_csv(folder / "log.csv")
    return folder, pairs


LARGE = ("--stage", "A=A", "--stage", "B=B", "--window", f"{45 * 365}d", "--by", "channel", "--format", "json")


def test_sums_beyond_64_bits_are_exact_and_the_estimate_holds_for_many_units(
    decades: tuple[Path, list[tuple[int, int | None]]], cli: Cli
) -> None:
    folder, pairs = decades
    found = json.loads(cli("report", "--logs", folder / "one" / "log.parquet", *LARGE).out)
    end = max(last or entry for entry, last in pairs)
    groups = {str(digit): pairs[digit::10] for digit in range(10)}
    for record, group in [
        (found, pairs),
        *((part, groups[part["segment"]["channel"]]) for part in found["segments"]),
    ]:
        took = sorted(last - entry for entry, last in group if last is not None and last - entry <= 45 * YEAR)
        assert group is not pairs or sum(took) > 2**63
        assert record["converted"] == len(took)
        assert record["mean_seconds_to_convert"] == float(Fraction(sum(took), len(took) * 10**6))
        assert math.isclose(record["median_seconds_to_convert"], naive.quantile(took, Fraction(1, 2)), rel_tol=1e-12)
        assert math.isclose(record["p90_seconds_to_convert"], naive.quantile(took, Fraction(9, 10)), rel_tol=1e-12)
        assert math.isclose(record["estimated_conversion_rate"], estimate(group, end), rel_tol=1e-12)


def estimate(pairs: Sequence[tuple[int, int | None]], end: int) -> Decimal:
    """Kaplan and Meier's estimate at 45 years, with fifty digits instead of fractions."""
    leaving = []
    for entry, last in pairs:
        converted = last is not None and last - entry <= 45 * YEAR
        leaving.append((last - entry if last is not None and converted else end - entry, not converted))
    staying = Decimal(1)
    with localcontext() as context:
        context.prec = 50
        for gone, (_, censored) in enumerate(sorted(leaving)):
            staying *= 1 if censored else 1 - Decimal(1) / (len(pairs) - gone)
    return 1 - staying


def test_the_order_of_rows_the_format_and_the_number_of_threads_change_no_byte(
    decades: tuple[Path, list[tuple[int, int | None]]],
) -> None:
    folder, _ = decades
    command = [sys.executable, "-m", "funnelcli", "report", "--logs", "log.parquet", *LARGE]
    outputs = {
        subprocess.run(
            command,
            cwd=folder / place,
            env=os.environ | {"POLARS_MAX_THREADS": threads, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout
        for place, threads in (("one", "1"), ("one", "2"), ("two", "2"))
    }
    command[command.index("log.parquet")] = "log.csv"
    from_csv = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    )
    assert {output.replace(b"log.parquet", b"log.csv") for output in outputs} == {from_csv.stdout}
