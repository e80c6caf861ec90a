"""`funnelcli paths`: whole outputs, and stages that cannot be."""

from __future__ import annotations

import json

import pytest


@pytest.fixture(autouse=True)
def inside(shop, monkeypatch):
    monkeypatch.chdir(shop)
    with shop.joinpath("log.csv").open("a") as log:
        log.write(
            "ann,coupon,2026-01-01T10:07:00Z,email\n"
            "ann,coupon,2026-01-01T10:08:00Z,email\n"
            "bob,search,2026-01-01T11:06:00Z,ads\n"
            "bob,help,2026-01-01T11:07:00Z,ads\n"
            "dan,view,2026-01-01T11:00:00Z,\n"
            "dan,cart,2026-01-01T11:10:00Z,\n"
        )


@pytest.mark.parametrize("form", ["json", "csv", "plain", "table"])
def test_what_happens_between_two_stages(cli, golden, form):
    outcome = cli("paths", "funnel.yaml", "--between", "Cart", "Purchase", "--window", "55m", "-f", form)
    assert (outcome.code, outcome.err) == (0, "")
    golden(f"cli/paths.{form}", outcome.out)


def test_top_and_length_limit_what_is_shown(cli):
    outcome = cli("paths", "funnel.yaml", "--between", "Cart", "Purchase", "--top", "1", "--length", "1", "-f", "json")
    told = [
        (path["outcome"], path["events"], path["count"], path["share"]) for path in json.loads(outcome.out)["paths"]
    ]
    assert told == [("converted", ["coupon"], 1, 1.0), ("dropped", [], 1, 0.5)]


def test_nobody_there_is_an_empty_list(cli):
    outcome = cli(
        "paths", "funnel.yaml", "--between", "Cart", "Purchase", "--where", "channel=none", "-q", "-f", "json"
    )
    assert (outcome.code, json.loads(outcome.out)["paths"]) == (0, [])


def test_several_funnels_are_several_reports(cli, shop):
    shop.joinpath("funnel.yaml").write_text(
        "logs: log.csv\nstages: [Visit: view, Cart: cart]\nfunnels: [{funnel: A}, {funnel: B, window: 1h}]\n"
    )
    outcome = cli("paths", "funnel.yaml", "--between", "Visit", "Cart", "-f", "json")
    assert outcome.err == ""
    assert [report["report"] for report in json.loads(outcome.out)["reports"]] == ["paths", "paths"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "missing option '--between'; see funnelcli paths --help"),
        (["--between", "Visit", "Crat"], "--between: no stage 'Crat'; did you mean 'Cart'?"),
        (["--between", "Cart", "Visit"],
         "--between: Cart does not come before Visit; name the earlier stage first"),
        (["--between", "Cart", "Cart"],
         "--between: Cart does not come before Cart; name the earlier stage first"),
        (["--between", "Visit", "Cart", "--start", "open"],
         "paths: with start: open a unit has no journey from stage to stage; set --start first"),
        (["--between", "Visit", "Cart", "--by", "channel"],
         "--by: paths has no segments; leave it out, or take some rows with --where"),
    ],
)  # fmt: skip
def test_stages_that_cannot_be_are_a_usage_error(cli, arguments, message):
    outcome = cli("paths", "funnel.yaml", *arguments)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"funnelcli: error: {message}\n")


def test_an_attempt_ends_where_the_next_begins_also_if_that_one_is_left_out(cli, tmp_path):
    rows = ("view,10:00", "refund,10:10", "view,10:30", "search,10:40")
    lines = [f"ann,{name},2026-01-01T{time}:00Z" for name, time in (row.split(",") for row in rows)]
    tmp_path.joinpath("log.csv").write_text("\n".join(["user,event,timestamp", *lines, ""]))
    options = ("--logs", tmp_path / "log.csv", "--stage", "Visit=view", "--stage", "Paid=buy", "--window", "2h")
    counted = ("--count", "attempts", "--exclude", "refund", "--as-of", "2026-01-01T12:10:00Z")
    for mature in ((), ("--mature",)):
        outcome = cli("paths", *options, *counted, *mature, "--between", "Visit", "Paid", "-f", "json")
        paths = json.loads(outcome.out)["paths"]
        assert next(path["events"] for path in paths if path["outcome"] == "dropped") == ["refund"]
