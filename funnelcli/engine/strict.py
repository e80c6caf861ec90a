"""Journeys of `order: strict`: no other row of the unit at a time strictly between the first row and the last.

So a journey fills instants that follow each other without a gap. At its first and its last it may leave rows out;
between them it uses every row. What the rows of an instant can do is worked out once per pattern (see `instants`):
which stages they reach from each stage, and whether all of them are just the next ones. A journey is then a walk
over neighbouring instants. Forwards, each instant knows for each number of stages done the latest times that lead
there, as in `limited`; backwards from the last row, it knows whether that number leads to the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from funnelcli.engine.instants import ending, starting

if TYPE_CHECKING:
    from polars.expr.whenthen import ChainedThen, Then

    from funnelcli.engine.limits import Limits, Span

NEVER = -(2**62)
"""A time before all others: no journey leads here."""


def journeys(instants: pl.DataFrame, limits: Limits, *, latest: bool, ties: str) -> pl.DataFrame:
    """The journey that counts of each unit that entered (unit, depth, stage_1 …, start, end: the indices of its
    first and last instant).

    `instants` (unit, time, follows, barrier_…, reach_0 …, all_0 …, may_enter, may_end), sorted by unit and time;
    see `instants.instants`.
    """
    stages = len(limits.within)
    instants = instants.with_columns(
        reach_0=pl.when("may_enter").then("reach_0").otherwise(0),
        follows=pl.col("follows") & (pl.col("unit") == pl.col("unit").shift()).fill_null(False),
    )
    ends = _ends(_forwards(instants, limits), limits)
    # Where the rows of an instant have an order, the last row comes first, and then the entry, also within an
    # instant.
    ordered = latest and ties == "row"
    if ordered:
        ends = ending(ends, stages)
    # Who is one stage deep ends where it enters; the others need no more instants than they have stages.
    shallow = ends.filter(pl.col("depth") == 1).select("unit", "depth", "end", start="end", done="depth")
    near = _near(ends.filter(pl.col("depth") > 1), instants, stages)
    if ordered:
        near = near.with_columns(pl.col("pattern").cast(pl.String))
        near = near.join(starting(near["pattern"], stages), on="pattern", maintain_order="left")
    deeper = _entries(_backwards(near, limits), limits, latest=latest, ordered=ordered)
    return _walked(pl.concat([shallow, deeper.select(shallow.columns)]), instants, stages)


def _near(ends: pl.DataFrame, instants: pl.DataFrame, stages: int) -> pl.DataFrame:
    """For each of `ends` its unit's instants that a journey to it can use (index, those of `instants`, those of
    `ends`).
    """
    end = pl.col("end").cast(pl.Int64)
    lines = (
        ends.drop("pattern", "unit")
        .with_columns(end=end, index=pl.int_ranges(pl.max_horizontal(end - stages + 1, pl.lit(0)), end + 1))
        .explode("index")
    )
    near = pl.concat([lines, instants[lines["index"]]], how="horizontal")
    return near.filter(near["unit"] == instants["unit"].gather(near["end"]))


def _anchors(limits: Limits) -> list[int]:
    """The stages, from 1, on whose times later limits depend."""
    return sorted({1} | {span.first + 1 for span in limits.spans})


def _step(done: int, limits: Limits, before: pl.Expr, after: pl.Expr) -> pl.Expr:
    """Whether the step from stage `done` at one time to the next stage at another keeps `within` and `after`."""
    kept = after - before >= limits.after[done]
    within = limits.within[done]
    return kept if within is None else kept & (after - before <= within)


def _guarded(done: int, now: int, limits: Limits) -> list[Span]:
    """The exclusions that guard a stage of done + 1 … now and began at an earlier instant."""
    return [
        span
        for span in limits.spans
        if span.first + 1 <= done and any(span.guards(stage) for stage in range(done, now))
    ]


def _forwards(frame: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """`frame` with `at_<done>_<anchor>`: with so many stages done, all rows of the instant used or it being the
    first, the latest time of the anchor.

    NEVER where no journey leads there. An anchor later than `done` has no column.
    """
    stages = len(limits.within)
    time = pl.col("time")
    for done in range(1, stages):
        anchors = [anchor for anchor in _anchors(limits) if anchor <= done]
        fresh = pl.col("reach_0") >= done
        ways = []
        for before in range(1, done):
            size = done - before
            came = {anchor: pl.col(f"at_{before}_{anchor}").shift() for anchor in anchors if anchor <= before}
            good = (
                pl.col("follows")
                & (pl.col(f"all_{before}") == size)
                & (came[1] > NEVER)
                & _step(before, limits, time.shift(), time)
            )
            if limits.window is not None:
                good &= time - came[1] <= limits.window
            for span in _guarded(before, done, limits):
                good &= (came[span.first + 1] >= pl.col(span.barrier)).fill_null(True)
            ways.append((good, came))
        columns = []
        for anchor in anchors:
            value: Then | ChainedThen = pl.when(fresh).then(time)
            for good, came in ways:
                value = value.when(good).then(came.get(anchor, time))
            columns.append(value.otherwise(NEVER).alias(f"at_{done}_{anchor}"))
        frame = frame.with_columns(columns)
    return frame


def _ends(frame: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """The last instant of each unit's journey (unit, pattern, depth, last: its time, end: its index in the frame,
    may_<done>).

    `may_<done>`: the journey may come to it with so many stages done.
    """
    stages = len(limits.within)
    time = pl.col("time")
    depths = [pl.col("reach_0")]
    for before in range(1, stages):
        came = {anchor: pl.col(f"at_{before}_{anchor}").shift() for anchor in _anchors(limits) if anchor <= before}
        good = pl.col("follows") & (came[1] > NEVER) & _step(before, limits, time.shift(), time)
        if limits.window is not None:
            good &= time - came[1] <= limits.window
        depth = pl.col(f"reach_{before}")
        for span in limits.spans:
            if span.first + 1 <= before < span.last + 1:
                # A barrier in the way of the first guarded stage here stops the journey before it.
                stop = (came[span.first + 1] < pl.col(span.barrier)).fill_null(False)
                depth = pl.when(stop).then(pl.min_horizontal(depth, pl.lit(before))).otherwise(depth)
        depths.append(pl.when(good & (depth > before)).then(depth).otherwise(0))
    frame = frame.with_columns(each.alias(f"reaches_{done}") for done, each in enumerate(depths))
    depth = pl.when("may_end").then(pl.max_horizontal(depths)).otherwise(0).cast(pl.Int64)
    frame = frame.select("unit", "pattern", *(f"reaches_{done}" for done in range(stages)), depth=depth, last="time")
    frame = frame.with_row_index("end").filter(pl.col("depth") > 0)
    most = frame.group_by("unit").agg(pl.col("depth").max())
    frame = frame.join(most, on=["unit", "depth"], how="semi", maintain_order="left")
    return (
        frame.filter((pl.col("unit") != pl.col("unit").shift()).fill_null(True))
        .with_columns((pl.col(f"reaches_{done}") >= pl.col("depth")).alias(f"may_{done}") for done in range(stages))
        .with_columns(pl.col("end").cast(pl.Int64))
        .drop(f"reaches_{done}" for done in range(stages))
    )


def _next(column: str) -> pl.Expr:
    """A column's value at the instant after this one."""
    return pl.col(column).shift(-1)


def _backwards(frame: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """`frame` with `leads_<done>`: with so many stages done here, the next instants lead to the unit's last row.

    And with `bar_<done>_<exclusion>`: the barrier of the last row that the exclusion guards, where it is still to
    come.
    """
    stages = len(limits.within)
    at_end = _next("index") == _next("end")
    follows = _next("follows").fill_null(False)
    for done in reversed(range(1, stages)):
        ways: dict[int, pl.Expr] = {}
        for then in range(done + 1, stages):
            good = ~at_end & (_next(f"all_{done}") == then - done) & _next(f"leads_{then}")
            for span in limits.spans:
                if done < span.first + 1 <= then:
                    good &= (_next("time") >= _next(f"bar_{then}_{span.number}")).fill_null(True)
            ways[then] = good
        ends = at_end & pl.col(f"may_{done}") & (_next(f"reach_{done}") >= pl.col("depth")) & (pl.col("depth") > done)
        leads = follows & _step(done, limits, pl.col("time"), _next("time")) & pl.any_horizontal(ends, *ways.values())
        bars = []
        for span in limits.spans:
            last = pl.min_horizontal(pl.lit(span.last + 1), "depth")
            bar: Then | ChainedThen = pl.when(ends & (last > done) & (last > span.first + 1)).then(_next(span.barrier))
            for then, good in ways.items():
                bar = bar.when(good).then(
                    _next(span.barrier) if done < span.last + 1 <= then else _next(f"bar_{then}_{span.number}")
                )
            bars.append(bar.otherwise(None).alias(f"bar_{done}_{span.number}"))
        frame = frame.with_columns(leads.fill_null(False).alias(f"leads_{done}"), *bars)
    return frame


def _entries(frame: pl.DataFrame, limits: Limits, *, latest: bool, ordered: bool) -> pl.DataFrame:
    """The first instant of each unit's journey (unit, depth, end, start, done: the stages done there).

    With `ordered` rows the one that leaves the latest row as the entry, else the one with most stages.
    """
    at_end = (pl.col("index") == pl.col("end")) & pl.col("may_0") & (pl.col("reach_0") >= pl.col("depth"))
    ways: list[tuple[int, pl.Expr]] = []
    for number in reversed(range(1, len(limits.within))):
        good = pl.col(f"leads_{number}") & (pl.col("reach_0") >= number)
        if limits.window is not None:
            good &= pl.col("last") - pl.col("time") <= limits.window
        for span in limits.spans:
            if span.first + 1 <= number:
                good &= (pl.col("time") >= pl.col(f"bar_{number}_{span.number}")).fill_null(True)
        ways.append((number, good))
    done: Then | ChainedThen = pl.when(at_end).then("depth")
    entry = (
        pl.max_horizontal(pl.when(good).then(f"start_{number}") for number, good in ways) if ordered and ways else None
    )
    for number, good in ways:
        done = done.when(good if entry is None else good & (pl.col(f"start_{number}") == entry)).then(
            pl.lit(number, pl.Int64)
        )
    return (
        frame.select("unit", "depth", "end", start="index", done=done.otherwise(None))
        .filter(pl.col("done").is_not_null())
        .sort("start")
        .unique("unit", keep="last" if latest else "first", maintain_order=True)
    )


def _walked(entries: pl.DataFrame, instants: pl.DataFrame, stages: int) -> pl.DataFrame:
    """The journeys from their entries on, instant by instant (unit, depth, stage_1 …). `start` and `end` are lines
    of `instants`.
    """
    times = [pl.lit(None, pl.Int64).alias(f"stage_{number}") for number in range(1, stages + 1)]
    units = entries.select("unit", "depth", "end", *times, at="start", done="done", before=pl.lit(0, pl.Int64))
    finished = []
    for _ in range(stages):
        here = instants["time"].gather(units["at"])
        units = units.with_columns(
            pl.when((pl.col("before") < number) & (pl.col("done") >= number))
            .then(here)
            .otherwise(f"stage_{number}")
            .alias(f"stage_{number}")
            for number in range(1, stages + 1)
        )
        finished.append(units.filter(pl.col("done") == pl.col("depth")))
        units = units.filter(pl.col("done") != pl.col("depth"))
        if units.is_empty():
            break
        units = units.with_columns(at=pl.col("at") + 1, before="done")
        size = pl.lit(0, pl.Int64)
        for done in range(1, stages):
            whole = instants[f"all_{done}"].gather(units["at"]).cast(pl.Int64)
            size = pl.when(pl.col("done") == done).then(whole).otherwise(size)
        units = units.with_columns(
            done=pl.when(pl.col("at") == pl.col("end")).then("depth").otherwise(pl.col("done") + size)
        )
    return pl.concat(finished).drop("end", "at", "done", "before")
