"""The JSON Schema accepts what the reader accepts, and refuses what a schema can know to be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from funnelcli.config import schema
from funnelcli.config.nodes import UnreadableError, composed
from funnelcli.config.values import Values
from tests.config.reader import SHOP, told
from tests.config.trees import funnels

VALIDATOR = jsonschema.Draft202012Validator(schema())
MISTAKES = sorted((Path(__file__).parent.parent / "mistakes" / "config").glob("*.yaml"))

TEXT = {"duplicate_key", "merge_key", "list_as_key", "unknown_tag", "number_as_key", "lone_surrogate", "huge_number"}
TEXT |= {"infinite_number", "tag_that_lies"}
"""Faults of the text, which a schema, that sees values, never meets."""

READER_ALONE = {
    *(
        "breakdowns_cross_twice",
        "breakdowns_empty_part",
        "breakdowns_twice",
        "columns_empty_name",
        "funnel_unprintable",
    ),
    *(
        "funnels_same_name",
        "funnels_no_stages",
        "logs_twice",
        "regex_bracket",
        "regex_glob",
        "regex_look",
        "regex_paren",
    ),
    *("regex_paren_close", "segment_from_far", "segment_from_misspelt", "since_far", "since_hour", "since_no_such_day"),
    *("since_skipped", "stage_blank", "stage_events_twice", "stage_twice", "stage_twice_long", "stage_unprintable"),
    *(
        "timestamp_format",
        "timestamp_unit_and_format",
        "timezone_far",
        "timezone_offset",
        "timezone_unknown",
        "unit_twice",
    ),
    *("until_before_since", "until_same", "where_twice_in_list", "window_too_long"),
    *("after_of_the_first", "after_over_window", "after_over_window_of_ga4", "after_over_window_together"),
    *("after_over_within", "within_of_the_first", "optional_first", "optional_too_many", "first_again"),
    *("first_again_after", "order_any_after", "order_any_between", "order_any_ga4", "order_any_optional"),
    *("order_any_segment_from", "order_any_within", "order_strict_optional", "segment_from_optional"),
    *("start_open_attempts", "start_open_entry", "start_open_everything", "start_open_exclude", "start_open_first"),
    *("start_open_optional", "start_open_order", "start_open_same", "start_open_semantics", "count_attempts_entry"),
    *("count_attempts_mixpanel", "count_attempts_posthog", "count_attempts_remove", "same_twice"),
    *("session_is_the_unit", "exclude_between_backwards", "exclude_between_far", "exclude_between_misspelt"),
    *("exclude_between_optional", "exclude_between_twice", "exclude_own_between", "exclude_own_first"),
    *("exclude_own_last", "exclude_own_same_where", "exclude_too_many", "stage_never_event", "stage_never_itself"),
    *("stage_never_where", "where_contradicts", "where_contradicts_null"),
    *("value_order_any", "targets_misspelt", "targets_far", "targets_first", "targets_optional", "targets_order_any"),
    *("check_same_name", "check_unprintable", "check_min_over_max", "check_fall_misspelt", "check_fall_far"),
    *("check_fall_first", "check_fall_order_any", "check_fall_order_any_first", "check_get_of_no_stage"),
}
"""Faults that join several keys, or that need a calendar, a database or a look at the characters of a text."""


def accepted(tree: Any) -> bool:
    return bool(VALIDATOR.is_valid(tree))


def tree(text: bytes) -> Any:
    """The plain values of a YAML text, lists being lists as JSON has them."""
    return json.loads(json.dumps(Values().of(composed(text, "x.yaml")), allow_nan=False))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert json.loads(json.dumps(schema())) == schema()


def described(part: dict[str, Any]) -> bool:
    return "description" in part or ("$ref" in part and "description" in schema()["$defs"][part["$ref"].split("/")[-1]])


def test_every_key_has_a_description() -> None:
    for name, part in [("", schema()), *schema()["$defs"].items()]:
        for key, value in part["properties"].items():
            assert described(value), f"{name}.{key}"


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_the_schema_refuses_what_it_can_know_to_be_wrong(path: Path) -> None:
    try:
        read = tree(path.read_bytes())
    except UnreadableError:
        return
    if path.stem not in TEXT:
        assert accepted(read) == (path.stem in READER_ALONE)


VALUES = """
null | true | 1 | 0.5 | '' | a | 7d | 0d | 2026-01-31 | today | UTC | entry | all | Visit | stage
[] | [a] | [a, b] | [1] | [a, 1] | [[a, b], c] | [null] | {} | {a: b} | {a: 1, b: [x, 2]} | {a: null}
{a: {gt: 1}} | {a: {gt: true}} | {a: {}} | {a: {in: [x], ne: y}} | {a: {is_null: true}} | {a: {contains: ''}}
{user: a} | {timestamp: a} | {timestamp: {}} | {timestamp: {column: a, unit: s}} | {timestamp: {unit: a}}
[{A: a}, {B: [b, c]}] | [{A: a}] | [{A: a}, {name: B, events: b}] | [{A: a}, {B: b, C: c}] | [{A: a}, {name: B}]
[{A: a}, {name: B, events: [b, {event: c, where: {x: 1}}], where: {}}] | [{A: a}, {where: {}}] | [{A: a}, B]
any | strict | open | attempts | posthog | mixpanel-reentry | all | 30m | 30 min | 7 | -7d | {column: 30m}
{column: ''} | {colum: a} | [{events: a}] | [{events: [a], where: {x: 1}, between: [Visit, Paid], effect: remove}]
[a, {events: b, between: [Visit]}] | [{events: a, effect: removed}] | [{between: [Visit, Paid]}]
[{A: a}, {name: B, events: b, within: 2d, after: 1d, first: match}] | [{A: a}, {name: B, events: b, within: 2}]
[{A: a}, {B: b}, {name: C, events: c, optional: true}] | [{A: a}, {B: b}, {name: C, events: c, optional: maybe}]
[{A: a}, {name: B, events: b, first: row}] | [{A: a}, {name: B, events: b, after: }]
[{events: a, where: }] | [{A: a}, {optional: b}]
20 | 20% | 20 % | 100.0% | 120% | '0.2' | .5 | '.5' | '1.0' | '1' | -1 | 1.5 | {Paid: 20%} | {Paid: 0.2} | {Paid: 20}
{Paid: '1.00'} | {Paid: 120%} | {Paid: } | {Paid: [1]} | {'': 1} | {Paid: true} | {Paid: 005%} | {Paid: '0'}
[{name: a, get: b, min: 1}] | [{name: a, get: b, max: -20.5 %}] | [{name: a, get: b, min: 1, max: 20}]
[{name: a, get: b}] | [{get: b, min: 1}] | [{name: a, min: 1}] | [{name: a, get: b, min: 2d}] | [{name: a}] | [{fall: }]
[{name: a, get: , min: 1}] | [{name: a, get: b, min: '1'}] | [{name: a, get: b, min: 1, every: 1w}]
[{name: a, fall: Paid}] | [{name: a, fall: Paid, every: 1mo}] | [{name: a, fall: Paid, every: 1m}]
[{name: '', fall: Paid}] | [{name: a, fall: Paid, min: 1}] | [{name: a, fresh: 2d}] | [{name: a, fresh: 2}]
[{name: a, fresh: 2d, fall: Paid}] | [{name: a, max_skipped: 1%}] | [{name: a, max_skipped: 5}] | {name: a, fresh: 2d}
[{name: a, max_skipped: 0.5, max: 1}] | [{name: a, max_skipped: }]
[{A: a}, {B: {event: b}}] | [{A: a}, {first: b}] | [{A: a}, {name: any, events: b}] | [{A: a}, {B: }]
"""
KEYS = [key for key in schema()["properties"] if key != "funnels"]


@pytest.mark.parametrize("key", KEYS)
def test_schema_and_reader_agree_on_every_key_and_value(key: str) -> None:
    """The stages that `segment_from` may name and the time zones are known to the reader alone."""
    base = "\n".join(line for line in SHOP.splitlines() if not line.startswith(f"{key}:"))
    for value in VALUES.strip().replace("\n", " | ").split(" | "):
        text = f"{base}\n{key}: {value}\n"
        complaints = told(text)
        if not complaints or key not in ("segment_from", "timezone"):
            assert accepted(tree(text.encode())) == (not complaints), (text, complaints)


@pytest.mark.parametrize(
    "text",
    [
        "stages: [{A: a}, {B: b}]\nwindow: 7d\nfunnels: [{funnel: X}, {funnel: Y, window: 1d}]",
        "funnels: [{funnel: X, stages: [{A: a}, {B: b}]}]",
    ],
)
def test_the_schema_accepts_several_funnels(text: str) -> None:
    assert told(text) == []
    assert accepted(tree(text.encode()))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(funnels())
def test_the_schema_accepts_every_valid_tree(valid: dict[str, Any]) -> None:
    VALIDATOR.validate(valid)
