"""Places: every row at every stage it matches, in one order that settles equal times.

In comes the events' rows, out comes a frame whose row order says it all: a journey is any choice of places of one
unit with rising stages, one after the other, at rising positions. What has to be known: rows of one instant may be
used in any order but each only once, and this is turned into a fixed order here, once, so that nothing after it
thinks of ties.

- `ties: row`: by input. A row that matches several stages has its highest stage first, so it cannot follow itself.
- `ties: strict`: within an instant the highest stage first, so nothing of the instant can follow anything of it.
- `ties: stage`: within an instant the lowest stage first; a row that matches several stages and is alone at its
  instant has its highest first. Where such a row shares its instant, the runs of consecutive stages that different
  rows can fill are worked out once per pattern of the instant (see `runs`), and laid out last run first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import micros

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel

INSTANT = ["unit", "time"]
SEVERAL = (pl.col("chain") & (pl.col("chain") - 1)) != 0
"""Whether a row matches more than one required stage."""


@dataclass(frozen=True)
class Places:
    """Rows at their stages, and what the segments need to find the rows again.

    `frame` (unit, time, stage: UInt32 from 0 among the required ones, position: UInt32), sorted by position;
    positions rise with unit, then time. With `ties: row` also `row`, the row's place in the input. `rows` are those
    that match a required stage, with stage 1 taken from those that may not enter. `patterns` (unit, time, pattern:
    String), the instants at which a row of several stages shares its instant with another; None where there are
    none. A pattern is the sorted `chain` values, joined by commas.
    """

    frame: pl.DataFrame
    rows: pl.DataFrame
    patterns: pl.DataFrame | None

    def at(self, stage: int) -> pl.DataFrame:
        """The places of one stage, from 0 (position, unit, time), sorted by position."""
        return self.frame.filter(pl.col("stage") == stage).select("position", "unit", "time")


def places(rows: pl.DataFrame, funnel: Funnel) -> Places:
    """All places of `rows` (unit, time, chain, row with `ties: row`, …), in the order that a journey follows.

    Bit j of `chain` is set where the row matches the required stage j, from 0.
    """
    stages = len(funnel.required)
    rows = may_enter(rows, funnel).filter(pl.col("chain") != 0)
    shared = None
    if not rows.select(SEVERAL.any()).item():
        places = rows.with_columns(stage=pl.col("chain").bitwise_trailing_zeros())
        rank = pl.col("stage").cast(pl.Int16)
    else:
        rows = rows.with_columns(several=SEVERAL)
        if funnel.ties == "stage":
            shared = patterns(rows, stages)
        alone = rows if shared is None else rows.join(shared, on=INSTANT, how="anti")
        places = pl.concat(
            alone.filter((pl.col("chain") & (1 << stage)) != 0).with_columns(stage=pl.lit(stage, pl.UInt32))
            for stage in range(stages)
        )
        rank = pl.col("stage").cast(pl.Int16) * pl.when("several").then(-1).otherwise(1)
    if funnel.ties != "stage":
        rank = -pl.col("stage").cast(pl.Int16)
    within = ["row"] if funnel.ties == "row" else []
    places = places.select(*INSTANT, "stage", *within, rank=rank)
    if shared is not None:
        places = pl.concat([places, _laid_out(shared, stages).select(places.columns)])
    frame = _sorted(places, [*within, "rank"]).drop("rank").rechunk().with_row_index("position")
    return Places(frame, rows, shared)


def _sorted(places: pl.DataFrame, within: list[str]) -> pl.DataFrame:
    """`places` in the order of unit, time, and at one instant `within`."""
    if not places["time"].is_sorted():
        return places.sort(*INSTANT, *within)
    # A log in the order of time keeps it in a stable sort by unit, and only what shares its instant is left to
    # settle.
    places = places.sort("unit", maintain_order=True)
    same = ((pl.col("unit") == pl.col("unit").shift()) & (pl.col("time") == pl.col("time").shift())).fill_null(False)
    return places.sort(*INSTANT, *within) if places.select(same.any()).item() else places


def may_enter(rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """`rows` with stage 1 taken from those that may not enter: outside the date range, or with `entry: first` too
    late.

    Rows that then match nothing stay.
    """
    enters = (pl.col("chain") & 1) != 0
    may = enters
    if funnel.since is not None:
        may &= pl.col("time") >= micros(funnel.since)
    if funnel.until is not None:
        may &= pl.col("time") < micros(funnel.until)
    if funnel.entry == "first":
        firsts = rows.filter(may).group_by("owner").agg(first=pl.col("time").min())
        rows = rows.join(firsts, on="owner", how="left", maintain_order="left")
        may &= pl.col("time") == pl.col("first")
    elif may is enters:
        return rows
    denied = enters & ~may.fill_null(False)
    chain = pl.when(denied).then(pl.col("chain") - 1).otherwise("chain")
    return rows.with_columns(chain=chain).drop("first", strict=False)


def patterns(rows: pl.DataFrame, stages: int) -> pl.DataFrame | None:
    """The instants that need working out (unit, time, pattern), None if there are none."""
    if not rows.select(SEVERAL.any()).item():
        return None
    shared = (
        rows.group_by(INSTANT)
        .agg(rows=pl.len(), several=SEVERAL.any())
        .filter((pl.col("rows") > 1) & pl.col("several"))
    )
    if shared.is_empty():
        return None
    return (
        rows.join(shared, on=INSTANT, how="semi")
        .group_by(*INSTANT, "chain")
        .agg(copies=pl.len().clip(upper_bound=stages))  # more rows alike than stages change nothing
        .group_by(INSTANT)
        .agg(pl.col("chain").repeat_by("copies").explode().sort().cast(pl.String))
        .select(*INSTANT, pattern=pl.col("chain").list.join(","))
    )


def _laid_out(patterns: pl.DataFrame, stages: int) -> pl.DataFrame:
    """The places of the instants in `patterns` (unit, time, pattern, stage, rank)."""
    table = [
        (pattern, stage, rank)
        for pattern in patterns["pattern"].unique()
        for rank, stage in enumerate(
            stage for first, last in reversed(runs(masks(pattern), stages)) for stage in range(first, last + 1)
        )
    ]
    schema = {"pattern": pl.String, "stage": pl.UInt32, "rank": pl.Int16}
    return patterns.join(pl.DataFrame(table, schema=schema, orient="row"), on="pattern")


def masks(pattern: str) -> list[int]:
    """The `chain` values that a pattern names."""
    return [int(mask) for mask in pattern.split(",")]


def runs(masks: list[int], stages: int) -> list[tuple[int, int]]:
    """The longest runs (first, last) of consecutive stages that rows with these `chain` values can fill, each row
    once.

    Every part of a run is one too, and both ends rise from one to the next. Laid out last run first, stages that
    follow each other at rising positions always lie within one run: a step from a run to one before it begins not
    before that one's first and ends not after its last.

    >>> runs([0b011, 0b011], 3)
    [(0, 1)]
    >>> runs([0b011, 0b110], 3)
    [(0, 1), (1, 2)]
    """
    longest: list[tuple[int, int]] = []
    for first in range(stages):
        filled: dict[int, int] = {}
        last = first
        while last < stages and _fill(last, masks, filled, set()):
            last += 1
        if last > first and (not longest or last - 1 > longest[-1][1]):
            longest.append((first, last - 1))
    return longest


def _fill(stage: int, masks: list[int], filled: dict[int, int], tried: set[int]) -> bool:
    """Whether `stage` finds a row, moving others if need be (Kuhn's augmenting path). `filled` maps a row to its
    stage.
    """
    for row, mask in enumerate(masks):
        if mask >> stage & 1 and row not in tried:
            tried.add(row)
            if row not in filled or _fill(filled[row], masks, filled, tried):
                filled[row] = stage
                return True
    return False


def fills(masks: list[int], stages: Iterable[int]) -> bool:
    """Whether rows with these `chain` values can fill the stages, each row once."""
    filled: dict[int, int] = {}
    return all(_fill(stage, masks, filled, set()) for stage in stages)


def standing(masks: list[int], first: int, last: int, stage: int) -> list[int]:
    """The `chain` values of rows that could stand at `stage` while other rows fill the rest of first … last.

    >>> standing([0b01, 0b11], 0, 1, 0)
    [1]
    """
    able = []
    for mask in sorted(set(masks)):
        if mask >> stage & 1:
            others = list(masks)
            others.remove(mask)
            if fills(others, [other for other in range(first, last + 1) if other != stage]):
                able.append(mask)
    return able


def together(journeys: pl.DataFrame, number: int) -> pl.DataFrame:
    """The journeys that reached stage `number`, from 1, and which of their stages share its instant.

    (…, time, first: Int32, last: Int32), the stages from 0.
    """
    stages = sum(column.startswith("stage_") for column in journeys.columns)
    time = pl.col(f"stage_{number}")
    same = [(index, pl.col(f"stage_{index + 1}") == time) for index in range(stages)]
    return journeys.filter(time.is_not_null()).with_columns(
        time=time,
        first=pl.coalesce(pl.when(here).then(index) for index, here in same),
        last=pl.coalesce(pl.when(here).then(index) for index, here in reversed(same)),
    )
