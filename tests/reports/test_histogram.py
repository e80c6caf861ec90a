"""The bins of histograms: human edges that cover all durations."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from funnelcli.reports import histogram
from tests import worlds
from tests.reports.timed import DAY, MINUTE, simulated, told
from tests.worlds import HOUR


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [
        (0, 0, [0, 1000]),
        (5 * MINUTE, 7 * DAY, [5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
                               *(HOUR * hours for hours in (1, 2, 3, 6, 12, 24, 48, 72, 168))]),
        (MINUTE, 8 * MINUTE, [MINUTE * minutes for minutes in range(1, 9)]),
        (8 * HOUR, 20 * HOUR, [HOUR * hours for hours in range(8, 21)]),
        (HOUR, HOUR, [HOUR, HOUR + MINUTE]),
        (51 * HOUR, 51 * HOUR + 5, [51 * HOUR, 52 * HOUR]),
    ],
)  # fmt: skip
def test_bins_begin_and_end_where_people_would_put_them(least: int, most: int, expected: list[int]) -> None:
    assert histogram.edges(least, most, 13) == expected


@pytest.mark.parametrize("bins", [1, 2, 5, 12, 40])
def test_bins_cover_all_durations_and_are_never_more_than_asked_for(bins: int) -> None:
    draw = random.Random(bins)
    for _ in range(300):
        took = [int(10 ** draw.uniform(0, draw.uniform(1, 15))) for _ in range(draw.randint(1, 30))]
        edges = histogram.edges(min(took), max(took), bins)
        counts = [sum(low <= one < high for one in took) for low, high in pairwise(edges)]
        edges = histogram.joined(edges, counts, bins)
        assert edges == sorted(set(edges))
        assert 1 <= len(edges) - 1 <= bins
        assert edges[0] <= min(took)
        assert max(took) <= edges[-1]


def test_the_option_bins_says_how_many_at_most() -> None:
    for bins in (1, 3, 30):
        overall = told(simulated(500, 0.8), worlds.funnel("A,B"), bins=bins)["overall"]
        assert len(overall["histogram"]) <= bins
        assert sum(each["count"] for each in overall["histogram"]) == overall["count"]


def test_the_bins_of_segments_are_those_of_the_whole() -> None:
    packed = simulated(300, 0.5, channel="x") + simulated(30, 0.5, channel="y", mean=0.1)
    record = told(packed, worlds.funnel("A,B", breakdowns=(("channel",),)))
    edges = [(each["low"], each["high"]) for each in record["overall"]["histogram"]]
    for part in record["segments"]:
        assert [(each["low"], each["high"]) for each in part["overall"]["histogram"]] == edges
