"""The keys that were in force, as JSON output shows them."""

from __future__ import annotations

from datetime import UTC, datetime

from funnelcli.config import definition
from tests.config.reader import SHOP, funnel

PLAIN = {"where": {}, "optional": False, "first": None, "within": None, "after": None}
"""What a stage without keys of its own shows."""


def test_a_definition_has_every_key_with_short_forms_written_out() -> None:
    text = """
        funnel: Shop
        stages:
          - Visit: page_view
          - name: Paid
            events: [renewal, {event: purchase, where: {plan: pro}}]
            where: {revenue: {gt: 0, le: 10.5}, country: [SE, DK]}
            within: 36h
            after: 500ms
            first: match
          - {name: Thanks, events: thanks, optional: true}
        window: 1500ms
        same: item
        session: 30m
        exclude: [refund, {events: chargeback, where: {plan: pro}, between: [Visit, Paid], effect: remove}]
        semantics: mixpanel-reentry
        since: 30d
        breakdowns: [channel, "channel,device"]
        mature: true
        value: revenue
        targets: {Paid: 12.5%}
        checks:
          - {name: Sales, get: "stages[Paid].reached", min: 20%, max: 100}
          - {name: Fall, fall: Thanks}
          - {name: Fresh, fresh: 36h}
          - {name: Clean, max_skipped: 0.01}
        """
    unsaid = dict.fromkeys(("get", "min", "max", "fall", "every", "fresh", "max_skipped"))
    assert definition(funnel(text, where=("test=false",), as_of="2026-02-01")) == {
        "funnel": "Shop",
        "logs": [],
        "columns": {
            "user": "user",
            "event": "event",
            "timestamp": {"column": "timestamp", "unit": None, "format": None},
        },
        "timezone": "UTC",
        "unit": ["user"],
        "where": {"test": {"eq": False}},
        "window": 1.5,
        "stages": [
            {**PLAIN, "name": "Visit", "events": ["page_view"]},
            {
                **PLAIN,
                "name": "Paid",
                "events": ["renewal", {"event": "purchase", "where": {"plan": {"eq": "pro"}}}],
                "where": {"revenue": {"gt": 0, "le": 10.5}, "country": {"in": ["SE", "DK"]}},
                "first": "match",
                "within": 129600,
                "after": 0.5,
            },
            {**PLAIN, "name": "Thanks", "events": ["thanks"], "optional": True},
        ],
        "order": "loose",
        "ties": "stage",
        "entry": "latest",
        "range": "entry",
        "start": "first",
        "count": "units",
        "same": ["item"],
        "session": 1800,
        "exclude": [
            {"events": ["refund"], "where": {}, "between": None, "effect": "stop"},
            {
                "events": ["chargeback"],
                "where": {"plan": {"eq": "pro"}},
                "between": ["Visit", "Paid"],
                "effect": "remove",
            },
        ],
        "semantics": "mixpanel-reentry",
        "since": datetime(2026, 1, 2, tzinfo=UTC),
        "until": None,
        "as_of": datetime(2026, 2, 1, tzinfo=UTC),
        "segment_from": "entry",
        "breakdowns": [["channel"], ["channel", "device"]],
        "mature": True,
        "value": "revenue",
        "targets": {"Paid": 0.125},
        "checks": [
            {**unsaid, "name": "Sales", "get": "stages[Paid].reached", "min": 0.2, "max": 100},
            {**unsaid, "name": "Fall", "fall": "Thanks", "every": "1w"},
            {**unsaid, "name": "Fresh", "fresh": 129600},
            {**unsaid, "name": "Clean", "max_skipped": 0.01},
        ],
    }


def test_conditions_that_meet_on_a_column_stand_in_two_mappings() -> None:
    read = funnel(SHOP + "where: {a: {gt: 1}, b: x}", where=("a>2", "a<9", "b=x"))
    assert definition(read)["where"] == [{"a": {"gt": 1, "lt": 9}, "b": {"eq": "x"}}, {"a": {"gt": 2}}]


def test_a_session_column_is_its_name_and_part_of_the_unit() -> None:
    shown = definition(funnel(SHOP + "session: visit"))
    assert (shown["session"], shown["unit"]) == ("visit", ["user", "visit"])


def test_a_whole_number_of_seconds_is_whole() -> None:
    assert repr(definition(funnel(SHOP + "window: 7d"))["window"]) == "604800"
