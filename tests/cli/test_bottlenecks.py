"""`funnelcli bottlenecks`: whole outputs, what conversions are worth, and measures that cannot be."""

from __future__ import annotations

import json

import polars as pl
import pytest

from tests.conftest import ROOT

FORMS = ["json", "csv", "plain", "table", "markdown"]


def rows(outcome):
    return json.loads(outcome.out)["bottlenecks"]


@pytest.mark.parametrize("form", FORMS)
def test_the_stages_of_each_segment_are_ranked_by_what_they_would_bring(cli, golden, monkeypatch, form):
    monkeypatch.chdir(ROOT)
    outcome = cli("bottlenecks", "configs/shop.yaml", "--by", "device", "-f", form)
    assert (outcome.code, outcome.err) == (0, "")
    golden(f"cli/bottlenecks.{form}", outcome.out)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_shows_what_fits_its_width(cli, golden, monkeypatch, width):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", str(width))
    outcome = cli("bottlenecks", "configs/shop.yaml", "-f", "table")
    golden(f"cli/bottlenecks-{width}.table", outcome.out)


WHOLE = """\
funnel: Whole shop
logs: {logs}
columns: {{user: user_id, event: event_name, timestamp: event_time}}
window: 7d
value: revenue
stages: [Visit: page_view, Product: view_item, Cart: add_to_cart, Checkout: begin_checkout, Purchase: purchase]
{further}
"""


@pytest.fixture
def whole(tmp_path, monkeypatch):
    """Writes a funnel of the sample shop without breakdowns, with further lines."""
    monkeypatch.chdir(tmp_path)

    def write(further=""):
        logs = [str(ROOT / "sample_data" / "shop" / name) for name in ("january.csv", "february.parquet")]
        (tmp_path / "whole.yaml").write_text(WHOLE.format(logs=json.dumps(logs), further=further))
        return "whole.yaml"

    return write


@pytest.mark.parametrize("measure", ["gain", "lost", "rate", "slow"])
def test_the_whole_is_held_against_targets_and_earlier_weeks(cli, golden, whole, measure):
    outcome = cli("bottlenecks", whole("targets: {Cart: 70%, Purchase: 90%}"), "--measure", measure, "-f", "table")
    assert (outcome.code, outcome.err) == (0, "")
    golden(f"cli/bottlenecks-{measure}.table", outcome.out)


def test_a_gain_is_worth_the_mean_of_a_conversion(cli, shop, monkeypatch):
    monkeypatch.chdir(shop)
    (shop / "log.csv").write_text(
        "user,event,timestamp,channel,revenue\n"
        + "".join(
            f"{user},{event},2026-01-01T1{hour}:00:00Z,{channel},{revenue}\n"
            for user, channel, events, revenue in (
                ("ann", "ads", ("view", "cart", "buy"), "0.1"),
                ("bob", "ads", ("view", "cart", "buy"), "0.2"),
                ("cem", "mail", ("view", "cart", "buy"), "free"),
                ("dan", "mail", ("view", "cart"), ""),
                ("eva", "ads", ("view",), ""),
            )
            for hour, event in enumerate(events)
        )
    )
    with (shop / "funnel.yaml").open("a") as config:
        config.write("value: revenue\ntargets: {Cart: 100%, Purchase: 100%}\n")
    gains = {
        row["stage"]: (row["extra_conversions"], row["extra_value"])
        for row in rows(cli("bottlenecks", "funnel.yaml", "-f", "json"))
    }
    assert gains == {"Cart": (pytest.approx(0.75), pytest.approx(0.1125)), "Purchase": (1, pytest.approx(0.15))}
    outcome = cli("bottlenecks", "funnel.yaml", "--by", "channel", "-f", "json")
    worth = {(row["segment"]["channel"], row["stage"]): row["extra_value"] for row in rows(outcome)}
    # Nobody's value can be read in mail, so that of the whole is its own.
    assert worth["mail", "Purchase"] == pytest.approx(0.15)
    assert worth["ads", "Cart"] == pytest.approx(0.15)
    plain = cli("bottlenecks", "funnel.yaml", "-f", "plain").out
    assert "1 of 3 conversions have no number in revenue; a conversion is worth the mean of the others." in plain


def test_the_numbers_are_those_of_report(cli, monkeypatch):
    monkeypatch.chdir(ROOT)
    report = json.loads(cli("report", "configs/shop.yaml", "-f", "json").out)
    cells = {
        (json.dumps(part["segment"]), stage["stage"]): stage for part in report["segments"] for stage in part["stages"]
    }
    found = rows(cli("bottlenecks", "configs/shop.yaml", "-f", "json"))
    assert len(found) == 4 * 8
    for row in found:
        stage = cells[json.dumps(row["segment"]), row["stage"]]
        for key in ("position", "reached", "dropped", "open", "drop_off_rate", "stage_rate", "median_seconds"):
            assert row[key] == stage[key]
        assert row["reached_before"] == cells[json.dumps(row["segment"]), row["from_stage"]]["reached"]


def test_tests_of_segments_are_those_of_compare(cli, monkeypatch):
    monkeypatch.chdir(ROOT)
    compared = json.loads(cli("compare", "configs/shop.yaml", "--by", "channel", "--rates", "stage", "-f", "json").out)
    tests = {(each["segment"]["channel"], each["stage"]): each for each in compared["comparisons"]}
    found = rows(cli("bottlenecks", "configs/shop.yaml", "--by", "channel", "-f", "json"))
    assert len(found) == len(tests) == 20
    for row in found:
        test = tests[row["segment"]["channel"], row["stage"]]
        assert (row["stage_rate"], row["rest_rate"]) == (test["rate"], test["baseline_rate"])
        assert row["p_adjusted"] == test["p_adjusted"]


def test_a_period_is_earlier_than_the_last_and_lies_in_the_date_range_as_a_whole(cli, whole):
    def periods(*options):
        return {row["target_period"] for row in rows(cli("bottlenecks", whole(), "-f", "json", *options))}

    assert periods("--every", "1mo") == {"2026-01"}
    assert periods("--every", "1mo", "--since", "2026-01-02") == {None}
    assert periods("--every", "1mo", "--until", "2026-02-01") == {None}
    assert {len(name) for name in periods("--every", "1d", "--since", "2026-01-12") - {None}} <= {10}
    assert max(filter(None, periods())) < "2026-W08"


def test_top_keeps_the_first_rows_and_says_how_many_more(cli, monkeypatch):
    monkeypatch.chdir(ROOT)
    every, some = (rows(cli("bottlenecks", "configs/shop.yaml", "-f", "json", *top)) for top in ((), ("--top", "2")))
    assert some == every[:2]
    assert "30 more rows; a larger --top shows them." in cli("bottlenecks", "configs/shop.yaml", "--top", "2").out


def test_parquet_holds_what_json_holds(cli, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    assert cli("bottlenecks", "configs/shop.yaml", "-o", tmp_path / "rows.parquet").code == 0
    found = pl.read_parquet(tmp_path / "rows.parquet").to_dicts()
    for row, record in zip(found, rows(cli("bottlenecks", "configs/shop.yaml", "-f", "json")), strict=True):
        for key in row.keys() - {"breakdown", "segment", "target_segment"}:
            assert row[key] == record[key]


def test_nobody_is_an_empty_report(cli, shop, monkeypatch):
    monkeypatch.chdir(shop)
    nobody = ("--where", "channel=none", "-q")
    outcome = cli("bottlenecks", "funnel.yaml", *nobody, "--by", "channel", "-f", "json")
    assert (outcome.code, rows(outcome)) == (0, [])
    outcome = cli("bottlenecks", "funnel.yaml", *nobody, "--by", "channel")
    assert (outcome.code, outcome.out.splitlines()[:2]) == (0, ["Shop", "Nobody entered."])
    outcome = cli("bottlenecks", "funnel.yaml", *nobody, "-f", "json")
    assert [row["score"] for row in rows(outcome)] == [None, None]


def test_too_little_data_is_said(cli, shop, monkeypatch):
    monkeypatch.chdir(shop)
    first = rows(cli("bottlenecks", "funnel.yaml", "--measure", "rate", "-f", "json"))[0]
    assert first["reason"] == (
        "Cart → Purchase: 50.0 % go on, and there is no target: the config sets none, and no earlier whole week has 30"
        " who reached Cart. Only 2 reached Cart: too little data to be sure of anything."
    )


def test_names_from_the_data_are_shown_and_never_obeyed(cli, shop, monkeypatch):
    monkeypatch.chdir(shop)
    log = (shop / "log.csv").read_text().replace("ads", "[red]a\x1b[31m")
    (shop / "log.csv").write_text(log)
    outcome = cli("bottlenecks", "funnel.yaml", "--by", "channel", "-f", "table")
    assert "channel [red]a\\x1b[31m" in " ".join(outcome.out.split())
    assert "\x1b" not in outcome.out


NEEDS_A_WAY = (
    "--measure: {} needs units that go from stage to stage, and with start: open they enter anywhere; rank by --measure"
    " lost or rate, or set --start first"
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--measure", "gian"], "--measure: no 'gian'; did you mean gain?"),
        (["--every", "2w"], "--every: no '2w'; it is one of 1d, 1w, 1mo"),
        (["--start", "open"], NEEDS_A_WAY.format("gain")),
        (["--start", "open", "--measure", "slow"], NEEDS_A_WAY.format("slow")),
    ],
)
def test_what_cannot_be_ranked_is_a_usage_error(cli, shop, monkeypatch, arguments, message):
    monkeypatch.chdir(shop)
    outcome = cli("bottlenecks", "funnel.yaml", *arguments)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"funnelcli: error: {message}\n")


def test_windows_that_end_after_the_year_9999_leave_no_earlier_period(cli, tmp_path):
    units = "".join(f"u{number},view,9950-01-05\n" for number in range(30))
    tmp_path.joinpath("log.csv").write_text(f"user,event,timestamp\n{units}u0,buy,9950-02-01\n")
    stages = ("--stage", "Visit=view", "--stage", "Purchase=buy", "--window", "36500d")
    (row,) = rows(cli("bottlenecks", tmp_path / "log.csv", *stages, "-f", "json"))
    assert (row["reached_before"], row["target_from"]) == (30, None)


def test_where_no_week_did_better_than_the_whole_it_says_why_and_what_to_do(cli, tmp_path):
    # Everybody comes every week, and goes on in one of them.
    lines = [
        f"u{user},{event},2026-01-{5 + 7 * week:02}T{hour}:00:00Z"
        for user in range(90)
        for week in range(3)
        for event, hour in (("view", 10), ("buy", 11))
        if event == "view" or user % 3 == week
    ]
    log = tmp_path / "log.csv"
    log.write_text("\n".join(["user,event,timestamp", *lines, "u0,other,2026-02-01T00:00:00Z", ""]))
    outcome = cli("bottlenecks", "--logs", log, "--stage", "Visit=view", "--stage", "Paid=buy", "--window", "1d")
    assert (outcome.code, outcome.err) == (0, "")
    assert "No week did better than the whole: of a unit that enters several times" in outcome.out
    assert "rank with --measure lost" in outcome.out
