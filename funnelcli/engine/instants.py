"""Instants: the rows of a unit at one time, and what stages they can fill together. What `order: strict` walks over.

One piece of work per distinct pattern of an instant, whatever the number of units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from funnelcli.engine.places import INSTANT, fills, masks, may_enter, together

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.engine.limits import Limits


def instants(rows: pl.DataFrame, funnel: Funnel, limits: Limits) -> pl.DataFrame:
    """The instants at which a unit matches a required stage, sorted by unit and time.

    (unit, owner, time, follows, pattern: Enum, reach_0 …, all_0 …: UInt8). `rows` are all rows of the owners.
    `follows`: the owner has no instant between this one and the unit's one before. `pattern` is the `chain` values
    of the rows here. From <done> stages on they reach stage `reach_<done>`, and `all_<done>` of them, if that is
    every row of the owner here, are just the next stages; 0 where they are not.
    """
    within = ["row"] if funnel.ties == "row" else []
    split = ["unit"] if funnel.same else []
    every = may_enter(rows, funnel).select("owner", "time", "chain", *split, *within)
    if funnel.ties != "row" and every["time"].is_sorted():
        every = every.sort("owner", maintain_order=True)
    else:
        every = every.sort("owner", "time", *within)
    new = ((pl.col("owner") != pl.col("owner").shift()) | (pl.col("time") != pl.col("time").shift())).fill_null(True)
    every = every.with_columns(new=new).with_columns(
        instant=pl.col("new").cum_sum(), alone=pl.col("new") & pl.col("new").shift(-1, fill_value=True)
    )
    matching = every.filter(pl.col("chain") != 0)
    if not funnel.same:
        matching = matching.with_columns(unit="owner")
    alone = matching.filter("alone").select(*_COLUMNS, pattern="chain", crowded=pl.lit(False))
    found, patterns = _shared(every.filter(~pl.col("alone")), matching.filter(~pl.col("alone")), funnel, limits)
    single = alone["pattern"].unique().sort()
    names = [str(mask) for mask in single]
    patterns = [*names, *(pattern for pattern in patterns if pattern not in set(names))]
    kind = pl.Enum(patterns)
    alone = alone.with_columns(pattern=pl.Series(names, dtype=kind).gather(single.search_sorted(alone["pattern"])))
    found = pl.concat([alone, found.with_columns(pl.col("pattern").cast(kind))]).sort(INSTANT)
    follows = (pl.col("unit") == pl.col("unit").shift()) & (pl.col("instant") == pl.col("instant").shift() + 1)
    codes = found["pattern"].to_physical()
    able = [column.gather(codes) for column in _table(patterns, limits, funnel.ties)]
    return (
        found.with_columns(able)
        .with_columns(
            follows.fill_null(False).alias("follows"),
            *(
                pl.when("crowded").then(pl.lit(0, pl.UInt8)).otherwise(f"all_{done}").alias(f"all_{done}")
                for done in range(len(limits.within))
            ),
        )
        .drop("instant", "crowded")
    )


_COLUMNS = ["unit", "owner", "time", "instant"]


def _shared(
    every: pl.DataFrame, matching: pl.DataFrame, funnel: Funnel, limits: Limits
) -> tuple[pl.DataFrame, list[str]]:
    """The instants of several rows (unit, owner, time, instant, pattern: String, crowded), and their distinct
    patterns.

    `crowded`: there are other rows of the owner too, or more of the unit than there are stages.
    """
    most = len(limits.within) + 1
    sizes = every.group_by("instant").agg(size=pl.len())
    if funnel.ties == "row":
        patterns = matching.sort("instant", "row").group_by(_COLUMNS, maintain_order=True).agg("chain", rows=pl.len())
    else:  # more rows alike than stages change nothing
        patterns = (
            matching.group_by(*_COLUMNS, "chain")
            .agg(rows=pl.len())
            .with_columns(copies=pl.col("rows").clip(upper_bound=most))
            .group_by(_COLUMNS)
            .agg(pl.col("chain").repeat_by("copies").explode().sort(), pl.col("rows").sum())
        )
    found = patterns.join(sizes, on="instant").select(
        *_COLUMNS,
        pattern=pl.col("chain").cast(pl.List(pl.String)).list.join(","),
        crowded=(pl.col("size") > pl.col("rows")) | (pl.col("rows") >= most),
    )
    return found, found["pattern"].unique().sort().to_list()


def _table(patterns: list[str], limits: Limits, ties: str) -> list[pl.Series]:
    """What the rows of each pattern can do: reach_0 …, all_0 … (UInt8), a line per pattern."""
    stages = range(len(limits.within))
    reaches = [[reach(masks(pattern), done, limits, ties) for pattern in patterns] for done in stages]
    wholes = [[_whole(masks(pattern), done, limits, ties) for pattern in patterns] for done in stages]
    columns = {f"reach_{done}": able for done, able in enumerate(reaches)}
    columns |= {f"all_{done}": able for done, able in enumerate(wholes)}
    return [pl.Series(name, able, dtype=pl.UInt8) for name, able in columns.items()]


def _whole(masks: list[int], done: int, limits: Limits, ties: str) -> int:
    """How many rows there are, if all of them together are just the next stages; else 0."""
    fits = len(masks) <= len(limits.within) - done and _all(masks, done, limits, ties)
    return len(masks) if fits else 0


def ending(found: pl.DataFrame, stages: int) -> pl.DataFrame:
    """`found` (pattern, depth, may_<done>, …), the last instants of journeys, with `may_<done>` kept only where the
    last row is then the earliest.

    For `ties: row`, where the rows of an instant have an order.
    """
    found = found.with_columns(pl.col("pattern").cast(pl.String))
    kinds = found.select("pattern", "depth").unique()
    for done in range(stages):
        lines = [
            (pattern, depth, picked(masks(pattern), done, depth, latest=False)[-1:])
            for pattern, depth in kinds.iter_rows()
            if done < depth
        ]
        schema: dict[str, type[pl.DataType] | pl.DataType] = {
            "pattern": pl.String,
            "depth": pl.Int64,
            f"end_{done}": pl.List(pl.Int64),
        }
        found = found.join(
            pl.DataFrame(lines, schema=schema, orient="row"), on=["pattern", "depth"], how="left", maintain_order="left"
        )
    ends = [pl.when(f"may_{done}").then(pl.col(f"end_{done}").list.first()) for done in range(stages)]
    earliest = pl.min_horizontal(ends)
    return found.with_columns(
        (end == earliest).fill_null(False).alias(f"may_{done}") for done, end in enumerate(ends)
    ).drop(f"end_{done}" for done in range(stages))


def starting(patterns: pl.Series, stages: int) -> pl.DataFrame:
    """Per pattern the latest row that can be the first of so many stages (pattern, start_1 …: Int64, null for
    none). For `ties: row`.
    """
    lines = []
    for pattern in patterns.unique():
        found = [picked(masks(pattern), 0, last, latest=True, ends=False) for last in range(1, stages + 1)]
        lines.append((pattern, *(rows[0] if rows else None for rows in found)))
    names = [f"start_{last}" for last in range(1, stages + 1)]
    return pl.DataFrame(lines, schema={"pattern": pl.String, **dict.fromkeys(names, pl.Int64)}, orient="row")


def reach(masks: list[int], done: int, limits: Limits, ties: str) -> int:
    """The last stage, from 1, that the rows of an instant can fill after `done` stages; 0 where they cannot fill
    the next.
    """
    return max(
        (last for last in range(done + 1, len(limits.within) + 1) if _fill(masks, done, last, limits, ties)), default=0
    )


def _all(masks: list[int], done: int, limits: Limits, ties: str) -> bool:
    """Whether all rows together are just the next stages."""
    if ties == "row":
        joined = all(limits.after[stage] == 0 for stage in range(done + 1, done + len(masks)))
        return joined and all(mask >> stage & 1 for stage, mask in enumerate(masks, start=done))
    return _fill(masks, done, done + len(masks), limits, ties)


def _fill(masks: list[int], done: int, last: int, limits: Limits, ties: str) -> bool:
    """Whether different rows fill the stages done + 1 … last at one instant."""
    if any(limits.after[stage] for stage in range(done + 1, last)) or (ties == "strict" and last > done + 1):
        return False
    if ties == "row":
        return bool(picked(masks, done, last, latest=False))
    return fills(masks, range(done, last))


def picked(masks: list[int], done: int, last: int, *, latest: bool, ends: bool = True) -> list[int]:
    """Which rows, in their order, fill the stages done + 1 … last; empty where they cannot.

    Where the journey `ends` with them, the earliest last one; then the earliest or latest first one, and so on.

    >>> picked([0b01, 0b01, 0b10, 0b10], 0, 2, latest=True)
    [1, 2]
    """

    def greedy(start: int) -> list[int]:
        rows, at = [], start
        for stage in range(done, last):
            while at < len(masks) and not masks[at] >> stage & 1:
                at += 1
            if at == len(masks):
                return []
            rows.append(at)
            at += 1
        return rows

    best = greedy(0)
    if best and latest:
        starts = reversed(range(len(masks)))
        return next(rows for start in starts if (rows := greedy(start)) and (rows[-1] == best[-1] or not ends))
    return best


def with_rows(journeys: pl.DataFrame, rows: pl.DataFrame, *, latest: bool, stages: int) -> pl.DataFrame:
    """`journeys` with the input's row of each stage, row_1 … (UInt32, null if not reached). `rows` (unit, time,
    chain, row).
    """
    ordered = (
        rows.sort(*INSTANT, "row")
        .group_by(INSTANT, maintain_order=True)
        .agg("row", pattern=pl.col("chain").cast(pl.String))
        .with_columns(pl.col("pattern").list.join(","))
    )
    for number in range(1, stages + 1):
        here = together(journeys.select("unit", "depth", "^stage_.*$"), number).join(ordered, on=INSTANT)
        here = here.with_columns(ends=pl.col("last") + 1 == pl.col("depth"))
        kinds = here.select("pattern", "first", "last", "ends").unique()
        lines = [
            (
                *kind,
                picked(masks(kind[0]), kind[1], kind[2] + 1, latest=latest and kind[1] == 0, ends=kind[3])[
                    number - 1 - kind[1]
                ],
            )
            for kind in kinds.iter_rows()
        ]
        schema = {"pattern": pl.String, "first": pl.Int32, "last": pl.Int32, "ends": pl.Boolean, "index": pl.Int64}
        chosen = here.join(pl.DataFrame(lines, schema=schema, orient="row"), on=["pattern", "first", "last", "ends"])
        step = chosen.select("unit", pl.col("row").list.get(pl.col("index")).alias(f"row_{number}"))
        journeys = journeys.join(step, on="unit", how="left", maintain_order="left")
    return journeys
