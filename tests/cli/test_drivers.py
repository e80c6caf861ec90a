"""`funnelcli drivers`: whole outputs, its options, and what it shares with the other commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CONFIG = ROOT / "configs" / "shop.yaml"
BETWEEN = ("--between", "Cart", "Purchase")


@pytest.fixture(autouse=True)
def inside(shop, monkeypatch):
    monkeypatch.chdir(shop)


@pytest.mark.parametrize("form", ["json", "csv", "plain"])
def test_what_goes_with_getting_from_one_stage_to_another(checkout, cli, golden, form):
    outcome = cli("drivers", "configs/shop.yaml", *BETWEEN, "-f", form)
    assert (outcome.code, outcome.err) == (0, "")
    golden(f"cli/drivers.{form}", outcome.out)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_of_any_width_has_its_table(cli, golden, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    outcome = cli("drivers", CONFIG, *BETWEEN, "-f", "table")
    assert max(map(len, outcome.out.splitlines())) <= width
    golden(f"cli/drivers.{width}.table", outcome.out)


def test_the_narrowest_terminal_shows_how_many_have_a_driver_and_its_flags(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    told = cli("drivers", CONFIG, *BETWEEN, "-f", "table").out
    heading = next(line for line in told.splitlines() if line.startswith("Driver "))
    assert "Flags" in heading
    left_out = " ".join(told[told.index("Left out") :].split())
    assert "Have it" not in left_out
    assert "Flags" not in left_out


@pytest.mark.parametrize(
    ("between", "said"),
    [
        (("Product", "Cart"), "1 of the 5 drivers tested goes with reaching or not reaching Cart."),
        (("Visit", "Cart"), "2 of the 5 drivers tested go with reaching or not reaching Cart."),
    ],
)
def test_how_many_go_with_converting_is_said_in_the_singular_and_plural(cli, between, said):
    assert said in cli("drivers", CONFIG, "--between", *between, "--by", "device", "-f", "plain").out


def test_a_single_driver_is_told_in_the_singular(cli):
    told = cli("drivers", "funnel.yaml", "--between", "Visit", "Purchase", "-f", "plain").out
    assert "The one driver tested does not go with reaching Purchase beyond chance." in told
    assert "They are adjusted by Holm over the one driver tested." in told
    assert "drivers tested" not in told


def test_counts_are_those_of_report_and_of_paths(cli):
    told = json.loads(cli("drivers", CONFIG, *BETWEEN, "-f", "json").out)
    report = json.loads(cli("report", CONFIG, "-f", "json").out)
    reached = {stage["stage"]: stage["reached"] for stage in report["stages"]}
    assert (told["reached"], told["converted"]) == (reached["Cart"], reached["Purchase"])
    assert told["data"] == report["data"]
    paths = json.loads(cli("paths", CONFIG, *BETWEEN, "--top", "10000", "--length", "20", "-f", "json").out)
    for outcome in ("converted", "dropped", "open"):
        assert told[outcome] == sum(path["count"] for path in paths["paths"] if path["outcome"] == outcome)
    for driver in told["drivers"]:
        if driver["kind"] == "event":
            having = {
                outcome: sum(
                    path["count"]
                    for path in paths["paths"]
                    if path["outcome"] == outcome and driver["value"] in path["events"]
                )
                for outcome in ("converted", "dropped")
            }
            assert having == {
                "converted": driver["converted_with"], "dropped": driver["count"] - driver["converted_with"],
            }  # fmt: skip


def test_segments_at_the_stage_are_those_of_report(cli):
    told = json.loads(cli("drivers", CONFIG, *BETWEEN, "--by", "device", "--window", "90d", "-f", "json").out)
    report = json.loads(
        cli("report", CONFIG, "--by", "device", "--segment-from", "Cart", "--window", "90d", "-f", "json").out
    )
    wanted = {
        segment["segment"]["device"]: (segment["stages"][2]["reached"], segment["stages"][4]["reached"])
        for segment in report["segments"]
        if segment["segment"]["device"] != "(not reached)"
    }
    open_too = told["open"]
    found = {
        driver["value"]: (driver["count"], driver["converted_with"])
        for driver in told["drivers"]
        if driver["kind"] == "column"
    }
    assert {value: converted for value, (_, converted) in found.items()} == {
        value: converted for value, (_, converted) in wanted.items()
    }
    assert sum(count for count, _ in found.values()) + open_too == sum(count for count, _ in wanted.values())


def test_by_chooses_columns_each_by_itself(cli):
    outcome = cli("drivers", CONFIG, *BETWEEN, "--by", "country,device", "--by", "device", "-f", "json")
    told = json.loads(outcome.out)
    assert {driver["column"] for driver in told["drivers"]} == {None, "country", "device"}
    assert told["definition"]["breakdowns"] == [["country"], ["device"]]
    assert told["definition"]["segment_from"] == "Cart"


def test_top_shows_the_strongest_and_tests_all(cli):
    every = json.loads(cli("drivers", CONFIG, *BETWEEN, "-f", "json").out)
    some = json.loads(cli("drivers", CONFIG, *BETWEEN, "--top", "2", "-f", "json").out)
    assert (some["drivers"], some["tested"]) == (every["drivers"][:2], every["tested"])
    assert "11 weaker drivers are left out by --top." in cli("drivers", CONFIG, *BETWEEN, "--top", "2").out


def test_adjust_is_stated_and_done(cli):
    for method, words in (("bh", "by Benjamini and Hochberg"), ("none", "not adjusted")):
        assert words in cli("drivers", CONFIG, *BETWEEN, "--adjust", method).out
    told = json.loads(cli("drivers", CONFIG, *BETWEEN, "--adjust", "none", "-f", "json").out)
    assert told["adjust"] == "none"
    assert all(driver["p_value"] == driver["p_adjusted"] for driver in told["drivers"])


def test_without_columns_there_are_only_events_and_a_note(cli):
    outcome = cli("drivers", "funnel.yaml", "--between", "Visit", "Purchase")
    assert "No column was looked at: name some with --by, or in the YAML's breakdowns." in outcome.out
    assert (outcome.code, outcome.err) == (0, "")


def test_nobody_there_is_an_empty_list(cli):
    outcome = cli("drivers", "funnel.yaml", *BETWEEN, "--where", "channel=none", "-q", "-f", "json")
    assert (outcome.code, json.loads(outcome.out)["drivers"]) == (0, [])
    assert "Nobody reached Cart." in cli("drivers", "funnel.yaml", *BETWEEN, "--where", "channel=none", "-q").out


def test_standard_input_is_read_twice(program, shop):
    log = shop.joinpath("log.csv").read_bytes()
    outcome = program(
        "drivers", "--stage", "V=view", "--stage", "B=buy", "--between", "V", "B", "-", "-f", "csv", stdin=log
    )
    assert (outcome.code, outcome.err) == (0, "")
    assert [line.split(",")[:4] for line in outcome.out.splitlines()[1:]] == [["event", "", "cart", "2"]]


def test_names_of_all_kinds_are_told_as_they_are(cli, shop):
    hostile = ["[/x]", "\x1b[31mred", "=1+1", "*", "^a$", "unit", "ein\nBruch", "名前"]
    with shop.joinpath("log.csv").open("a") as log:
        for name in hostile:
            cell = '"' + name.replace('"', '""') + '"'
            log.write(f"ann,{cell},2026-01-01T10:07:00Z,{cell}\n")
    shop.joinpath("funnel.yaml").write_text(
        "funnel: Shop\nlogs: log.csv\nstages: [Visit: view, Cart: cart, Purchase: buy]"
    )
    outcome = cli("drivers", "funnel.yaml", *BETWEEN, "--by", "channel", "-f", "json")
    told = {driver["value"] for driver in json.loads(outcome.out)["drivers"] if driver["kind"] == "event"}
    assert told == set(hostile)
    assert "\x1b" not in cli("drivers", "funnel.yaml", *BETWEEN, "-f", "table", "--color", "never").out


def test_several_funnels_are_several_reports(cli, shop):
    shop.joinpath("funnel.yaml").write_text(
        "logs: log.csv\nstages: [Visit: view, Cart: cart]\nfunnels: [{funnel: A}, {funnel: B, window: 1h}]\n"
    )
    outcome = cli("drivers", "funnel.yaml", "--between", "Visit", "Cart", "-f", "json")
    assert outcome.err == ""
    assert [report["report"] for report in json.loads(outcome.out)["reports"]] == ["drivers", "drivers"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "missing option '--between'; see funnelcli drivers --help"),
        (["--between", "Visit", "Crat"], "--between: no stage 'Crat'; did you mean 'Cart'?"),
        (["--between", "Visit", "Cart", "--start", "open"],
         "drivers: with start: open a unit has no journey from stage to stage; set --start first"),
        (["--between", "Visit", "Cart", "--segment-from", "last"],
         "--segment-from: drivers reads columns at the first stage of --between; leave it out"),
        (["--between", "Visit", "Cart", "--adjust", "bonferroni"],
         "--adjust: no 'bonferroni'; it is one of holm, bh, none"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_a_usage_error(cli, arguments, message):
    outcome = cli("drivers", "funnel.yaml", *arguments)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"funnelcli: error: {message}\n")
