"""`funnelcli users`: whole outputs, choices, and who may read the file."""

from __future__ import annotations

import json
import stat

import polars as pl
import pytest

WINDOW = ("--window", "90m")
SAME_NAME = (
    "the log's column 'status' has the name of the output's column 'status';"
    " rename one of them, or leave it out with --by or --unit"
)


@pytest.fixture(autouse=True)
def inside(shop, monkeypatch):
    monkeypatch.chdir(shop)


@pytest.mark.parametrize("form", ["json", "csv", "plain", "table", "markdown"])
def test_the_users(cli, golden, form):
    outcome = cli("users", "funnel.yaml", *WINDOW, "--by", "channel", "--last-event", "-f", form)
    assert (outcome.code, outcome.err) == (0, "")
    golden(f"cli/users.{form}", outcome.out)


@pytest.mark.parametrize(
    ("arguments", "units"),
    [
        ([], ["ann", "bob", "cem"]),
        (["--at", "Cart"], ["ann", "bob"]),
        (["--at", "Cart", "--status", "reached"], ["ann", "bob"]),
        (["--at", "Cart", "--status", "open"], ["cem"]),
        (["--at", "Cart", "--status", "dropped"], []),
        (["--at", "Visit", "--status", "open"], []),
        (["--status", "converted"], ["ann"]),
        (["--status", "open"], ["bob", "cem"]),
        (["--status", "dropped"], []),
        (["--status", "excluded"], []),
        (["--at", "2 stages", "--order", "any"], ["ann", "bob"]),
    ],
)
def test_the_units_behind_a_number(cli, arguments, units):
    outcome = cli("users", "funnel.yaml", *WINDOW, *arguments, "-f", "json")
    assert (outcome.code, outcome.err) == (0, "")
    assert [user["unit"] for user in json.loads(outcome.out)["users"]] == units


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--at", "Crat"], "--at: no stage 'Crat'; did you mean 'Cart'?"),
        (["--at", "x"], "--at: no stage 'x'; there is Visit, Cart, Purchase"),
        (["--status", "drop"], "--status: no 'drop'; did you mean dropped?"),
        (["--status", "reached"], "--status: reached needs a stage; name it with --at"),
        (
            ["--at", "Cart", "--status", "converted"],
            "--status: converted is of the whole funnel; leave --at out",
        ),
        (
            ["--by", "status"],
            f"users: {SAME_NAME}",
        ),
    ],
)
def test_a_choice_that_cannot_be_is_a_usage_error(cli, arguments, message):
    outcome = cli("users", "funnel.yaml", *arguments)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"funnelcli: error: {message}\n")


def test_one_funnel_is_needed(cli, shop):
    shop.joinpath("funnel.yaml").write_text(
        "logs: log.csv\nfunnels:\n- {funnel: A, stages: [V: view, C: cart]}\n- {funnel: B, stages: [V: view, B: buy]}\n"
    )
    outcome = cli("users", "funnel.yaml")
    assert outcome.code == 2
    assert outcome.err == "funnelcli: error: users needs one funnel; pick with --funnel: A, B\n"
    assert cli("users", "funnel.yaml", "--funnel", "B", "--status", "converted", "-f", "csv").out.count("\n") == 2


def test_a_unit_of_several_columns_has_a_key_for_each(cli):
    outcome = cli("users", "funnel.yaml", "--unit", "user,channel", "--status", "converted", "-f", "json")
    (user,) = json.loads(outcome.out)["users"]
    assert list(user)[:3] == ["user", "channel", "entered_at"]
    assert (user["user"], user["channel"]) == ("ann", "email")


def test_a_new_file_is_for_its_owner_and_one_that_is_there_keeps_its_mode(cli, shop):
    for command in (["users"], ["explain", "--id", "ann"]):
        name, *options = command
        assert cli(name, "funnel.yaml", *options, "-o", "out.csv").code == 0
        assert stat.S_IMODE((shop / "out.csv").stat().st_mode) == 0o600
        (shop / "out.csv").chmod(0o640)
        assert cli(name, "funnel.yaml", *options, "-o", "out.csv").code == 0
        assert stat.S_IMODE((shop / "out.csv").stat().st_mode) == 0o640
        (shop / "out.csv").unlink()


def test_parquet_holds_times_as_times(cli, shop):
    assert cli("users", "funnel.yaml", "-o", "users.parquet").code == 0
    frame = pl.read_parquet(shop / "users.parquet")
    assert frame.schema["Purchase_at"] == pl.Datetime("us", "UTC")
    assert frame["unit"].to_list() == ["ann", "bob", "cem"]


def test_a_terminal_shows_some_and_says_how_many_more(cli, shop):
    rows = "".join(f"u{number:03},view,2026-01-01T10:00:00Z,ads\n" for number in range(50))
    shop.joinpath("log.csv").write_text(f"user,event,timestamp,channel\n{rows}")
    shown = cli("users", "funnel.yaml", "-q", "-f", "table").out
    assert "u039" in shown
    assert "u040" not in shown
    assert "10 more rows; --format csv has all." in shown
    assert "u049" in cli("users", "funnel.yaml", "-q", "-f", "plain").out


def test_nobody_is_an_empty_list(cli):
    outcome = cli("users", "funnel.yaml", "--where", "channel=none", "--last-event", "-f", "json", "-q")
    assert (outcome.code, json.loads(outcome.out)["users"]) == (0, [])


def test_a_person_reads_the_times_of_the_funnels_zone_and_a_file_has_them_in_utc(cli):
    zone = ("--timezone", "Europe/Stockholm")
    plain = cli("users", "funnel.yaml", *zone, "-f", "plain").out
    assert "\nTimes in Europe/Stockholm\nuser  Entered           Cart" in plain
    assert "\ncem   2026-01-01 13:00  —" in plain
    assert "Files have the times in UTC." in plain
    for form in ("csv", "ndjson"):
        assert cli("users", "funnel.yaml", *zone, "-f", form).out == cli("users", "funnel.yaml", "-f", form).out
    assert "| cem | 2026-01-01 12:00 |" in cli("users", "funnel.yaml", *zone, "-f", "markdown").out


def test_several_segments_of_a_unit_are_a_list(cli, shop):
    with shop.joinpath("log.csv").open("a") as log:
        log.write("cem,cart,2026-01-01T12:01:00Z,email\ndan,view,2026-01-01T13:00:00Z,\n")
    options = ("users", "funnel.yaml", "--by", "channel", "--segment-from", "any")
    expected = {"ann": ["email"], "bob": ["ads"], "cem": ["ads", "email"], "dan": [None]}
    users = map(json.loads, cli(*options, "-f", "ndjson").out.splitlines())
    assert {user["unit"]: user["channel"] for user in users} == expected
    assert cli(*options, "-o", "users.parquet").code == 0
    assert dict(pl.read_parquet("users.parquet").select("unit", "channel").iter_rows()) == expected
    assert 'cem,"[""ads"", ""email""]",' in cli(*options, "-f", "csv").out
    assert "\ncem   ads, email  " in cli(*options, "-f", "plain").out
