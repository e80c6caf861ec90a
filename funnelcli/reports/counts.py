"""Counts: what a funnel, or any group of its journeys, comes to, stage by stage; and the segments of a breakdown.

Journeys come in; frozen `Counts` go out, from which every report takes the numbers that it shares with the others.
Counts are kept, rates are derived from them; a rate without a base is None.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl

from funnelcli.config.frames import carried
from funnelcli.errors import Bug
from funnelcli.reports.counting import Line, counted, lines, mean_seconds, rate, seconds
from funnelcli.reports.survival import estimated
from funnelcli.stats import wilson

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.engine import Journeys

OTHER = "(other)"
"""The segment that pools what `top` leaves out."""


@dataclass(frozen=True)
class StageCounts:
    """One stage, or with `order: any` a number of stages. Times and `stage_rate` are from the required stage before.

    The stage-to-stage figures are None for the first; of an optional stage `dropped`, `open` and `drop_off_rate` are.
    With `start: open` those who reached a stage either `continued` from the one before (None for the first) or
    `entered_here`, all times are None, and `stage_rate` is continued ÷ reached before; else both are None.
    """

    stage: str
    position: int
    optional: bool
    reached: int
    conversion_rate: float | None
    conversion_rate_low: float | None
    conversion_rate_high: float | None
    stage_rate: float | None
    stage_rate_low: float | None
    stage_rate_high: float | None
    dropped: int | None
    drop_off_rate: float | None
    open: int | None
    median_seconds: float | None
    mean_seconds: float | None
    p90_seconds: float | None
    continued: int | None
    entered_here: int | None


@dataclass(frozen=True)
class Counts:
    """What a funnel, or one segment of it, comes to; entered = converted + dropped + open.

    `mature_conversion_rate` is over the units whose window is over at the end of the data (without a window over
    all), `estimated_conversion_rate` the Kaplan–Meier estimate at the window (without a window None). Times are
    from entering.
    """

    entered: int
    converted: int
    dropped: int
    open: int
    excluded: int
    conversion_rate: float | None
    mature_conversion_rate: float | None
    estimated_conversion_rate: float | None
    median_seconds_to_convert: float | None
    mean_seconds_to_convert: float | None
    p90_seconds_to_convert: float | None
    stages: tuple[StageCounts, ...]


@dataclass(frozen=True)
class Segment:
    """One segment: its value per column of the breakdown (None where there is none), and its counts.

    `pooled` tells the `(other)` of all that `top` leaves out, `not_reached` those who did not reach the stage that
    segments are read from, each from a segment whose value says so.
    """

    segment: Mapping[str, str | None]
    counts: Counts
    pooled: bool = False
    not_reached: bool = False


def whole(journeys: Journeys, funnel: Funnel) -> Counts:
    """The counts of all journeys.

    Raises:
        Bug: an identity that must hold does not.
    """
    key = pl.lit(True).alias("whole")
    return counts_by(
        journeys.frame.with_columns(key), journeys.excluded.with_columns(key), ["whole"], journeys.end, funnel
    ).get((True,), nobody(funnel))


def nobody(funnel: Funnel) -> Counts:
    """The counts where nobody entered."""
    return _group(defaultdict(int), None, 0, funnel)


def segments(
    journeys: Journeys, breakdown: tuple[str, ...], funnel: Funnel, total: Counts, *, top: int | None = None
) -> list[Segment]:
    """The segments of one breakdown, by entered, then name, which add up to `total`. `top` pools all but that many.

    Raises:
        Bug: an identity that must hold does not, or the segments do not add up to the whole.
    """
    keys = [carried(column) for column in breakdown]
    entered, excluded = members(journeys, breakdown, top=top)
    groups = counts_by(entered, excluded, ["pooled", *keys], journeys.end, funnel)
    order = sorted(groups, key=lambda key: place(groups[key].entered, key))
    parts = [
        Segment(dict(zip(breakdown, key[1:], strict=True)), groups[key], key[0] is True, key[0] is None)
        for key in order
    ]
    if funnel.segment_from != "any":
        assert_adding_up(total, parts, breakdown)
    return parts


def members(
    journeys: Journeys, breakdown: tuple[str, ...], *, top: int | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`frame` and `excluded` of the journeys with their segments: the breakdown's columns, `carried`, and `pooled`.

    Where `pooled` is true the segment is the `(other)` of all that `top` leaves out; where it is null, the unit did not
    reach the stage that segments are read from.
    """
    keys = [carried(column) for column in breakdown]
    found = journeys.segments[breakdown].with_columns(pooled=pl.lit(False))
    if "not_reached" in found.columns:
        found = found.with_columns(pooled=pl.when("not_reached").then(None).otherwise("pooled")).drop("not_reached")
    entered, excluded = (found.join(frame, on="journey") for frame in (journeys.frame, journeys.excluded))
    if top is not None:
        apart = ["pooled", *keys]
        sizes = dict.fromkeys(found.select(apart).unique().rows(), 0) | {
            size[:-1]: size[-1] for size in entered.group_by(apart).len().rows()
        }
        kept = sorted(sizes, key=lambda key: place(sizes[key], key))[:top]
        schema = {"pooled": pl.Boolean} | dict.fromkeys(keys, pl.String)
        table = pl.DataFrame(kept, schema=schema, orient="row").with_columns(kept=True)
        pooled = pl.when(pl.col("kept").is_null()).then(True).otherwise("pooled")
        entered, excluded = (
            frame.join(table, on=apart, how="left", nulls_equal=True).with_columns(pooled=pooled)
            for frame in (entered, excluded)
        )
    entered, excluded = (
        frame.with_columns(
            pl.when("pooled").then(pl.lit(OTHER)).otherwise(pl.col(key)).alias(key) for key in keys
        ).unique(["journey", "pooled", *keys])  # with `any` a unit may have come in more than once
        for frame in (entered, excluded)
    )
    return entered, excluded


def words(values: Mapping[str, str | None]) -> tuple[str, ...]:
    """A segment's values as people see them: `(none)` where there is no value."""
    return named(values.values())


def named(values: Iterable[str | None]) -> tuple[str, ...]:
    """Values as people see them: `(none)` where there is none."""
    return tuple("(none)" if value is None else value for value in values)


def place(entered: int, key: tuple[Any, ...]) -> tuple[object, ...]:
    """What segments are sorted by, of (pooled, values …): what is pooled last; else most entered, then the name; a
    missing value after a value `(none)`, and who did not reach the stage after a value `(not reached)`.
    """
    pooled, *values = key
    return pooled is True, -entered, named(values), tuple(value is None for value in values), pooled is None


def counts_by(
    entered: pl.DataFrame, excluded: pl.DataFrame, keys: list[str], end: int | None, funnel: Funnel
) -> dict[tuple[Any, ...], Counts]:
    """The counts of each group of journeys, also of groups in which everybody is excluded."""
    return counts_with(estimated(entered, keys, funnel, end), entered, excluded, keys, funnel)


def counts_with(
    estimates: Mapping[tuple[Any, ...], float],
    entered: pl.DataFrame,
    excluded: pl.DataFrame,
    keys: list[str],
    funnel: Funnel,
) -> dict[tuple[Any, ...], Counts]:
    """The counts of each group of journeys, of which the Kaplan–Meier estimates are known; a group without one has its
    plain rate.
    """
    rows = counted(entered, keys, funnel)
    taken = {row[:-1]: row[-1] for row in excluded.group_by(keys).len().iter_rows()}
    return {
        key: _group(rows.get(key, defaultdict(int)), estimates.get(key), taken.get(key, 0), funnel)
        for key in rows | taken
    }


def _group(row: Mapping[str, Any], estimate: float | None, excluded: int, funnel: Funnel) -> Counts:
    """One group's counts from its numbers (see `counted`); `estimate` is None where the plain rate is exact."""
    entered, converted = row["entered"], row["converted"]
    conversion_rate = rate(converted, entered)
    timed = converted and funnel.start != "open"
    if funnel.window is None or funnel.start == "open":
        estimate = None
    elif estimate is None:
        estimate = conversion_rate
    mature = conversion_rate if funnel.window is None else rate(row["mature_converted"], row["mature"])
    counts = Counts(
        entered=entered,
        converted=converted,
        dropped=row["dropped"],
        open=row["open"],
        excluded=excluded,
        conversion_rate=conversion_rate,
        mature_conversion_rate=mature,
        estimated_conversion_rate=estimate,
        median_seconds_to_convert=seconds(row["median_convert"]) if timed else None,
        mean_seconds_to_convert=mean_seconds(row["total_convert"], converted) if timed else None,
        p90_seconds_to_convert=seconds(row["p90_convert"]) if timed else None,
        stages=tuple(_stage(row, line, funnel) for line in lines(funnel)),
    )
    _assert_whole(counts, funnel)
    return counts


def _stage(row: Mapping[str, Any], line: Line, funnel: Funnel) -> StageCounts:
    number, entered, reached = line.position, row["entered"], row[f"reached_{line.position}"]
    low, high = wilson(reached, entered)
    before = None if line.before is None else row[f"reached_{line.before}"]
    is_open = funnel.start == "open"
    came = row[f"continued_{number}"] if is_open and before is not None else reached
    stage_low, stage_high = wilson(came, before or 0) if before is not None else (None, None)
    goes_on = before is not None and not line.optional
    timed = reached and before is not None and not is_open
    return StageCounts(
        stage=line.stage,
        position=number,
        optional=line.optional,
        reached=reached,
        conversion_rate=rate(reached, entered),
        conversion_rate_low=low,
        conversion_rate_high=high,
        stage_rate=rate(came, before),
        stage_rate_low=stage_low,
        stage_rate_high=stage_high,
        dropped=row[f"dropped_{number}"] if goes_on else None,
        drop_off_rate=rate(before - came, before) if before is not None and goes_on else None,
        open=row[f"open_{number}"] if goes_on else None,
        median_seconds=seconds(row[f"median_{number}"]) if timed else None,
        mean_seconds=mean_seconds(row[f"total_{number}"], reached) if timed else None,
        p90_seconds=seconds(row[f"p90_{number}"]) if timed else None,
        continued=came if is_open and before is not None else None,
        entered_here=(reached - came if before is not None else reached) if is_open else None,
    )


def _assert_whole(counts: Counts, funnel: Funnel) -> None:
    """Who entered converted, dropped or is open; who reached a required stage reached the next, dropped or is open
    there.

    With `start: open` who reached a stage continued, dropped or is open at the next.
    """
    holds = counts.entered == counts.converted + counts.dropped + counts.open
    required = [stage for stage in counts.stages if not stage.optional]
    for before, stage in pairwise(required):
        came = stage.reached if stage.continued is None else stage.continued
        holds &= before.reached == came + (stage.dropped or 0) + (stage.open or 0)
    if funnel.start != "open":
        holds &= counts.dropped == sum(stage.dropped or 0 for stage in required)
        holds &= counts.open == sum(stage.open or 0 for stage in required)
    if not holds:
        raise Bug(f"entered, converted, dropped and open do not add up: {counts}")


def assert_adding_up(whole: Counts, parts: list[Segment], breakdown: tuple[str, ...]) -> None:
    """The segments of a breakdown add up to the whole, stage by stage, excluded units included."""
    for number, stage in enumerate(whole.stages):
        if sum(part.counts.stages[number].reached for part in parts) != stage.reached:
            raise Bug(f"the segments of {', '.join(breakdown)} do not add up at stage {stage.stage}")
    for count in ("entered", "converted", "dropped", "open", "excluded"):
        if sum(getattr(part.counts, count) for part in parts) != getattr(whole, count):
            raise Bug(f"the segments of {', '.join(breakdown)} do not add up: {count}")
