"""`funnelcli timing`: whole outputs, and the funnels and options that it does not take."""

from __future__ import annotations

import csv
import io
import json
import random

import polars as pl
import pytest

from tests.conftest import ROOT

SHOP = ROOT / "configs" / "shop.yaml"


@pytest.mark.parametrize("form", ["csv", "plain", "markdown"])
def test_how_long_the_stages_of_the_shop_take(cli, golden, monkeypatch, form):
    monkeypatch.chdir(ROOT)
    outcome = cli("timing", "configs/shop.yaml", "-f", form)
    assert (outcome.code, outcome.err) == (0, "")
    golden(f"cli/timing.{form}", outcome.out)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_on_a_terminal_the_table_fits_its_width(cli, golden, monkeypatch, width):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", str(width))
    outcome = cli("timing", "configs/shop.yaml", "-f", "table")
    assert (outcome.code, outcome.err) == (0, "")
    assert max(map(len, outcome.out.splitlines())) <= width
    golden(f"cli/timing-{width}.table", outcome.out)
    heading = next(line for line in outcome.out.splitlines() if line.startswith("Stage "))
    assert heading.split()[:3] == ["Stage", "From", "Reached"]


def test_the_times_of_a_small_shop_as_json(cli, golden, shop, monkeypatch):
    monkeypatch.chdir(shop)
    outcome = cli("timing", "funnel.yaml", "--window", "1h", "--by", "channel", "-f", "json")
    assert (outcome.code, outcome.err) == (0, "")
    golden("cli/timing.json", outcome.out)


def test_json_and_rows_tell_the_same_of_every_stage(cli):
    record = json.loads(cli("timing", SHOP, "--by", "device", "-f", "json").out)
    rows = list(csv.DictReader(io.StringIO(cli("timing", SHOP, "--by", "device", "-f", "csv").out)))
    expected = []
    for values, part in [
        (("", ""), record),
        *((("device", each["segment"]["device"]), each) for each in record["segments"]),
    ]:
        for stage in (*part["stages"], part["overall"]):
            numbers = {key: str(value) for key, value in stage.items() if key.endswith("seconds")}
            expected.append((*values, stage["stage"], stage["from_stage"], str(stage["count"]), numbers))
    assert expected == [
        (row["breakdown"], row["segment"], row["stage"], row["from_stage"], row["count"],
         {key: value for key, value in row.items() if key.endswith("seconds")})
        for row in rows
    ]  # fmt: skip
    assert [row["overall"] for row in rows] == ["false", "false", "false", "false", "true"] * 4


def test_in_any_order_the_stages_are_their_numbers(cli, shop, monkeypatch):
    monkeypatch.chdir(shop)
    record = json.loads(cli("timing", "funnel.yaml", "--order", "any", "-f", "json").out)
    assert [(stage["from_stage"], stage["stage"], stage["count"]) for stage in record["stages"]] == [
        ("1 stage", "2 stages", 2), ("2 stages", "3 stages", 1),
    ]  # fmt: skip
    assert (record["overall"]["from_stage"], record["overall"]["stage"]) == ("1 stage", "3 stages")


def test_several_funnels_are_several_reports(cli):
    outcome = cli("timing", ROOT / "configs" / "several.yaml", "-f", "json")
    assert [report["report"] for report in json.loads(outcome.out)["reports"]] == ["timing", "timing"]


def test_nobody_entered_is_a_report_too(cli, shop, monkeypatch):
    monkeypatch.chdir(shop)
    outcome = cli("timing", "funnel.yaml", "--where", "channel=none", "-q", "-f", "plain")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("Shop\nNobody entered.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--start", "open"],
         "timing: with start: open a unit has no journey from stage to stage; set --start first"),
        (["--bins", "0"],
         "--bins: it must be 1 or more; see funnelcli timing --help"),
    ],
)  # fmt: skip
def test_what_timing_cannot_take_is_a_usage_error(cli, shop, monkeypatch, arguments, message):
    monkeypatch.chdir(shop)
    outcome = cli("timing", "funnel.yaml", *arguments)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"funnelcli: error: {message}\n")


def test_the_order_of_rows_and_the_number_of_threads_change_no_byte(program, tmp_path):
    draw = random.Random(3)
    rows = []
    for unit in range(30_000):
        entry, channel = draw.randrange(10**12), draw.choice("abcdef")
        rows.append((str(unit), "A", entry, channel))
        if draw.random() < 0.4:
            rows.append((str(unit), "B", entry + draw.randrange(3 * 10**11), channel))
    log = pl.DataFrame(rows, schema=["user", "event", "timestamp", "channel"], orient="row").with_columns(
        pl.col("timestamp").cast(pl.Datetime("us", "UTC"))
    )
    outputs = set()
    for seed, threads in ((1, "1"), (1, "2"), (2, "2")):
        folder = tmp_path / f"{seed}-{threads}"
        folder.mkdir()
        log.sample(fraction=1, shuffle=True, seed=seed).write_parquet(folder / "log.parquet")
        outcome = program(
            "timing", "--logs", "log.parquet", "--stage", "A=A", "--stage", "B=B", "--window", "3d", "--by", "channel",
            "-f", "json", env={"POLARS_MAX_THREADS": threads}, cwd=folder,
        )  # fmt: skip
        assert outcome.code == 0, outcome.err
        outputs.add(outcome.out)
    assert len(outputs) == 1
