"""Conditions: a log read with `where` on the whole and on a stage gives the journeys of the definition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from funnelcli.engine import journeys
from funnelcli.events import load
from tests import worlds
from tests.engine.agreement import assert_equal
from tests.worlds import HOUR

if TYPE_CHECKING:
    from pathlib import Path

WHERES: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({}, {"channel": "x"}),
    ({"channel": {"is_null": False}}, {"device": {"ne": "p"}}),
    ({"device": ["p", "q"]}, {"channel": {"not_in": ["x"]}}),
    ({"channel": {"ge": "x"}, "device": {"matches": "^[pq]$"}}, {"channel": {"lt": "y"}}),
    ({"device": {"is_null": True}}, {"channel": {"contains": "y"}}),
)


@pytest.mark.parametrize(("whole", "second"), WHERES)
def test_conditions_on_the_log_and_on_a_stage_are_those_of_the_definition(
    tmp_path: Path, whole: dict[str, Any], second: dict[str, Any]
) -> None:
    packed = worlds.worlds(4, ordered=True)
    path = tmp_path / "worlds.csv"
    worlds.table(packed).write_csv(path)
    for ties in ("stage", "strict", "row"):
        wanted = worlds.funnel("A|B, B|C, A", ties=ties, window=1 * HOUR, breakdowns=(("channel",), ("device",)))
        wanted["where"] = whole
        wanted["stages"][1]["where"] = second
        config = worlds.config(wanted, logs=(str(path),))
        events = load(config, units=True)
        assert events.units is not None
        units = {unit: int(user) for unit, user in events.units.iter_rows()}
        assert_equal(journeys(events, config), packed, wanted, units.__getitem__)
