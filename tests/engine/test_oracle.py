"""The oracle itself, by cases worked out by hand from the definition; each test quotes the rule it holds to.

`go("A, B", "A 0h, B 1h")` asks for the journey of one unit; times in the answers are hours, None is not reached.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests import oracle, worlds
from tests.oracle import Result
from tests.worlds import HOUR, microseconds, unit_rows

BY_CHANNEL = (("c",),)


def built(stages: str, limits: dict[str, dict[str, Any]] | None = None, **keys: Any) -> dict[str, Any]:
    """A funnel whose times are hours; `limits` gives stages further keys, by name."""
    for key in ("since", "until", "as_of"):
        if key in keys:
            keys[key] = keys[key] * HOUR
    found = worlds.funnel(stages, **keys)
    for name, more in (limits or {}).items():
        stage = next(stage for stage in found["stages"] if stage["name"] == name)
        stage |= {key: microseconds(value) if key in ("within", "after") else value for key, value in more.items()}
    return found


def go(stages: str, rows: str, limits: dict[str, dict[str, Any]] | None = None, **keys: Any) -> Result:
    """The one journey of the unit, with its times in hours."""
    end = keys.pop("end", None)
    found = oracle.journey(unit_rows(rows), built(stages, limits, **keys), None if end is None else end * HOUR)
    return in_hours(found)


def every(stages: str, rows: str, limits: dict[str, dict[str, Any]] | None = None, **keys: Any) -> list[Result]:
    """All journeys of the unit (attempts, sessions), with their times in hours."""
    end = keys.pop("end", None)
    found = oracle.journeys(unit_rows(rows), built(stages, limits, **keys), None if end is None else end * HOUR)
    return [in_hours(one) for one in found]


def in_hours(found: Result) -> Result:
    return found._replace(times=tuple(None if time is None else time / HOUR for time in found.times))  # type: ignore[misc]


def times(stages: str, rows: str, limits: dict[str, dict[str, Any]] | None = None, **keys: Any) -> tuple[Any, ...]:
    return go(stages, rows, limits, **keys).times


def segment(stages: str, rows: str, **keys: Any) -> set[str | None]:
    """The unit's segments by the column c."""
    found = go(stages, rows, breakdowns=BY_CHANNEL, **keys)
    return {value for (value,) in found.segments["c",]}


# --- A journey of depth d is d different rows, the j-th matching stage j, in the order of their times ------------


def test_a_journey_is_a_chain_of_rows_in_the_order_of_their_times() -> None:
    assert times("A, B, C", "A 0h, B 1h, C 2h") == (0, 1, 2)
    assert times("A, B, C", "C 0h, A 1h, B 2h") == (1, 2, None)
    assert times("A, B, C", "A 0h, C 1h, B 2h") == (0, 2, None)


def test_a_unit_without_a_row_for_the_first_stage_has_not_entered() -> None:
    assert go("A, B", "B 0h, C 1h") == Result((None, None), 0, "not entered")
    assert go("A, B", "C 0h").status == "not entered"


def test_rows_are_used_once_so_a_repeated_stage_needs_a_second_row() -> None:
    assert times("A, A", "A 0h") == (0, None)
    assert times("A, A", "A 0h, A 1h") == (0, 1)
    assert times("A, A", "A 0h, A 0h") == (0, 0)


def test_a_row_that_matches_several_stages_serves_one() -> None:
    assert times("A, A|B, B", "A 0h, B 1h") == (0, 1, None)
    assert times("A, A|B, B", "A 0h, A 1h, B 2h") == (0, 1, 2)


def test_the_window_itself_counts_and_runs_from_the_first_row() -> None:
    assert times("A, B, C", "A 0h, B 2h, C 4h", window="4h") == (0, 2, 4)
    assert times("A, B, C", "A 0h, B 2h, C 4h", window="239m") == (0, 2, None)


# --- Which journey counts: the deepest; earliest last row; earliest entry; earliest second row, … ----------------


def test_the_deepest_journey_counts_even_when_it_enters_later() -> None:
    assert times("A, B", "A 0h, A 5h, B 6h", window="2h") == (5, 6)


def test_of_the_deepest_the_one_whose_last_row_comes_earliest() -> None:
    assert times("A, B", "A 0h, B 1h, A 2h, B 3h") == (0, 1)
    assert times("A, B, C", "A 0h, B 1h, B 2h, C 3h, C 4h") == (0, 1, 3)


def test_of_those_the_one_that_enters_earliest_or_with_entry_latest_latest() -> None:
    rows = "A 0h, A 1h, A 2h, B 3h"
    assert times("A, B", rows) == (0, 3)
    assert times("A, B", rows, window="2h") == (1, 3)
    assert times("A, B", rows, entry="latest") == (2, 3)


def test_the_last_row_is_chosen_before_the_entry() -> None:
    assert times("A, B", "A 0h, B 1h, A 2h, B 3h", entry="latest") == (0, 1)
    assert times("A, B", "A 0h, A 3h", entry="latest") == (0, None)


def test_then_the_earliest_second_row() -> None:
    assert times("A, B, C", "A 0h, B 1h, A 2h, B 3h, C 4h", entry="latest") == (2, 3, 4)
    assert times("A, B, C", "A 0h, B 1h, B 2h, C 3h") == (0, 1, 3)
    assert segment("A, B, C", "A 0h, B 1h c=y, B 2h c=x, C 3h", segment_from="s2") == {"y"}


def test_entry_first_gives_no_second_chance() -> None:
    assert times("A, B", "A 0h, A 5h, B 6h", window="2h", entry="first") == (0, None)
    assert times("A, B", "A 0h, A 5h, B 6h", window="2h", entry="first", since=1) == (5, 6)


def test_with_entry_first_any_stage_1_row_of_that_instant_may_enter() -> None:
    rows = "A 0h c=x, A 0h c=y, B 1h c=y"
    assert times("A, B", rows, entry="first", same=["c"]) == (0, 1)
    assert times("A, B", rows, entry="first", same=["c"], ties="row") == (0, 1)


# --- Rows at the same instant ----------------------------------------------------------------------------------


def test_ties_stage_uses_rows_of_an_instant_in_whatever_order_the_journey_needs() -> None:
    assert times("A, B, C", "C 0h, B 0h, A 0h") == (0, 0, 0)
    assert times("A, A|B, B", "B 0h, A 0h, A 0h") == (0, 0, 0)


def test_ties_strict_needs_each_row_later_than_the_one_before() -> None:
    assert times("A, B, C", "A 0h, B 0h, B 1h, C 1h, C 2h", ties="strict") == (0, 1, 2)
    assert times("A, B", "A 0h, B 0h", ties="strict") == (0, None)


def test_ties_row_takes_the_order_of_the_input() -> None:
    assert times("A, B", "B 0h, A 0h", ties="row") == (0, None)
    assert times("A, B", "A 0h, B 0h", ties="row") == (0, 0)


def test_a_segment_at_an_instant_is_the_smallest_text_with_null_last() -> None:
    assert segment("A, B", "A 0h c=y, A 0h c=x, B 1h") == {"x"}
    assert segment("A, B", "A 0h, A 0h c=z, B 1h") == {"z"}
    assert segment("A, B", "A 0h c=y, A 0h c=x, B 1h", ties="row") == {"y"}
    assert segment("A, B", "A 0h c=y, A 0h c=x, B 1h", ties="row", entry="latest") == {"x"}


def test_only_rows_that_could_stand_at_that_place_give_the_segment() -> None:
    rows = "A 0h c=y, B 0h c=x, B 1h c=w"
    assert segment("A|B, A", rows) == {"x"}
    assert segment("A, B", rows, segment_from="s2") == {"x"}
    assert segment("A|B, B, B", rows) == {"y"}


def test_each_column_of_a_crossed_breakdown_is_taken_on_its_own() -> None:
    found = go("A, B", "A 0h c=x d=q, A 0h c=y d=p", breakdowns=(("c", "d"),))
    assert found.segments["c", "d"] == {("x", "p")}


# --- The date range, the end of the data, and status -----------------------------------------------------------


def test_the_range_restricts_who_enters_and_later_stages_may_lie_after_it() -> None:
    assert times("A, B", "A 1h, B 9h", since=1, until=2) == (1, 9)
    assert times("A, B", "A 0h, A 2h, B 9h", since=1, until=2) == (None, None)
    assert times("A, B", "A 0h, A 1h, B 9h", since=1) == (1, 9)


def test_range_all_restricts_every_row() -> None:
    assert times("A, B", "A 1h, B 2h", since=1, until=2, range="all") == (1, None)
    assert times("A, B", "A 1h, B 2h", since=1, until=3, range="all") == (1, 2)


def test_the_data_ends_at_its_last_row_whatever_it_is_or_at_as_of() -> None:
    rows = unit_rows("A 0h, Z 9h")
    assert oracle.end_of_data(rows, {}) == 9 * HOUR
    assert oracle.end_of_data(rows, {"as_of": 4 * HOUR}) == 4 * HOUR
    assert oracle.end_of_data(rows, {"as_of": 40 * HOUR}) == 40 * HOUR
    assert oracle.end_of_data(rows, {"until": 5 * HOUR, "range": "all"}) == 5 * HOUR
    assert oracle.end_of_data(rows, {"until": 5 * HOUR}) == 9 * HOUR
    assert oracle.end_of_data(rows, {"until": 50 * HOUR, "range": "all"}) == 9 * HOUR
    assert oracle.end_of_data([], {}) is None


def test_rows_later_than_as_of_take_no_part_and_those_at_it_do() -> None:
    assert times("A, B", "A 0h, B 4h", as_of=4) == (0, 4)
    assert times("A, B", "A 0h, B 4h", as_of=3) == (0, None)


def test_a_unit_is_open_while_entry_and_window_are_later_than_the_end_of_the_data() -> None:
    assert go("A, B", "A 0h", window="5h", end=4).status == "open"
    assert go("A, B", "A 0h", window="5h", end=5).status == "dropped"
    assert go("A, B", "A 0h", end=0).status == "dropped"
    assert go("A, B", "A 0h, B 1h", window="5h", end=4).status == "converted"


def test_rows_that_where_leaves_out_do_not_exist_but_the_data_still_ends_with_them() -> None:
    assert times("A, B", "A 0h c=x, B 1h c=y, B 2h c=x", where={"c": "x"}) == (0, 2)
    assert go("A, B", "A 0h c=x, B 5h c=y", where={"c": "x"}, window="5h").status == "dropped"
    assert go("A, B", "A 0h c=x, B 4h c=y", where={"c": "x"}, window="5h").status == "open"


@pytest.mark.parametrize(
    ("where", "matching"),
    [
        ({"c": "x"}, "x"),
        ({"c": ["x", "y"]}, "x y"),
        ({"c": {"ne": "x"}}, "y 7 TRUE null"),
        ({"c": {"not_in": ["x", "y"]}}, "7 TRUE null"),
        ({"c": {"is_null": True}}, "null"),
        ({"c": {"is_null": False}}, "x y 7 TRUE"),
        ({"c": {"gt": 6.5}}, "7"),
        ({"c": 7}, "7"),
        ({"c": "7"}, "7"),
        ({"c": {"ne": 7}}, "x y TRUE null"),
        ({"c": {"ge": "x"}}, "x y"),
        ({"c": True}, "TRUE"),
        ({"c": {"matches": "^[xy]"}}, "x y"),
        ({"c": {"contains": "RU"}}, "TRUE"),
        ({"c": {"starts_with": "T", "ends_with": "E"}}, "TRUE"),
    ],
)
def test_null_satisfies_ne_not_in_and_is_null_only(where: dict[str, Any], matching: str) -> None:
    rows = unit_rows("A 0h c=x, A 1h c=y, A 2h c=7, A 3h c=TRUE, A 4h")
    found = [row.columns.get("c") or "null" for row in rows if oracle.completes(row, {"events": "A", "where": where})]
    assert " ".join(found) == matching


def test_a_stage_may_have_mappings_with_conditions_of_their_own() -> None:
    stage = {"events": ["A", {"event": ["B", "C"], "where": {"c": "x"}}]}
    rows = unit_rows("A 0h, B 1h, B 2h c=x, C 3h c=x, D 4h c=x")
    assert [oracle.completes(row, stage) for row in rows] == [True, False, True, True, False]


# --- Segments --------------------------------------------------------------------------------------------------


def test_a_segment_is_read_from_the_entry_the_first_or_last_value_or_a_stage() -> None:
    rows = "A 0h, B 1h c=x, C 2h c=y, D 3h"
    wanted = {"entry": None, "first": "x", "last": "y", "s2": "x", "s4": None}
    for source, value in wanted.items():
        assert segment("A, B, C, D", rows, segment_from=source) == {value}


def test_units_that_did_not_reach_the_stage_are_the_segment_not_reached() -> None:
    assert segment("A, B", "A 0h c=x", segment_from="s2") == {"(not reached)"}


def test_with_any_a_unit_counts_in_every_value_it_has_and_in_null_only_without_one() -> None:
    assert segment("A, B, C", "A 0h c=x, B 1h, C 2h c=y", segment_from="any") == {"x", "y"}
    assert segment("A, B", "A 0h, B 1h", segment_from="any") == {None}
    assert segment("A, B", "A 0h c=x, A 0h c=y, A 5h c=z, B 5h", segment_from="any", window="9h") == {"x", "y"}


def test_with_any_a_crossed_breakdown_has_the_pairs_that_one_row_has() -> None:
    found = go("A, B", "A 0h c=x d=p, B 1h c=y d=q", breakdowns=(("c", "d"),), segment_from="any")
    assert found.segments["c", "d"] == {("x", "p"), ("y", "q")}


# --- order ------------------------------------------------------------------------------------------------------


def test_strict_allows_no_row_outside_the_journey_at_a_time_strictly_between() -> None:
    assert times("A, B", "A 0h, Z 1h, B 2h", order="strict") == (0, None)
    assert times("A, B", "A 0h, Z 0h, Z 2h, B 2h", order="strict") == (0, 2)
    assert times("A, B", "A 0h, A 1h, B 2h", order="strict") == (1, 2)
    assert times("A, B", "A 0h, Z 1h, B 2h, A 3h, B 4h", order="strict") == (3, 4)
    assert times("A, B", "A 0h, Z 0h, B 0h", order="strict", ties="row") == (0, 0)


def test_any_takes_the_stages_in_any_order_deepest_then_earliest_last_row() -> None:
    assert times("A, B, C", "C 0h, B 1h, A 2h", order="any") == (0, 1, 2)
    assert times("A, B, C", "C 0h, C 1h, A 2h", order="any") == (0, 2, None)
    assert times("A, A|B", "B 0h, B 1h", order="any") == (0, None)
    assert times("A, A|B", "A 0h, A 1h", order="any") == (0, 1)


def test_any_counts_the_window_from_the_earliest_row_which_must_lie_in_the_range() -> None:
    assert times("A, B", "B 0h, A 3h, B 4h", order="any", window="2h") == (3, 4)
    assert times("A, B", "B 0h, A 1h", order="any", since=1) == (1, None)
    assert times("A, B", "B 0h, A 1h, B 2h", order="any", since=1) == (1, 2)


def test_any_with_ties_strict_means_distinct_times() -> None:
    assert times("A, B", "B 0h, A 0h", order="any") == (0, 0)
    assert times("A, B", "B 0h, A 0h", order="any", ties="strict") == (0, None)


# --- within and after ------------------------------------------------------------------------------------------


def test_within_and_after_limit_the_step_from_the_required_stage_before_and_their_limits_count() -> None:
    rows = "A 0h, B 3h"
    assert times("A, B", rows, {"s2": {"within": "3h"}}) == (0, 3)
    assert times("A, B", rows, {"s2": {"within": "2h"}}) == (0, None)
    assert times("A, B", rows, {"s2": {"after": "3h"}}) == (0, 3)
    assert times("A, B", rows, {"s2": {"after": "4h"}}) == (0, None)


def test_within_makes_a_later_middle_row_count() -> None:
    assert times("A, B, C", "A 0h, B 1h, B 4h, C 5h", {"s3": {"within": "2h"}}) == (0, 4, 5)
    assert times("A, B, C", "A 0h, A 3h, B 4h, C 5h", {"s2": {"within": "2h"}}) == (3, 4, 5)


# --- optional stages -------------------------------------------------------------------------------------------

OPTIONAL = {"s2": {"optional": True}}


def test_an_optional_stage_is_no_part_of_the_chain() -> None:
    assert go("A, B, C", "A 0h, C 2h", OPTIONAL) == Result((0, None, 2), 2, "converted")
    assert times("A, B, C", "A 0h, B 1h, C 2h", OPTIONAL) == (0, 1, 2)


def test_an_optional_stage_lies_after_the_required_one_before_and_before_the_next() -> None:
    assert times("A, B, C", "B 0h, A 1h, C 2h, B 3h", OPTIONAL) == (1, None, 2)
    assert times("A, B, C", "A 1h, B 3h", OPTIONAL) == (1, 3, None)
    assert times("A, B, C", "A 1h, B 3h", OPTIONAL, window="1h") == (1, None, None)


def test_one_row_serves_one_optional_stage_and_none_of_the_journey() -> None:
    two = {"s2": {"optional": True}, "s3": {"optional": True}}
    assert times("A, B, B, C", "A 0h, B 1h, C 2h", two) == (0, 1, None, 2)
    assert times("A, B, B, C", "A 0h, B 1h, B 2h, C 3h", two) == (0, 1, 2, 3)
    assert times("A, A|B, B", "A 0h, B 1h", OPTIONAL) == (0, None, 1)
    assert times("A, A|B, B", "A 0h, A 1h, B 1h", OPTIONAL) == (0, 1, 1)


def test_optional_stages_follow_ties() -> None:
    assert times("A, B, C", "B 0h, A 0h, C 1h", OPTIONAL) == (0, 0, 1)
    assert times("A, B, C", "B 0h, A 0h, C 1h", OPTIONAL, ties="strict") == (0, None, 1)
    assert times("A, B, C", "B 0h, A 0h, C 1h", OPTIONAL, ties="row") == (0, None, 1)


def test_an_optional_stage_obeys_within_after_and_same_and_no_exclusion() -> None:
    rows = "A 0h c=x, B 2h c=y, C 4h c=x"
    assert times("A, B, C", rows, {"s2": {"optional": True, "within": "1h"}}) == (0, None, 4)
    assert times("A, B, C", rows, {"s2": {"optional": True, "after": "2h"}}) == (0, 2, 4)
    assert times("A, B, C", rows, OPTIONAL, same=["c"]) == (0, None, 4)
    excluded = [{"events": "Z"}]
    assert times("A, B, C", "A 0h, Z 1h, B 2h", OPTIONAL, exclude=excluded) == (0, 2, None)


# --- first -----------------------------------------------------------------------------------------------------


def test_first_match_lets_only_the_first_row_that_completes_the_stage_match() -> None:
    limits = {"s1": {"first": "match", "where": {"c": "x"}}}
    assert times("A, B", "A 0h, A 1h c=x, A 5h c=x, B 6h", limits, window="2h") == (1, None)


def test_first_event_takes_the_first_row_of_the_names_and_looks_at_no_condition() -> None:
    limits = {"s1": {"first": "event", "where": {"c": "x"}}}
    assert times("A, B", "A 0h, A 1h c=x, B 2h", limits) == (None, None)
    assert times("A|D, B", "D 0h, A 1h c=x, B 2h", limits) == (None, None)
    assert times("A, B", "A 0h c=x, A 1h c=x, B 2h", limits) == (0, 2)


def test_first_means_ever_before_any_range_but_after_where() -> None:
    limits = {"s1": {"first": "match"}}
    assert times("A, B", "A 0h, A 2h, B 3h", limits, since=1) == (None, None)
    assert times("A, B", "A 0h, A 2h, B 3h", limits, since=1, range="all") == (None, None)
    assert times("A, B", "A 0h c=n, A 2h c=x, B 3h c=x", limits, where={"c": "x"}) == (2, 3)


def test_of_several_first_rows_at_that_instant_any_may_match_or_with_ties_row_the_first() -> None:
    limits = {"s1": {"first": "event", "where": {"c": "x"}}}
    assert times("A, B", "A 0h, A 0h c=x, B 1h", limits) == (0, 1)
    assert times("A, B", "A 0h, A 0h c=x, B 1h", limits, ties="row") == (None, None)


# --- exclude ---------------------------------------------------------------------------------------------------


def stop(**more: Any) -> list[dict[str, Any]]:
    return [{"events": "Z", **more}]


def test_an_excluded_row_strictly_between_spoils_the_journey_which_keeps_its_clean_part() -> None:
    assert times("A, B, C", "A 0h, B 1h, Z 2h, C 3h", exclude=stop()) == (0, 1, None)
    assert times("A, B", "A 0h, Z 0h, Z 1h, B 1h", exclude=stop()) == (0, 1)
    assert go("A, B", "A 0h, Z 1h, B 2h", exclude=stop()).status == "dropped"


def test_an_exclusion_between_two_stages_holds_only_there() -> None:
    between = stop(between=["s2", "s3"])
    assert times("A, B, C", "A 0h, Z 1h, B 2h, C 3h", exclude=between) == (0, 2, 3)
    assert times("A, B, C", "A 0h, B 1h, Z 2h, C 3h", exclude=between) == (0, 1, None)


def test_a_journey_that_stops_between_is_spoiled_only_before_its_last_row() -> None:
    assert times("A, B, C", "A 0h, Z 1h, B 2h", exclude=stop()) == (0, None, None)
    assert times("A, B, C", "A 0h, B 1h, Z 2h", exclude=stop()) == (0, 1, None)


def test_another_entry_may_give_a_clean_journey() -> None:
    assert times("A, B", "A 0h, Z 1h, A 2h, B 3h", exclude=stop()) == (2, 3)


def test_an_exclusion_has_conditions() -> None:
    assert times("A, B", "A 0h, Z 1h c=n, B 2h", exclude=stop(where={"c": "x"})) == (0, 2)


def test_remove_takes_the_unit_out_if_its_deepest_journey_is_deeper_without_the_exclusion() -> None:
    gone = stop(effect="remove")
    assert go("A, B", "A 0h, Z 1h, B 2h", exclude=gone) == Result((0, 2), 2, "excluded")
    assert go("A, B", "A 0h, Z 1h, A 2h, B 3h", exclude=gone).status == "converted"
    assert go("A, B", "A 0h, B 1h, Z 2h", exclude=gone).status == "converted"


def test_with_remove_a_journey_that_stops_between_is_also_spoiled_after_its_last_row() -> None:
    gone = stop(effect="remove")
    assert go("A, B", "A 0h, Z 1h", exclude=gone).status == "excluded"
    assert go("A, B", "A 0h, Z 2h", exclude=gone, window="2h").status == "excluded"
    assert go("A, B", "A 0h, Z 3h", exclude=gone, window="2h").status == "dropped"
    between = stop(effect="remove", between=["s2", "s3"])
    assert go("A, B, C", "A 0h, Z 1h", exclude=between).status == "dropped"


def test_several_remove_exclusions_are_left_out_together_while_stop_stays_in_force() -> None:
    both = [{"events": "Y", "effect": "remove"}, {"events": "Z", "effect": "remove"}]
    assert go("A, B", "A 0h, Y 1h, Z 1h, B 2h", exclude=both).status == "excluded"
    mixed = [{"events": "Y", "effect": "stop"}, {"events": "Z", "effect": "remove", "between": ["s2", "s3"]}]
    assert go("A, B, C", "A 0h, Y 1h, B 2h, Z 3h, C 4h", exclude=mixed) == Result((0, None, None), 1, "dropped")


# --- start: open -----------------------------------------------------------------------------------------------


def test_an_open_funnel_is_entered_at_any_stage_and_counts_pairs() -> None:
    found = go("A, B, C", "B 0h, A 1h, C 2h", start="open")
    assert found.times == (1, 0, 2)
    assert found.continued == (False, False, True)
    assert (found.depth, found.status) == (3, "converted")


def test_an_open_pair_lies_inside_the_window_and_its_first_row_in_the_range() -> None:
    assert go("A, B", "A 0h, B 3h", start="open", window="2h").continued == (False, False)
    assert go("A, B", "A 0h, B 3h", start="open", since=1).continued == (False, False)
    assert go("A, B", "A 1h, B 3h, B 5h", start="open", until=4).continued == (False, True)
    assert go("A, B", "B 0h, A 1h, B 5h", start="open", until=4).continued == (False, True)
    assert go("A, B", "A 1h, B 5h", start="open", until=4) == Result((1, None), 1, "dropped", {}, (False, False))


def test_a_unit_of_an_open_funnel_is_open_while_its_entry_and_window_outlast_the_data() -> None:
    assert go("A, B, C", "B 0h, A 1h", start="open", window="5h", end=4).status == "open"
    assert go("A, B, C", "B 0h, A 1h", start="open", window="5h", end=5).status == "dropped"


def test_the_segment_of_an_open_funnel_is_that_of_its_earliest_completion() -> None:
    assert segment("A, B", "B 0h c=x, A 1h c=y", start="open") == {"x"}
    assert segment("A, B", "B 0h c=x, A 1h c=y", start="open", segment_from="last") == {"y"}
    assert segment("A, B", "B 0h c=x, A 1h c=y", start="open", segment_from="s1") == {"y"}


# --- count: attempts -------------------------------------------------------------------------------------------


def attempts(stages: str, rows: str, limits: dict[str, dict[str, Any]] | None = None, **keys: Any) -> list[Any]:
    return [found.times for found in every(stages, rows, limits, count="attempts", **keys)]


def test_an_attempt_ends_when_it_converts_and_the_next_entry_opens_another() -> None:
    assert attempts("A, B", "A 0h, B 1h, A 2h, B 3h") == [(0, 1), (2, 3)]
    assert attempts("A, B", "A 0h, A 1h, B 2h, B 3h") == [(0, 2)]


def test_an_attempt_ends_when_its_window_is_over() -> None:
    assert attempts("A, B", "A 0h, A 1h, A 3h, B 4h", window="2h") == [(0, None), (3, 4)]
    assert attempts("A, B", "A 0h, A 2h, B 3h", window="2h") == [(0, None), (2, 3)]
    assert attempts("A, B", "A 0h, A 2h, B 4h") == [(0, 4)]


def test_an_attempt_ends_at_the_first_excluded_row_while_it_stands_between_the_two_stages() -> None:
    assert attempts("A, B", "A 0h, Z 1h, A 2h, B 3h", exclude=stop()) == [(0, None), (2, 3)]
    assert attempts("A, B, C", "A 0h, B 1h, Z 2h, A 3h, C 4h", exclude=stop()) == [(0, 1, None), (3, None, None)]
    between = stop(between=["s2", "s3"])
    assert attempts("A, B, C", "A 0h, Z 1h, A 2h, B 3h, C 4h", exclude=between) == [(0, 3, 4)]
    assert attempts("A, B, C", "A 0h, Z 1h, A 2h", exclude=between) == [(0, None, None)]


def test_the_excluded_row_is_later_than_the_first_of_the_two_stages_and_not_earlier_than_the_last_row() -> None:
    assert attempts("A, B", "A 0h, Z 0h, A 1h", exclude=stop()) == [(0, None)]
    assert attempts("A, B, C", "A 0h, B 1h, Z 1h, A 2h, C 3h", exclude=stop()) == [(0, 1, None), (2, None, None)]


def test_a_stage_1_row_of_the_instant_at_which_an_attempt_ended_may_open_the_next() -> None:
    assert attempts("A, B", "A 0h, A 1h, B 1h, B 2h") == [(0, 1), (1, 2)]
    assert attempts("A, B", "A 0h, A 1h, B 1h, B 2h", ties="strict") == [(0, 1)]
    assert attempts("A, A", "A 0h, A 1h, A 2h") == [(0, 1), (2, None)]


def test_of_rows_with_the_same_times_an_attempt_uses_those_that_match_fewest_stages() -> None:
    assert attempts("A|B, B|C, B", "A 0h, B 1h, C 1h, B 2h, C 3h, B 4h, B 5h") == [
        (0, 1, 1),
        (2, 3, 4),
        (5, None, None),
    ]
    assert attempts("A, A|B", "A 0h, A 1h, B 1h, B 2h") == [(0, 1), (1, 2)]


def test_each_attempt_has_a_status_of_its_own() -> None:
    found = every("A, B", "A 0h, B 1h, A 4h", count="attempts", window="3h", end=5)
    assert [one.status for one in found] == ["converted", "open"]


def test_an_optional_row_may_serve_two_attempts() -> None:
    rows = "A 0h, C 1h, A 1h, B 1h, C 2h"
    assert attempts("A, B, C", rows, OPTIONAL) == [(0, 1, 1), (1, 1, 2)]


# --- same and session ------------------------------------------------------------------------------------------


def test_with_same_all_rows_of_a_journey_agree_and_null_agrees_with_nothing() -> None:
    assert times("A, B", "A 0h c=x, B 1h c=y, B 2h c=x", same=["c"]) == (0, 2)
    assert times("A, B", "A 0h, B 1h", same=["c"]) == (0, None)
    assert times("A, B", "A 0h c=x, B 1h", same=["c"]) == (0, None)
    assert times("A, B", "A 0h c=x d=p, B 1h c=x d=q", same=["c", "d"]) == (0, None)
    assert times("A, B", "A 0h c=x, A 1h c=y, B 2h c=y", same=["c"]) == (1, 2)


def test_a_session_ends_with_a_silence_longer_than_it_between_any_two_rows() -> None:
    assert [one.times for one in every("A, B", "A 0h, B 2h", session="2h")] == [(0, 2)]
    assert [one.times for one in every("A, B", "A 0h, B 2h", session="119m")] == [(0, None)]
    assert [one.times for one in every("A, B", "A 0h, Z 1h, B 2h, A 4h", session="1h")] == [(0, 2), (4, None)]


def test_with_session_first_is_the_first_of_the_unit_without_its_session() -> None:
    found = every("A, B", "A 0h, A 5h, B 5h", {"s1": {"first": "match"}}, session="1h")
    assert [one.times for one in found] == [(0, None)]
