"""The commands of a newcomer: inspect, init, validate, schema, doctor."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import polars as pl
import pytest

from funnelcli.cli.starter import quoted, stages, starter
from funnelcli.config import Columns, problems

ODD = ["no", "null", "7", "1e3", "~", "a: b", "# x", "- y", "'q'", '"d"', "[z", "{z", "*s", "&a", "!t", "%p", "@m",
       "x #y", "trailing ", "Köp", "购买", "a\tb", "a\\b", "a,b", "back`tick", "\u200bzero", "😀"]  # fmt: skip


def test_inspect_says_what_is_in_a_log(cli, shop):
    outcome = cli("inspect", shop / "log.csv", "-f", "json")
    assert (outcome.code, outcome.err) == (0, "")
    assert json.loads(outcome.out) == {
        "format": 1,
        "rows": 6,
        "units": 3,
        "first_time": "2026-01-01T10:00:00Z",
        "last_time": "2026-01-01T12:00:00Z",
        "duplicates": 0,
        "ties": 0,
        "empty_days": [],
        "columns": [
            {"column": "user", "type": "text", "nulls": 0},
            {"column": "event", "type": "text", "nulls": 0},
            {"column": "timestamp", "type": "time", "nulls": 0},
            {"column": "channel", "type": "text", "nulls": 0},
        ],
        "events": [{"event": "view", "count": 3}, {"event": "cart", "count": 2}, {"event": "buy", "count": 1}],
    }


def test_inspect_has_the_events_as_rows(cli, shop):
    assert cli("inspect", shop / "log.csv", "-f", "csv").out == "event,count\nview,3\ncart,2\nbuy,1\n"


def test_inspect_without_a_log_is_a_usage_error(cli):
    outcome = cli("inspect")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "funnelcli: error: missing argument 'LOGS...'; see funnelcli inspect --help\n"


@pytest.mark.parametrize("target", ["funnel.yaml", "configs/first.yaml", "../beside.yaml"])
def test_what_init_writes_runs_as_it_is(cli, shop, monkeypatch, target):
    folder = shop / "work"
    (folder / "configs").mkdir(parents=True)
    (shop / "log.csv").rename(folder / "log.csv")
    monkeypatch.chdir(folder)
    assert cli("init", "log.csv", "-o", target).code == 0
    outcome = cli("report", target, "--get", "stages[Buy].reached")
    assert (outcome.code, outcome.out, outcome.err) == (0, "1\n", "")


def test_init_leaves_a_file_alone_unless_forced(cli, shop):
    before = (shop / "funnel.yaml").read_text()
    outcome = cli("init", shop / "log.csv", "-o", shop / "funnel.yaml")
    assert outcome.code == 2
    assert outcome.err.endswith("is there already; name another file, or replace it with --force\n")
    assert (shop / "funnel.yaml").read_text() == before
    assert cli("init", shop / "log.csv", "-o", shop / "funnel.yaml", "--force").code == 0
    assert (shop / "funnel.yaml").read_text() != before


def test_odd_names_survive_init(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Path("odd log: 1.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user: id", "event #", "ti me"])
        for number, event in enumerate(ODD):
            writer.writerows(
                [[f"u{user}", event, f"2026-01-01T{number:02}:00:00"] for user in range(len(ODD) - number)][::1]
            )
    columns = 'user="user: id",event="event #",timestamp="ti me"'
    assert cli("init", "odd log: 1.csv", "--columns", columns, "-o", "odd.yaml").code == 0
    (funnel,), complaints, _ = problems(Path("odd.yaml"))
    assert complaints == []
    assert funnel.columns == Columns(user="user: id", event="event #", timestamp="ti me")
    assert cli("report", "odd.yaml", "--get", "entered").code == 0


@pytest.mark.parametrize("event", ODD)
def test_a_scalar_is_read_back_as_the_same_text(event, tmp_path):
    config = tmp_path / "funnel.yaml"
    config.write_text(starter(["log.csv"], Columns(), None, events={event: 2, "x": 1}, others=[], target=str(config)))
    (funnel,), complaints, _ = problems(config)
    assert complaints == []
    assert event in {name for stage in funnel.stages for match in stage.matches for name in match.events}


def test_a_parquet_log_with_epochs_gets_its_unit(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pl.DataFrame({"uid": ["a", "a"], "action": ["visit", "order"], "ts": [1767225600000, 1767225700000]}).write_parquet(
        "e.parquet"
    )
    assert cli("init", "e.parquet", "-o", "e.yaml").code == 0
    assert "  timestamp: {column: ts, unit: ms}\n" in Path("e.yaml").read_text()
    assert cli("report", "e.yaml", "--get", "converted").out == "1\n"


def test_stages_are_guessed_by_what_event_names_say():
    assert stages({"logout": 90, "lead_scored": 9, "lead_created": 8, "demo held": 3, "deal won": 1}) == [
        ("Lead scored", "lead_scored"),
        ("Demo held", "demo held"),
        ("Deal won", "deal won"),
    ]
    assert stages({"b": 5, "a": 3, "c": 1}) == [("B", "b"), ("A", "a"), ("C", "c")]
    assert stages({"x": 5}) == [("X", "x"), ("X 2", "x")]


def test_quoted_texts_are_plain_where_they_can_be():
    assert [quoted(text) for text in ("page_view", "../a/*.csv", "Köp", "no: x")] == [
        "page_view", "../a/*.csv", "Köp", '"no: x"',
    ]  # fmt: skip


def test_validate_lists_every_problem_and_exits_with_1(cli, shop):
    path = shop / "bad.yaml"
    path.write_text("funnel: Shop\nstagse: []\nwindow: 3 days\n")
    outcome = cli("validate", path)
    assert (outcome.code, outcome.err) == (1, "")
    assert outcome.out.startswith(f"{path}: 2 problems\n{path}:2:1: ")
    document = json.loads(cli("validate", path, "-f", "json").out)
    assert (document["format"], document["valid"]) == (1, False)
    assert [(each["file"], each["line"], each["column"]) for each in document["problems"]] == [
        (str(path), 2, 1), (str(path), 3, 9),
    ]  # fmt: skip


def test_validate_has_a_code_for_each_outcome(cli, shop):
    assert cli("validate", shop / "funnel.yaml").out == f"{shop / 'funnel.yaml'}: valid\n"
    assert cli("validate", shop / "funnel.yaml", "--data").code == 0
    assert cli("validate", shop / "missing.yaml").code == 2
    (shop / "log.csv").unlink()
    assert cli("validate", shop / "funnel.yaml").code == 0
    outcome = cli("validate", shop / "funnel.yaml", "--data")
    assert (outcome.code, outcome.out) == (3, "")


def test_schema_is_a_json_schema(cli, tmp_path):
    assert json.loads(cli("schema").out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert cli("schema", "-o", tmp_path / "schema.json").code == 0
    assert json.loads((tmp_path / "schema.json").read_text()) == json.loads(cli("schema").out)


def test_doctor_names_versions_and_surroundings(cli, shop, monkeypatch):
    monkeypatch.chdir(shop)
    findings = json.loads(cli("doctor", "-f", "json").out)["findings"]
    assert {"funnelcli", "python", "platform", "encoding", "threads", "config"} <= findings.keys()
    assert findings["config"] == "funnel.yaml"


NO_TIME = (
    "no time in the column timestamp can be read; say how it is written, for example with --columns"
    " user=…,event=…,timestamp=…,format='%d.%m.%Y %H:%M'"
)


def test_inspect_says_unknown_where_the_columns_cannot_be_told(cli, tmp_path):
    (tmp_path / "log.csv").write_text("a,b\n1,x\n1,x\n")
    outcome = cli("inspect", tmp_path / "log.csv", "-q", "-f", "plain")
    assert (
        outcome.out
        == f"""\
{tmp_path}/log.csv
2 rows; units, events and times are unknown until --columns says where they are.
Rows that repeat another in every column: 1.

Columns
Column  Type     Without value  Used as
a       integer              0  —
b       text                 0  —
"""
    )
    assert json.loads(cli("inspect", tmp_path / "log.csv", "-q", "-f", "json").out)["empty_days"] is None


def test_inspect_says_unknown_where_no_time_can_be_read(cli, tmp_path):
    (tmp_path / "log.csv").write_text("user,event,timestamp\nann,visit,soon\n")
    assert cli("inspect", tmp_path / "log.csv", "-q", "-f", "plain").out.splitlines()[1:4] == [
        "1 row, 1 unit, 1 event.",
        "The times are unknown: no row has one that can be read.",
        "Rows that repeat another in every column: 0.",
    ]


@pytest.mark.parametrize(
    ("log", "message"),
    [
        ("a,b\n1,x\n", "the columns of user, event and timestamp cannot be told; name them with --columns user=…"),
        ("user,event,timestamp\nann,visit,soon\n", NO_TIME),
    ],
)
def test_init_says_once_what_is_wrong(cli, tmp_path, log, message):
    (tmp_path / "log.csv").write_text(log)
    outcome = cli("init", tmp_path / "log.csv")
    assert (outcome.code, outcome.out, outcome.err) == (3, "", f"funnelcli: error: {message}\n")
