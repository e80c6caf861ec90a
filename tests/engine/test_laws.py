"""Laws that hold for every funnel and every log, without knowing the answer."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import polars as pl
import pytest

from funnelcli.config.frames import carried
from funnelcli.engine import journeys
from tests import oracle, worlds
from tests.worlds import HOUR

ROOT = Path(__file__).parents[2]
STAGES = ("A,A|B,B", "A|B|C,A,B|C,C")
TIES = ("stage", "strict", "row")
BREAKDOWNS = (("channel",), ("channel", "device"))
CHOICES = list(product(STAGES, TIES, ("earliest", "latest", "first")))


@pytest.fixture(scope="module")
def packed() -> list[worlds.World]:
    return worlds.worlds(3, ordered=True) + worlds.random_worlds(400, 12, instants=6, names="ABC")


def found(packed: list[worlds.World], funnel: oracle.Funnel, shuffle: int | None = None) -> dict[str, pl.DataFrame]:
    """Everything the engine says of the worlds: the journeys and the segments, each sorted."""
    said = journeys(worlds.events(packed, funnel, shuffle=shuffle), worlds.config(funnel))
    ids = said.frame.select("journey", "unit")
    frames = {"journeys": said.frame.drop("journey")} | {
        str(breakdown): frame.join(ids, on="journey").select("unit", pl.all().exclude("unit", "journey"))
        for breakdown, frame in said.segments.items()
    }
    return {name: frame.sort(frame.columns) for name, frame in frames.items()}


@pytest.mark.parametrize(("stages", "ties", "entry"), CHOICES)
def test_a_wider_window_never_lowers_a_depth(stages: str, ties: str, entry: str, packed: list[worlds.World]) -> None:
    before = None
    for window in (1, HOUR, 2 * HOUR, 3 * HOUR, None):
        frame = found(packed, worlds.funnel(stages, ties=ties, entry=entry, window=window))["journeys"]
        if before is not None:
            both = before.join(frame, on="unit", how="full", suffix="_wider")
            assert both.filter((pl.col("depth_wider") >= pl.col("depth")).not_().fill_null(value=True)).is_empty()
        before = frame


@pytest.mark.parametrize(("stages", "ties", "entry"), CHOICES)
def test_a_weaker_rule_for_ties_never_lowers_a_depth(
    stages: str, ties: str, entry: str, packed: list[worlds.World]
) -> None:
    free = found(packed, worlds.funnel(stages, ties="stage", entry=entry, window=HOUR))["journeys"]
    bound = found(packed, worlds.funnel(stages, ties=ties, entry=entry, window=HOUR))["journeys"]
    assert free["unit"].to_list() == bound["unit"].to_list()
    assert (free["depth"] >= bound["depth"]).all()


@pytest.mark.parametrize(("stages", "ties", "entry"), CHOICES)
def test_the_order_of_the_rows_in_the_frame_changes_nothing(
    stages: str, ties: str, entry: str, packed: list[worlds.World]
) -> None:
    funnel = worlds.funnel(stages, ties=ties, entry=entry, window=HOUR, breakdowns=BREAKDOWNS)
    as_written = found(packed, funnel)
    for seed in (1, 2):
        shuffled = found(packed, funnel, shuffle=seed)
        assert all(shuffled[name].equals(frame) for name, frame in as_written.items())


@pytest.mark.parametrize("source", ["entry", "first", "last", "s2"])
@pytest.mark.parametrize("ties", TIES)
def test_segments_add_up_to_the_whole(source: str, ties: str, packed: list[worlds.World]) -> None:
    funnel = worlds.funnel("A,A|B,B", ties=ties, window=HOUR, breakdowns=BREAKDOWNS, segment_from=source)
    frames = found(packed, funnel)
    units = frames["journeys"]["unit"].to_list()
    assert units
    for breakdown in BREAKDOWNS:
        assert frames[str(breakdown)]["unit"].to_list() == units


def test_with_any_a_unit_is_in_each_of_its_segments_once(packed: list[worlds.World]) -> None:
    funnel = worlds.funnel("A,A|B,B", window=HOUR, breakdowns=BREAKDOWNS, segment_from="any")
    frames = found(packed, funnel)
    for breakdown in BREAKDOWNS:
        frame = frames[str(breakdown)]
        assert frame.unique().height == frame.height
        assert frame["unit"].unique().sort().equals(frames["journeys"]["unit"])
    alone, crossed = (frames[str(breakdown)] for breakdown in BREAKDOWNS)
    assert set(alone.drop_nulls().iter_rows()) == set(
        crossed.select("unit", carried("channel")).drop_nulls().iter_rows()
    )


ONE_THREAD = """
import sys
from tests.engine.test_laws import everything
sys.stdout.write(everything())
"""


def everything() -> str:
    """Everything the engine says of the small worlds under a few funnels, as text."""
    packed = worlds.worlds(3, ordered=True) + worlds.random_worlds(300, 10, instants=6, names="ABC")
    texts = []
    for stages, ties in product(STAGES, TIES):
        funnel = worlds.funnel(stages, ties=ties, window=HOUR, breakdowns=BREAKDOWNS, segment_from="any")
        texts += [f"{name}\n{frame.write_csv()}" for name, frame in found(packed, funnel).items()]
    return "".join(texts)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_the_number_of_threads_changes_nothing(threads: str) -> None:
    environment = os.environ | {"POLARS_MAX_THREADS": threads}
    run = subprocess.run(
        [sys.executable, "-c", ONE_THREAD], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout == everything()


def test_nobody_entered_gives_empty_frames_and_not_an_error() -> None:
    funnel = worlds.funnel("A,B", window=HOUR, breakdowns=BREAKDOWNS)
    for packed in ([], worlds.worlds(3, names="BC")):
        frames = found(packed, funnel)
        assert [frame.height for frame in frames.values()] == [0, 0, 0]
