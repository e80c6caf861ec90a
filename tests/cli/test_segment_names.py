"""A value of the log that is called like one of our own segments stays apart from it."""

from __future__ import annotations

import json

import pytest

LOG = """\
user,event,timestamp,channel
ann,view,2026-01-01T10:00:00Z,(not reached)
ann,cart,2026-01-01T10:05:00Z,(not reached)
bob,view,2026-01-01T11:00:00Z,(none)
bob,cart,2026-01-01T11:05:00Z,(none)
cem,view,2026-01-01T12:00:00Z,(other)
cem,cart,2026-01-01T12:05:00Z,(other)
dan,view,2026-01-01T13:00:00Z,
dan,cart,2026-01-01T13:05:00Z,
eve,view,2026-01-01T14:00:00Z,email
fay,view,2026-01-01T15:00:00Z,email
"""


@pytest.fixture(autouse=True)
def inside(shop, monkeypatch):
    monkeypatch.chdir(shop)
    shop.joinpath("log.csv").write_text(LOG)


def told(cli, *options, command="report"):
    outcome = cli(command, "funnel.yaml", "--by", "channel", *options, "-q", "-f", "json")
    assert outcome.code == 0
    return [
        (part["segment"]["channel"], part["entered"], part.get("pooled", False), part.get("not_reached", False))
        for part in json.loads(outcome.out)["segments"]
    ]


@pytest.mark.parametrize("command", ["compare", "timing"])
@pytest.mark.parametrize("options", [("--segment-from", "Cart"), ("--top", "3")])
def test_every_report_tells_them_apart_alike(cli, command, options):
    assert told(cli, *options, command=command) == told(cli, *options)


def test_who_did_not_reach_the_stage_is_no_value_of_the_log(cli):
    assert told(cli, "--segment-from", "Cart") == [
        ("(not reached)", 2, False, True), ("(none)", 1, False, False), (None, 1, False, False),
        ("(not reached)", 1, False, False), ("(other)", 1, False, False),
    ]  # fmt: skip


def test_what_is_pooled_is_no_value_of_the_log(cli):
    assert told(cli, "--top", "3") == [
        ("email", 2, False, False), ("(none)", 1, False, False), (None, 1, False, False), ("(other)", 2, True, False)
    ]  # fmt: skip
    assert told(cli, "--segment-from", "Cart", "--top", "1") == [
        ("(not reached)", 2, False, True), ("(other)", 4, True, False)
    ]  # fmt: skip
    assert told(cli, "--top", "4")[-2:] == [("(not reached)", 1, False, False), ("(other)", 1, True, False)]
