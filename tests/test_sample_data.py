"""The sample data: what it promises is there, it is the same on every run, and its counts are those of naive code."""

from __future__ import annotations

import csv
import itertools
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tests import oracle

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_data"
SHOP = ("shop/january.csv", "shop/february.parquet")
PIPELINE = ("pipeline/2025-first-half.csv", "pipeline/2025-second-half.parquet")
BERLIN = ZoneInfo("Europe/Berlin")


class Event(NamedTuple):
    """One row as naive code reads it."""

    unit: str
    name: str
    time: datetime
    columns: dict[str, Any]


def rows(files: tuple[str, ...], unit: str, event: str, time: str, zone: Any) -> list[Event]:
    """The rows of a log, read with the csv module and with Polars' eager reader, in the order of the files."""
    found = []
    for file in files:
        path = SAMPLES / file
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as lines:
                read = [{key: value or None for key, value in row.items()} for row in csv.DictReader(lines)]
        else:
            read = pl.read_parquet(path).to_dicts()
        for row in read:
            when = datetime.fromisoformat(str(row[time]))
            when = when if when.tzinfo else when.replace(tzinfo=zone)
            found.append(Event(str(row[unit]), str(row[event]), when.astimezone(UTC), row))
    return found


@pytest.fixture(scope="module")
def shop() -> list[Event]:
    return rows(SHOP, "user_id", "event_name", "event_time", UTC)


@pytest.fixture(scope="module")
def pipeline() -> list[Event]:
    return rows(PIPELINE, "account_id", "activity", "occurred_at", BERLIN)


def by_unit(log: list[Event]) -> dict[str, list[Event]]:
    units = defaultdict(list)
    for row in log:
        units[row.unit].append(row)
    return units


SHOP_STAGES = (
    {"page_view"},
    {"view_item"},
    {"add_to_cart", "quick_buy"},
    {"begin_checkout"},
    {"purchase", "Köp", "zakup", "购买"},
)
OFFERS = {"proposal_sent", "Angebot gesendet", "oferta wysłana", "发送报价"}
PIPELINE_STAGES = ({"lead_created", "form_submitted"}, {"qualified"}, {"meeting_held"}, OFFERS, {"contract_signed"})


def depth(events: list[Event], stages: tuple[set[str], ...], window: timedelta) -> int:
    """How far a unit gets: from each entry take the next row of each stage while the window lasts; keep the best.

    That is exact here because no event completes two stages.
    """
    best = 0
    for entry in events:
        if entry.name not in stages[0]:
            continue
        now, reached = entry.time, 1
        for stage in stages[1:]:
            later = [row.time for row in events if row.name in stage and now <= row.time <= entry.time + window]
            if not later:
                break
            now, reached = min(later), reached + 1
        best = max(best, reached)
    return best


def reached(log: list[Event], stages: tuple[set[str], ...], window: timedelta) -> list[int]:
    """How many units reach each stage."""
    depths = [depth(events, stages, window) for events in by_unit(log).values()]
    return [sum(found >= stage for found in depths) for stage in range(1, len(stages) + 1)]


# --- What it promises -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", ["1", "4"])
def test_the_script_writes_the_same_bytes_on_every_run(tmp_path: Path, threads: str) -> None:
    environment = os.environ | {"POLARS_MAX_THREADS": threads, "PYTHONHASHSEED": threads}
    subprocess.run([sys.executable, SAMPLES / "make.py", tmp_path], check=True, env=environment)
    for file in (*SHOP, *PIPELINE):
        if file.endswith(".csv"):
            assert (tmp_path / file).read_bytes() == (SAMPLES / file).read_bytes()
        else:
            assert pl.read_parquet(tmp_path / file).equals(pl.read_parquet(SAMPLES / file))
    again = tmp_path / "again"
    subprocess.run([sys.executable, SAMPLES / "make.py", again], check=True, env=environment)
    assert all((again / file).read_bytes() == (tmp_path / file).read_bytes() for file in (*SHOP, *PIPELINE))


def test_each_log_is_a_csv_and_a_parquet_and_small() -> None:
    for files in (SHOP, PIPELINE):
        assert sorted(Path(file).suffix for file in files) == [".csv", ".parquet"]
    assert sum((SAMPLES / file).stat().st_size for file in (*SHOP, *PIPELINE)) < 400_000


def test_there_are_a_few_thousand_rows_of_each(shop: list[Event], pipeline: list[Event]) -> None:
    assert (len(shop), len(pipeline)) == (3825, 2224)


def test_events_repeat(shop: list[Event], pipeline: list[Event]) -> None:
    for log, name in ((shop, "page_view"), (pipeline, "meeting_held")):
        assert max(Counter(row.unit for row in log if row.name == name).values()) > 2


def test_different_events_of_a_unit_lie_at_the_same_time(shop: list[Event], pipeline: list[Event]) -> None:
    for log in (shop, pipeline):
        names = defaultdict(set)
        for row in log:
            names[row.unit, row.time].add(row.name)
        assert sum(len(found) > 1 for found in names.values()) > 20


def test_one_visitor_does_everything_in_one_instant_written_backwards(shop: list[Event]) -> None:
    events = by_unit(shop)["one-instant"]
    assert [row.name for row in events] == ["Köp", "begin_checkout", "add_to_cart", "view_item", "page_view"]
    assert len({row.time for row in events}) == 1


def test_a_unit_lies_exactly_on_the_window_and_one_just_beyond(shop: list[Event], pipeline: list[Event]) -> None:
    for log, stages, on, over, days in (
        (shop, SHOP_STAGES, "edge-on", "edge-over", 7),
        (pipeline, PIPELINE_STAGES, "Müller GmbH", "Łódź Sp. z o.o.", 120),
    ):
        units = by_unit(log)
        spans = [max(row.time for row in units[name]) - min(row.time for row in units[name]) for name in (on, over)]
        assert spans == [timedelta(days=days), timedelta(days=days, seconds=1)]
        assert [depth(units[name], stages, timedelta(days=days)) for name in (on, over)] == [5, 4]


def test_some_units_never_enter(shop: list[Event], pipeline: list[Event]) -> None:
    for log, stages in ((shop, SHOP_STAGES), (pipeline, PIPELINE_STAGES)):
        units = by_unit(log)
        assert sum(not any(row.name in stages[0] for row in events) for events in units.values()) > 20


def test_values_are_missing_where_a_report_splits(shop: list[Event], pipeline: list[Event]) -> None:
    for log, stage, column in ((shop, SHOP_STAGES[0], "channel"), (pipeline, PIPELINE_STAGES[0], "source")):
        assert len({row.unit for row in log if row.name in stage and row.columns[column] is None}) > 20


def test_visitors_change_their_device_and_channel(shop: list[Event]) -> None:
    for column in ("device", "channel"):
        assert sum(len({row.columns[column] for row in events}) > 1 for events in by_unit(shop).values()) > 20


def test_names_come_in_several_scripts(shop: list[Event], pipeline: list[Event]) -> None:
    assert {"Köp", "zakup", "购买"} <= {row.name for row in shop}
    assert {"Angebot gesendet", "oferta wysłana", "发送报价"} <= {row.name for row in pipeline}
    assert "上海贸易" in by_unit(pipeline)


def test_two_ids_differ_only_in_leading_zeros(shop: list[Event]) -> None:
    units = by_unit(shop)
    assert [depth(units[name], SHOP_STAGES, timedelta(days=7)) for name in ("007", "7")] == [5, 2]


def test_a_country_is_called_no(shop: list[Event]) -> None:
    assert {row.columns["country"] for row in shop} == {"SE", "PL", "DE", "CN", "NO"}


def test_some_rows_are_out_of_order(shop: list[Event], pipeline: list[Event]) -> None:
    for log in (shop, pipeline):
        times = [row.time for row in log]
        assert times != sorted(times)


def test_some_windows_still_run_at_the_end_of_the_data(shop: list[Event], pipeline: list[Event]) -> None:
    for log, stages, days in ((shop, SHOP_STAGES, 7), (pipeline, PIPELINE_STAGES, 120)):
        last = max(row.time for row in log)
        late = {row.unit for row in log if row.name in stages[0] and row.time + timedelta(days=days) > last}
        assert len(late) > 20


def test_purchases_are_paid_and_some_contracts_are_free_trials(shop: list[Event], pipeline: list[Event]) -> None:
    assert all(float(row.columns["revenue"]) > 0 for row in shop if row.name in SHOP_STAGES[-1])
    values = [int(row.columns["deal_value"]) for row in pipeline if row.name == "contract_signed"]
    assert 0 in values
    assert max(values) > 100_000


# --- What naive code counts -----------------------------------------------------------------------------------


def won(log: list[Event]) -> list[Event]:
    """The pipeline without the contracts signed for nothing."""
    return [row for row in log if row.name != "contract_signed" or int(row.columns["deal_value"]) > 0]


def test_the_shop_loses_most_between_cart_and_checkout(shop: list[Event]) -> None:
    counts = reached(shop, SHOP_STAGES, timedelta(days=7))
    assert counts == [634, 525, 315, 174, 143]
    rates = [after / before for before, after in itertools.pairwise(counts)]
    assert min(rates) == rates[2]


def test_the_weak_step_is_the_telephone(shop: list[Event]) -> None:
    for device, low, high in (("mobile", 0.3, 0.5), ("desktop", 0.7, 0.9)):
        counts = reached([row for row in shop if row.columns["device"] == device], SHOP_STAGES, timedelta(days=7))
        assert low < counts[3] / counts[2] < high


def test_mail_converts_better_than_ads(shop: list[Event]) -> None:
    shares = []
    for channel in ("email", "ads"):
        counts = reached([row for row in shop if row.columns["channel"] == channel], SHOP_STAGES, timedelta(days=7))
        shares.append(counts[-1] / counts[0])
    assert shares[0] > 1.5 * shares[1]


def test_the_pipeline_loses_the_webinars_before_the_meeting(pipeline: list[Event]) -> None:
    assert reached(won(pipeline), PIPELINE_STAGES, timedelta(days=120)) == [530, 309, 180, 129, 56]
    shares = {}
    for source in ("webinar", "inbound"):
        log = [row for row in won(pipeline) if row.columns["source"] == source]
        counts = reached(log, PIPELINE_STAGES, timedelta(days=120))
        shares[source] = counts[2] / counts[1]
    assert shares["webinar"] < shares["inbound"] / 2


# --- What the program counts in the same files ----------------------------------------------------------------


def answers(log: list[Event], funnel: oracle.Funnel) -> list[oracle.Result]:
    """The oracle's journeys of the units that entered."""
    end = max(int(row.time.timestamp()) for row in log) * 1_000_000
    found = []
    for events in by_unit(log).values():
        unit = [
            oracle.Row(
                int(row.time.timestamp()) * 1_000_000,
                row.name,
                position,
                {key: None if value is None else str(value) for key, value in row.columns.items()},
            )
            for position, row in enumerate(events)
        ]
        found += oracle.journeys(unit, funnel, end)
    return found


def counts(found: list[oracle.Result], stages: int) -> dict[str, Any]:
    """The journeys counted: each status, and how many reached each stage."""
    statuses = Counter(result.status for result in found)
    reached = [sum(result.depth >= stage for result in found) for stage in range(1, stages + 1)]
    return {"entered": len(found), "reached": reached} | {
        status: statuses[status] for status in ("converted", "dropped", "open")
    }


def told(report: dict[str, Any]) -> dict[str, Any]:
    """The same counts from a report."""
    return {key: report[key] for key in ("entered", "converted", "dropped", "open")} | {
        "reached": [stage["reached"] for stage in report["stages"]]
    }


def stages(names: tuple[set[str], ...], **last: Any) -> list[dict[str, Any]]:
    """The stages for the oracle, with further keys of the last."""
    listed = [{"name": str(number), "events": sorted(events)} for number, events in enumerate(names, 1)]
    return [*listed[:-1], listed[-1] | last]


@pytest.mark.parametrize(
    ("config", "columns"), [("shop", ("channel", "device", "country")), ("pipeline", ("source", "size", "region"))]
)
@pytest.mark.parametrize("keys", [{}, {"ties": "strict"}, {"ties": "row", "entry": "latest"}, {"entry": "first"}])
def test_the_report_is_what_the_definition_says(
    config: str,
    columns: tuple[str, ...],
    keys: dict[str, str],
    cli: Callable[..., Any],
    request: pytest.FixtureRequest,
) -> None:
    log: list[Event] = request.getfixturevalue(config)
    names, days = {"shop": (SHOP_STAGES, 7), "pipeline": (PIPELINE_STAGES, 120)}[config]
    paid = "revenue" if config == "shop" else "deal_value"
    funnel: dict[str, Any] = {
        "stages": stages(names, where={paid: {"gt": 0}}),
        "window": days * 24 * 3_600_000_000,
        "breakdowns": [(column,) for column in columns],
        **keys,
    }
    found = answers(log, funnel)
    options = [part for key, value in keys.items() for part in (f"--{key}", value)]
    by = [part for column in columns for part in ("--by", column)]
    outcome = cli("report", ROOT / "configs" / f"{config}.yaml", "--format", "json", *options, *by)
    assert (outcome.code, outcome.err) == (0, "")
    report = json.loads(outcome.out)
    assert told(report) == counts(found, 5)
    segments: dict[tuple[str, str | None], list[oracle.Result]] = defaultdict(list)
    for result in found:
        for (column,), values in result.segments.items():
            for (value,) in values:
                segments[column, value].append(result)
    wanted = {segment: counts(results, 5) for segment, results in segments.items()}
    assert {(*segment["segment"].items(),)[0]: told(segment) for segment in report["segments"]} == wanted


def test_csv_and_parquet_give_the_same_report(tmp_path: Path, cli: Callable[..., Any]) -> None:
    january = pl.read_csv(SAMPLES / SHOP[0], try_parse_dates=True)
    february = pl.read_parquet(SAMPLES / SHOP[1])
    january.write_parquet(tmp_path / "january.parquet")
    february.write_csv(tmp_path / "february.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
    config = ROOT / "configs" / "shop.yaml"
    reports = [
        cli("report", config, *logs, "--format", "json", "--by", "channel").out
        for logs in (
            [],
            [SAMPLES / SHOP[1], SAMPLES / SHOP[0]],
            [tmp_path / "january.parquet", SAMPLES / SHOP[1]],
            [SAMPLES / SHOP[0], tmp_path / "february.csv"],
        )
    ]
    as_written = [json.loads(report) for report in reports]
    for report in as_written:
        report["definition"].pop("logs", None)
    assert all(report == as_written[0] for report in as_written)
