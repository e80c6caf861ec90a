"""The options, in this process: formats and files, the config and the logs, one value, several funnels."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from funnelcli.cli.load import funnels
from funnelcli.cli.options import Output, Selection
from funnelcli.config import Options
from funnelcli.errors import UsageError

FUNNELS = """\
logs: log.csv
funnels:
  - funnel: To the cart
    stages: [Visit: view, Cart: cart]
  - funnel: All the way
    stages: [Visit: view, Purchase: buy]
"""


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.txt", b"Shop\n"), ("a.csv", b"stage,position,"), ("a.tsv", b"stage\tposition\t"),
        ("a.JSON", b'{\n  "format": 1'),
        ("a.ndjson", b'{"stage"'), ("a.jsonl", b'{"stage"'), ("a.md", b"## Shop\n"), ("a.parquet", b"PAR1"),
    ],
)  # fmt: skip
def test_the_suffix_names_the_format(cli, shop, name, start):
    outcome = cli("report", shop / "funnel.yaml", "-o", shop / name)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    assert (shop / name).read_bytes().startswith(start)


def test_a_format_that_is_named_goes_before_the_suffix(cli, shop):
    assert cli("report", shop / "funnel.yaml", "-f", "json", "-o", shop / "a.csv").code == 0
    assert json.loads((shop / "a.csv").read_text())["converted"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["-o", "a.pdf"],
            "--output: no format goes by the suffix of 'a.pdf'; name one with --format, or end the name in",
        ),
        (["-o", "a"], "--output: no format goes by the suffix of 'a'; name one with --format, or end the name in"),
        (["-f", "yaml"], "--format: no 'yaml'; it is one of auto, table, plain,"),
        (["--color", "alway"], "--color: no 'alway'; did you mean always?"),
        (["--get", "entered", "-f", "csv"], "--get: it prints one raw value; leave --format out"),
        (["--top", "0"], "--top: it must be 1 or more"),
        (["second.yaml"], "second.yaml is a config where a log is expected; name one config, before the logs"),
    ],
)
def test_a_bad_option_is_a_usage_error(cli, shop, arguments, message):
    outcome = cli("report", shop / "funnel.yaml", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"funnelcli: error: {message}")


@pytest.mark.parametrize(
    ("path", "printed"),
    [
        ("entered", "3\n"), ("funnel", "Shop\n"), ("stages[Cart].stage_rate", "0.6666666666666666\n"),
        ("stages[Visit].stage_rate", ""), ("data.last_time", "2026-01-01T12:00:00Z\n"),
        ("stages[Visit].optional", "false\n"), ("segments[channel=ads].stages[Cart].reached", "1\n"),
    ],
)  # fmt: skip
def test_get_prints_one_raw_value_and_nothing_for_null(cli, shop, path, printed):
    outcome = cli("report", shop / "funnel.yaml", "--by", "channel", "--get", path)
    assert (outcome.code, outcome.out, outcome.err) == (0, printed, "")


@pytest.mark.parametrize(
    ("arguments", "key", "value"),
    [
        (["--order", "strict"], "order", "strict"),
        (["--start", "open"], "start", "open"),
        (["--count", "attempts"], "count", "attempts"),
        (["--same", "channel"], "same", ["channel"]),
        (["--session", "30m"], "session", 1800),
        (["--session", "channel"], "unit", ["user", "channel"]),
        (["--semantics", "mixpanel"], "entry", "first"),
        (["--semantics", "ga4", "--window", "1h"], "window", None),
        (
            ["--exclude", "refund,chargeback", "--exclude", "ban"], "exclude",
            [
                {"events": ["refund", "chargeback"], "where": {}, "between": None, "effect": "stop"},
                {"events": ["ban"], "where": {}, "between": None, "effect": "stop"},
            ],
        ),
    ],
)  # fmt: skip
def test_an_option_replaces_the_key_of_its_name(cli, shop, arguments, key, value):
    outcome = cli("report", shop / "funnel.yaml", "-f", "json", "-q", *arguments)
    assert (outcome.code, outcome.err) == (0, "")
    assert json.loads(outcome.out)["definition"][key] == value


def test_every_key_that_the_config_room_replaces_has_an_option():
    assert {each.name for each in fields(Options)} <= {each.name for each in fields(Selection)}


def test_all_presets_at_once_are_for_the_report_alone():
    with pytest.raises(UsageError, match=r"^--semantics: all is for `report`; name one preset$"):
        funnels(Selection(semantics="all"), Output())


def test_validate_says_what_deserves_a_second_look(cli, shop):
    with (shop / "funnel.yaml").open("a") as file:
        file.write("range: all\n")
    outcome = cli("validate", shop / "funnel.yaml")
    assert (outcome.code, outcome.err) == (
        0,
        "funnelcli: note: Shop: `range: all` changes nothing without `since` or `until`\n",
    )


def test_get_needs_one_funnel(cli, shop):
    (shop / "funnel.yaml").write_text(FUNNELS)
    outcome = cli("report", shop / "funnel.yaml", "--get", "entered")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "funnelcli: error: --get needs one funnel; pick with --funnel: To the cart, All the way\n"
    assert cli("report", shop / "funnel.yaml", "--funnel", "To the cart", "--get", "converted").out == "2\n"


def test_several_funnels_are_several_reports(cli, shop):
    (shop / "funnel.yaml").write_text(FUNNELS)
    document = json.loads(cli("report", shop / "funnel.yaml", "-f", "json").out)
    assert document["format"] == 1
    assert [report["funnel"] for report in document["reports"]] == ["To the cart", "All the way"]
    assert cli("report", shop / "funnel.yaml", "-f", "csv").out.startswith("funnel,stage,")


def test_stages_on_the_command_line_need_no_file(cli, shop, monkeypatch):
    monkeypatch.chdir(shop)
    (shop / "funnel.yaml").write_text("not: a funnel")
    outcome = cli(
        "report", "--logs", "log.csv", "--stage", "Visit=view", "--stage", "Paid=buy,order", "--get", "converted"
    )
    assert (outcome.code, outcome.out) == (0, "1\n")


def test_logs_are_arguments_or_an_option(cli, shop, monkeypatch):
    monkeypatch.chdir(shop)
    (shop / "more.csv").write_text("user,event,timestamp\ndan,view,2026-01-01T13:00:00Z\n")
    for arguments in (
        ["log.csv", "more.csv"],
        ["log.csv", "--logs", "more.csv"],
        ["--logs", "log.csv", "--logs", "more.csv"],
    ):
        assert cli("report", "funnel.yaml", *arguments, "--get", "entered").out == "4\n"


def test_standard_input_is_a_log(program, shop):
    outcome = program("report", shop / "funnel.yaml", "-", "--get", "entered", stdin=(shop / "log.csv").read_bytes())
    assert (outcome.code, outcome.out, outcome.err) == (0, "3\n", "")


def test_the_color_of_a_table(cli, shop):
    assert "\x1b[" in cli("report", shop / "funnel.yaml", "-f", "table", "--color", "always").out
    assert "\x1b[" not in cli("report", shop / "funnel.yaml", "-f", "table").out


def test_verbose_says_what_was_done(cli, shop):
    outcome = cli("report", shop / "funnel.yaml", "-v")
    assert outcome.code == 0
    assert [line.rpartition(" in ")[0] for line in outcome.err.splitlines()] == [
        "funnelcli: done: read the config",
        "funnelcli: done: started Polars",
        "funnelcli: done: read the logs of Shop",
        "funnelcli: done: found the journeys of Shop",
        "funnelcli: done: wrote the report",
    ]


@pytest.mark.parametrize(
    "command", ["report", "users", "explain", "paths", "validate", "inspect", "init", "schema", "doctor"]
)
def test_help_fits_eighty_columns_in_plain_text(program, command):
    outcome = program(command, "--help", env={"COLUMNS": "80"})
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"Usage: funnelcli {command} ")
    assert all(len(line) <= 80 for line in outcome.out.splitlines())
    assert "\x1b" not in outcome.out


def test_version_is_an_option_of_the_program_and_of_each_command(cli):
    for arguments in (["--version"], ["-V"], ["report", "--version"], ["schema", "-V"]):
        assert cli(*arguments).out == "funnelcli 0.1.0\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("report --top 0", "--top: it must be 1 or more; see funnelcli report --help"),
        ("report --top x", "--top: it must be a whole number; see funnelcli report --help"),
        ("paths --between A B --length 21", "--length: it must be 20 or less; see funnelcli paths --help"),
        ("report --window", "option '--window' requires an argument; see funnelcli report --help"),
        ("paths --between A", "option '--between' requires 2 arguments; see funnelcli paths --help"),
        ("report --quiet=3", "option '--quiet' does not take a value; see funnelcli report --help"),
        ("--nonsense", "no such option: --nonsense; see funnelcli --help"),
    ],
)
def test_a_bad_option_says_where_to_read_about_it(cli, arguments, message):
    outcome = cli(*arguments.split())
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"funnelcli: error: {message}\n")


def test_one_row_is_spoken_of_as_one(cli, shop):
    (shop / "log.csv").write_text("user,event,timestamp\nann,view,2026-01-01\nann,zoom,2026-01-02\n")
    assert cli("report", shop / "funnel.yaml", "-q").out.endswith("rows: 2 read, 1 used; 1 other event.\n")


def test_a_log_without_events_has_none_to_name(cli, shop):
    (shop / "log.csv").write_text("user,event,timestamp\nann,,2026-01-01\n")
    outcome = cli("report", shop / "funnel.yaml")
    assert outcome.err.splitlines()[0] == (
        "funnelcli: note: stage Visit: no row has the event view; no row has an event at all"
    )
