"""The users report: as many as the conversion report counts, in an order of their own, whatever the order of rows."""

from __future__ import annotations

from itertools import product
from typing import Any

import polars as pl
import pytest

from funnelcli.config.frames import micros
from funnelcli.engine import journeys
from funnelcli.errors import UsageError
from funnelcli.reports.counting import lines
from funnelcli.reports.users import Choice, Users, columns, users
from funnelcli.tables.users import table
from tests import oracle, worlds
from tests.keys import KEYS, STAGES, funnel
from tests.reports.building import everything
from tests.worlds import HOUR, World, unit_rows


def listed(
    packed: list[World],
    wanted: oracle.Funnel,
    choice: Choice | None = None,
    *,
    last: bool = False,
    shuffle: int | None = None,
) -> Users:
    """The users report on the worlds."""
    events, config = everything(packed, wanted, shuffle=shuffle), worlds.config(wanted)
    names = columns(config, last_event=last)
    found = journeys(events, config)
    return users(events, found, config, events.account, choice=choice or Choice(), columns=names)


def choices(wanted: oracle.Funnel) -> list[Choice]:
    """Every choice that there is."""
    alone = [Choice(None, status) for status in (None, "converted", "dropped", "open", "excluded")]
    at = product(lines(worlds.config(wanted)), ("reached", "dropped", "open"))
    return [*alone, *(Choice(line, status) for line, status in at)]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def three() -> list[World]:
    return worlds.worlds(3, ordered=True)


@pytest.mark.parametrize("name", KEYS)
def test_there_are_as_many_as_the_report_counts(name: str, three: list[World]) -> None:
    wanted = funnel(STAGES[list(KEYS).index(name) % len(STAGES)], KEYS[name])
    events, config = everything(three, wanted), worlds.config(wanted)
    found, names = journeys(events, config), columns(config)
    sizes = {
        (choice.at and choice.at.stage, choice.status): users(
            events, found, config, events.account, choice=choice, columns=names
        ).frame.height
        for choice in choices(wanted)
    }
    every, excluded = sizes[None, None], sizes[None, "excluded"]
    assert every == sizes[None, "converted"] + sizes[None, "dropped"] + sizes[None, "open"]
    assert every + excluded == found.frame.height + found.excluded.height
    assert every
    assert sizes[lines(config)[0].stage, "dropped"] == 0


def test_who_stays_before_an_optional_stage_reached_the_required_one_before_it() -> None:
    wanted = worlds.funnel("A, W, B")
    wanted["stages"][1]["optional"] = True
    packed = [tuple(unit_rows(rows)) for rows in ("A 0h", "A 0h, W 1h", "A 0h, B 1h", "B 0h")]
    optional = lines(worlds.config(wanted))[1]
    assert listed(packed, wanted, Choice(optional, "dropped")).frame["unit"].to_list() == ["0"]


def test_the_order_is_by_entry_then_name_whatever_the_order_of_rows(three: list[World]) -> None:
    wanted = funnel(STAGES[1], KEYS["attempts"] | {"segment_from": "any"})
    frames = [listed(three, wanted, last=True, shuffle=shuffle).frame for shuffle in (None, 1, 2)]
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])
    keys = frames[0].select("entered_at", "unit", "attempt")
    assert keys.rows() == sorted(keys.rows())


def test_a_row_has_a_time_per_stage_the_deepest_stage_and_the_status() -> None:
    packed = [tuple(unit_rows(rows)) for rows in ("A 0h channel=x, B 1h", "A 0h")]
    wanted = worlds.funnel("A, B", window="2h", breakdowns=[("channel",)])
    report = listed(packed, wanted)
    hours = [
        tuple(micros(cell) // HOUR if hasattr(cell, "hour") else cell for cell in row) for row in report.frame.rows()
    ]
    assert report.frame.columns == ["unit", "channel", "entered_at", "s1_at", "s2_at", "deepest_stage", "status"]
    assert hours == [("0", "x", 0, 0, 1, "s2", "converted"), ("1", None, 0, 0, None, "s1", "open")]


def test_an_excluded_unit_is_shown_with_its_deepest_journey() -> None:
    wanted = worlds.funnel("A, B", exclude=[{"events": "X", "effect": "remove"}])
    report = listed([tuple(unit_rows("A 0h, X 1h, B 2h"))], wanted, Choice(None, "excluded"))
    assert report.frame.select("deepest_stage", "status").rows() == [("s2", "excluded")]


def test_with_any_the_segments_are_lists_whose_values_belong_together() -> None:
    packed = [tuple(unit_rows(rows)) for rows in ("A 0h c=x d=p, B 1h c=w", "A 0h")]
    wanted = worlds.funnel("A, B", segment_from="any", breakdowns=[("c", "d")])
    report = listed(packed, wanted)
    assert report.frame.select("c", "d").rows() == [(["w", "x"], [None, "p"]), ([None], [None])]
    assert [row[1:3] for row in table(report).rows] == [(("w", "x"), (None, "p")), ((None,), (None,))]


def test_in_any_order_the_stages_are_numbers_of_stages() -> None:
    report = listed([tuple(unit_rows("B 0h, A 1h"))], worlds.funnel("A, B", order="any"))
    assert report.frame.columns[2:] == ["1 stage_at", "2 stages_at", "deepest_stage", "status"]
    assert report.frame["deepest_stage"].to_list() == ["2 stages"]


def test_sessions_and_attempts_are_numbered_from_1() -> None:
    rows = [tuple(unit_rows("A 0h, B 0h, A 0h, A 9h"))]
    assert listed(rows, worlds.funnel("A, B", session="1h")).frame["session"].to_list() == [1, 2]
    frame = listed(rows, worlds.funnel("A, B", count="attempts")).frame
    assert frame.select("attempt", "status").rows() == [(1, "converted"), (2, "dropped")]


@pytest.mark.parametrize(
    ("rows", "keys", "last"),
    [
        ("A 0h, X 1h, Y 9h", {}, ["Y"]),
        ("A 0h, X 1h, Y 9h", {"window": "2h"}, ["X"]),
        ("A 0h, Z 2h, X 2h", {"window": "2h"}, ["X"]),
        ("A 0h, X 1h, Y 9h", {"as_of": 2 * HOUR}, ["X"]),
        ("X 0h, A 1h", {}, ["A"]),
        ("A 0h, B 1h, X 2h, A 3h, Y 4h", {"count": "attempts"}, ["X", "Y"]),
        ("A 0h, X 1h, Y 9h", {"session": "2h"}, ["X"]),
    ],
)
def test_the_last_event_is_of_any_name_up_to_the_end_of_the_window(
    rows: str, keys: dict[str, Any], last: list[str]
) -> None:
    report = listed([tuple(unit_rows(rows))], worlds.funnel("A, B", **keys), last=True)
    assert report.frame["last_event"].to_list() == last
    assert report.frame.filter(pl.col("last_event_at") < pl.col("entered_at")).is_empty()


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        ({"breakdowns": [("status",)]}, "the log's column 'status' has the name of the output's column 'status'"),
        ({"breakdowns": [("s1_at",)]}, "the log's column 's1_at' has the name of the output's column 's1_at'"),
        ({"breakdowns": [("unit",)]}, "the log's column 'unit' has the name of the output's column 'unit'"),
        ({"breakdowns": [("last_event",)]}, "the log's column 'last_event' has the name"),
    ],
)
def test_a_column_of_the_log_that_is_also_one_of_the_output_is_an_error(keys: dict[str, Any], names: str) -> None:
    with pytest.raises(UsageError, match=names):
        columns(worlds.config(worlds.funnel("A, B", **keys)), last_event=True)


def test_the_same_column_as_unit_and_breakdown_is_an_error_only_where_both_would_have_its_name() -> None:
    wanted = worlds.funnel("A, B", breakdowns=[("user",)])
    assert list(columns(worlds.config(wanted)))[:2] == ["unit", "user"]
    with pytest.raises(UsageError, match="'user' has the name of the output's column 'user'"):
        columns(worlds.config(wanted, unit=("user", "item")))
