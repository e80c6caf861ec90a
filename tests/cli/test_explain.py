"""`funnelcli explain`: whole outputs, and which units it takes."""

from __future__ import annotations

import json

import pytest

SAME_NAME = (
    "the log's column 'status' has the name of the output's column 'status';"
    " rename one of them, or leave it out with --by or --unit"
)


@pytest.fixture(autouse=True)
def inside(shop, monkeypatch):
    monkeypatch.chdir(shop)
    with shop.joinpath("log.csv").open("a") as log:
        log.write(
            "bob,search,2026-01-01T11:02:00Z,ads\n"
            "bob,cart,2026-01-01T11:07:00Z,ads\n"
            "bob,buy,2026-01-01T12:03:12Z,ads\n"
            "dan,buy,2026-01-01T10:00:00Z,\n"
        )


@pytest.mark.parametrize("form", ["json", "csv", "plain", "table"])
def test_one_unit(cli, golden, form):
    outcome = cli("explain", "funnel.yaml", "--window", "1h", "--id", "bob", "-f", form)
    assert (outcome.code, outcome.err) == (0, "")
    golden(f"cli/explain.{form}", outcome.out)


def test_a_unit_that_did_not_enter(cli):
    outcome = cli("explain", "funnel.yaml", "--id", "dan", "-f", "json")
    (unit,) = json.loads(outcome.out)["units"]
    assert (unit["status"], unit["deepest_stage"], unit["reason"]) == ("did not enter", None, "no row for Visit")
    assert [row["reason"] for row in unit["rows"]] == ["out of order: needs Visit first"]


def test_rows_that_take_no_part_are_told_too(cli):
    outcome = cli(
        "explain", "funnel.yaml", "--id", "bob", "--where", "event!=cart", "--as-of", "2026-01-01T12:00", "-f", "json"
    )
    (unit,) = json.loads(outcome.out)["units"]
    assert [(row["event"], row["reason"]) for row in unit["rows"]] == [
        ("view", None), ("search", "other event"), ("cart", "left out by where"), ("cart", "left out by where"),
        ("buy", "after the end of the data"),
    ]  # fmt: skip


LEFT_OUT = "left out by mature: its window is not over at the end of the data"


def test_a_unit_that_mature_leaves_out_is_explained_and_told_so(cli):
    asked = ("--window", "1h", "--mature", "--as-of", "2026-01-01T11:30")
    outcome = cli("explain", "funnel.yaml", *asked, "--id", "bob", "-f", "json")
    (unit,) = json.loads(outcome.out)["units"]
    assert (unit["status"], unit["deepest_stage"], unit["reason"]) == ("open", "Cart", LEFT_OUT)
    assert [row["stage"] for row in unit["rows"]][:3] == ["Visit", None, "Cart"]
    heading = f"bob: open, the deepest stage is Cart; its window ends 2026-01-01 12:00 UTC; {LEFT_OUT}"
    assert heading in cli("explain", "funnel.yaml", *asked, "--id", "bob").out.splitlines()
    assert LEFT_OUT not in cli("explain", "funnel.yaml", *asked, "--id", "ann").out


def test_mature_leaves_the_same_units_out_of_every_report(cli):
    asked = ("--window", "1h", "--mature", "--as-of", "2026-01-01T11:30")
    assert json.loads(cli("report", "funnel.yaml", *asked, "-f", "json").out)["entered"] == 1
    for name, *options in (["users"], ["explain", "--sample", "9"]):
        listed = json.loads(cli(name, "funnel.yaml", *asked, *options, "-f", "json").out)
        key = "users" if name == "users" else "units"
        assert [next(iter(unit.values())) for unit in listed[key]] == ["ann"]
    paths = json.loads(cli("paths", "funnel.yaml", *asked, "--between", "Visit", "Purchase", "-f", "json").out)
    assert [(path["outcome"], path["count"]) for path in paths["paths"]] == [("converted", 1)]


def test_how_it_was_counted_says_mature_where_there_is_a_window(cli):
    said = "; only units whose window is over; "
    assert said in cli("report", "funnel.yaml", "--window", "1h", "--mature").out
    outcome = cli("report", "funnel.yaml", "--mature")
    assert said not in outcome.out
    assert outcome.err == "funnelcli: note: Shop: `mature` changes nothing without a window\n"


def test_a_unit_of_several_columns_has_an_id_for_each(cli):
    outcome = cli("explain", "funnel.yaml", "--unit", "user,channel", "--id", "ann", "--id", "email", "-f", "json")
    (unit,) = json.loads(outcome.out)["units"]
    assert (unit["user"], unit["channel"], unit["status"]) == ("ann", "email", "converted")


@pytest.mark.parametrize(
    ("arguments", "units"),
    [
        (["--sample", "9"], ["ann", "bob", "cem"]),
        (["--sample", "1"], ["bob"]),
        (["--sample", "2", "--status", "dropped"], ["cem"]),
        (["--sample", "2", "--at", "Cart"], ["ann", "bob"]),
        (["--sample", "2", "--status", "excluded"], []),
    ],
)
def test_a_sample(cli, arguments, units):
    outcome = cli("explain", "funnel.yaml", *arguments, "-f", "json")
    assert (outcome.code, outcome.err) == (0, "")
    assert [unit["unit"] for unit in json.loads(outcome.out)["units"]] == units


def test_the_account_is_that_of_the_whole_log(cli):
    data = [json.loads(cli(name, "funnel.yaml", *options, "-f", "json").out)["data"] for name, *options in (
        ["report"], ["explain", "--id", "bob"], ["explain", "--sample", "1"], ["users", "--last-event"],
        ["paths", "--between", "Visit", "Cart"],
    )]  # fmt: skip
    assert all(each == data[0] for each in data)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["--id", "bbo"],
            3,
            "--id: no row of the logs has the user 'bbo'; check the spelling, blanks and leading zeros",
        ),
        (
            ["--id", "ann", "--segment-from", "last"],
            2,
            "--segment-from: explain has no segments; leave it out, or take some rows with --where",
        ),
        ([], 2, "explain: which unit? name it with --id, or take some with --sample 3"),
        (["--id", "ann", "--sample", "2"], 2, "--id: it names the unit; leave --sample, --at and --status out"),
        (["--id", "ann", "--status", "open"], 2, "--id: it names the unit; leave --sample, --at and --status out"),
        (
            ["--id", "ann", "--id", "bob"],
            2,
            "--id: 2 given, and a unit is user; give --id once per column, in this order",
        ),
        (
            ["--unit", "user,status", "--id", "ann", "--id", "x"],
            2,
            f"explain: {SAME_NAME}",
        ),
    ],
)
def test_a_unit_that_cannot_be_is_one_line(cli, arguments, code, message):
    outcome = cli("explain", "funnel.yaml", *arguments)
    assert (outcome.code, outcome.out, outcome.err) == (code, "", f"funnelcli: error: {message}\n")


def test_a_note_on_the_log_is_said_once(cli, shop):
    shop.joinpath("log.csv").write_text("user,event,timestamp,channel\n")
    outcome = cli("explain", "funnel.yaml", "--sample", "3")
    assert (outcome.code, outcome.err) == (0, "funnelcli: note: log.csv: no rows, only a header\n")


def test_a_person_reads_the_times_of_the_funnels_zone_and_a_file_has_them_in_utc(cli):
    options = ("explain", "funnel.yaml", "--id", "bob", "--window", "1h", "--order", "strict")
    zone = ("--timezone", "Europe/Stockholm")
    lines = cli(*options, *zone, "-f", "plain").out.splitlines()
    assert lines[2] == "bob: dropped, the deepest stage is Visit; its window ends 2026-01-01 13:00 Europe/Stockholm"
    assert lines[3].startswith("Time (Europe/Stockholm)  Event   Counts as  Why not")
    assert lines[6].startswith("2026-01-01 12:05")
    assert lines[6].endswith("search at 2026-01-01 12:02 lies between (order: strict)")
    assert cli(*options, *zone, "-f", "csv").out == cli(*options, "-f", "csv").out


def test_a_window_that_ends_after_the_year_9999_has_no_end(cli, shop):
    shop.joinpath("log.csv").write_text("user,event,timestamp\nann,view,9999-12-31T23:59:59\n")
    outcome = cli("explain", "funnel.yaml", "--window", "1h", "--id", "ann", "-f", "json", "-q")
    (unit,) = json.loads(outcome.out)["units"]
    assert (unit["status"], unit["window_end"]) == ("open", None)
