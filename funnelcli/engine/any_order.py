"""Journeys of `order: any`: different rows that complete different stages, all inside the window from the earliest
of them.

From each instant on, rows are taken as they come, and one that adds a stage to what the rows before it can complete
is kept. This gives the most stages, and each of them at its earliest (the rows whose stages can all differ are the
independent sets of a matroid, for which taking greedily is best: Edmonds and Fulkerson 1965). Whether a row adds a
stage depends only on the `chain` values kept so far; it is worked out once per distinct collection of them, and all
instants take their next row in one step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import micros
from funnelcli.engine.limits import excluded
from funnelcli.engine.places import INSTANT, fills

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel

ALWAYS = 2**62
"""A time after all others."""


@dataclass(frozen=True)
class Elements:
    """What can be taken, in the order of time: rows, or with `ties: strict` one of each instant's.

    `frame` (unit, time, kind: UInt32, with `ties: row` row), whose line numbers are the elements' positions.
    `kinds` are the `chain` values by kind, and `nexts` per kind the position of the next element of that kind, this
    one included, with a null after the last line.
    """

    frame: pl.DataFrame
    kinds: list[int]
    nexts: list[pl.Series]


def journeys(rows: pl.DataFrame, funnel: Funnel) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The journeys of the units that entered, and of those that an exclusion takes out (unit, depth, stage_1 …,
    with `ties: row` row_1 …).

    stage_k is the time (Int64 UTC µs) at which the journey had k stages.
    """
    elements = _elements(rows, funnel)
    starts = _starts(elements, rows, funnel)
    stops = [number for number, exclusion in enumerate(funnel.exclude) if exclusion.effect == "stop"]
    removes = [number for number, exclusion in enumerate(funnel.exclude) if exclusion.effect == "remove"]
    limited = _limited(starts, rows, funnel, stops)
    best = _best(_grown(limited, elements, funnel), elements, funnel)
    if not removes:
        return best, best.head(0)
    clean = _clean(limited, elements, rows, funnel, removes)
    owners = rows.select("unit", "owner").unique()
    deepest = best.join(owners, on="unit").group_by("owner").agg(deepest=pl.col("depth").max())
    clean = clean.join(owners, on="unit").join(deepest, on="owner").filter(pl.col("depth") == pl.col("deepest"))
    if stops:  # who is taken out is shown without any exclusion
        best = _best(_grown(_limited(starts, rows, funnel, []), elements, funnel), elements, funnel)
    gone = best.join(owners, on="unit").join(clean, on="owner", how="anti")
    return _best(clean, elements, funnel), gone.select(best.columns)


def _elements(rows: pl.DataFrame, funnel: Funnel) -> Elements:
    rows = rows.filter(pl.col("chain") != 0)
    if funnel.ties == "strict":
        rows = rows.group_by(INSTANT).agg(pl.col("chain").bitwise_or())
    within = "row" if funnel.ties == "row" else "chain"
    frame = rows.select(*INSTANT, "chain", *(["row"] if funnel.ties == "row" else [])).sort(*INSTANT, within).rechunk()
    kinds = sorted(frame["chain"].unique())
    numbers = pl.DataFrame({"chain": kinds, "kind": range(len(kinds))}, schema={"chain": pl.UInt64, "kind": pl.UInt32})
    frame = frame.with_columns(
        kind=pl.col("chain").replace_strict(numbers["chain"], numbers["kind"], return_dtype=pl.UInt32)
    ).drop("chain")
    here = pl.int_range(pl.len(), dtype=pl.UInt32)
    nexts = frame.select(
        pl.when(pl.col("kind") == kind).then(here).backward_fill().alias(str(kind)) for kind in range(len(kinds))
    )
    end = pl.Series([None], dtype=pl.UInt32)
    return Elements(frame, kinds, [pl.concat([series, end], rechunk=True) for series in nexts.get_columns()])


def _starts(elements: Elements, rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """The instants, with `ties: row` the rows, at which a unit may enter (start: their first element, unit, entry),
    sorted.
    """
    may = pl.lit(True)
    if funnel.since is not None:
        may &= pl.col("time") >= micros(funnel.since)
    if funnel.until is not None:
        may &= pl.col("time") < micros(funnel.until)
    if funnel.ties != "row":
        new = (pl.col("unit") != pl.col("unit").shift()) | (pl.col("time") != pl.col("time").shift())
        may &= new.fill_null(True)
    starts = elements.frame.with_row_index("start").filter(may).select("start", "unit", entry="time")
    if funnel.entry == "first":
        owners = rows.select("unit", "owner").unique()
        starts = starts.join(owners, on="unit", maintain_order="left")
        starts = starts.filter(pl.col("entry") == pl.col("entry").min().over("owner")).drop("owner")
    return starts


def _limited(starts: pl.DataFrame, rows: pl.DataFrame, funnel: Funnel, exclusions: list[int]) -> pl.DataFrame:
    """`starts` with `limit`, the last time at which a row may be taken: the window's, or that of the first excluded
    row after the entry.
    """
    starts = starts.with_columns(limit=_window_end(funnel))
    for number in exclusions:
        starts = _next_excluded(starts, rows, funnel, number)
        starts = starts.with_columns(limit=pl.min_horizontal("limit", "excluded")).drop("excluded")
    return starts


def _window_end(funnel: Funnel) -> pl.Expr:
    return pl.lit(ALWAYS) if funnel.window is None else pl.col("entry") + micros(funnel.window)


def _next_excluded(starts: pl.DataFrame, rows: pl.DataFrame, funnel: Funnel, number: int) -> pl.DataFrame:
    """`starts` with the time of the owner's first excluded row after the entry, null for none."""
    spoilers = excluded(rows, number, funnel).with_columns(excluded="time").rename({"time": "entry"})
    owners = rows.select("unit", "owner").unique()
    return (
        starts.join(owners, on="unit", how="left", maintain_order="left")
        .with_row_index("line")
        .sort("owner", "entry")
        .join_asof(
            spoilers, on="entry", by="owner", strategy="forward", allow_exact_matches=False, check_sortedness=False
        )
        .sort("line")
        .drop("owner", "line")
    )


def _grown(starts: pl.DataFrame, elements: Elements, funnel: Funnel, kept: int | None = None) -> pl.DataFrame:
    """`starts` with the journey from each (…, depth, at_1 …: the positions of its elements), nothing taken after
    `limit`.

    `kept` is the kind of an element that is taken already, outside of the journey; its position is `end`.
    """
    stages = len(funnel.required)
    frame, size = elements.frame, len(elements.kinds)
    states: dict[tuple[int, ...], int] = {() if kept is None else (kept,): 0}
    adds: list[list[bool]] = []
    line = pl.int_range(pl.len(), dtype=pl.UInt32)
    taken = ["end"] if kept is not None else []
    here = starts.select("unit", "limit", *taken, line=line, at="start", state=pl.lit(0, pl.UInt32))
    grown = starts
    for stage in range(1, stages + 1 if size else 1):
        adds += [
            [_adds([elements.kinds[kind] for kind in state], mask) for mask in elements.kinds]
            for state in list(states)[len(adds) :]
        ]
        candidates = pl.DataFrame(
            [nexts.gather(here["at"]).alias(f"next_{kind}") for kind, nexts in enumerate(elements.nexts)]
            + [pl.Series(f"adds_{kind}", [row[kind] for row in adds]).gather(here["state"]) for kind in range(size)]
        )
        if kept is not None:
            another = elements.nexts[kept].gather(here["end"] + 1)
            candidates = candidates.with_columns(
                pl.when(pl.col(f"next_{kept}") == here["end"])
                .then(another)
                .otherwise(f"next_{kept}")
                .alias(f"next_{kept}")
            )
        here = here.with_columns(
            candidates.select(
                at=pl.min_horizontal(pl.when(f"adds_{kind}").then(f"next_{kind}") for kind in range(size))
            )
        )
        here = here.filter(pl.col("at").is_not_null())
        there = frame[here["at"]]
        here = here.with_columns(kind=there["kind"]).filter(
            (there["unit"] == here["unit"]) & (there["time"] <= here["limit"])
        )
        if here.is_empty():
            break
        grown = _scattered(grown, here, f"at_{stage}")
        moves = here.select(move=pl.col("state") * size + pl.col("kind"))["move"]
        known = {}
        for move in moves.unique().sort():
            state = list(states)[move // size]
            known[move] = states.setdefault(tuple(sorted((*state, move % size))), len(states))
        here = here.with_columns(
            state=moves.replace_strict(list(known), list(known.values()), return_dtype=pl.UInt32), at=pl.col("at") + 1
        )
    missing = [f"at_{stage}" for stage in range(1, stages + 1) if f"at_{stage}" not in grown.columns]
    grown = grown.with_columns(pl.lit(None, pl.UInt32).alias(name) for name in missing)
    return grown.with_columns(
        depth=pl.sum_horizontal(pl.col(f"at_{stage}").is_not_null().cast(pl.Int64) for stage in range(1, stages + 1))
    ).filter(pl.col("depth") > 0)


def _scattered(grown: pl.DataFrame, here: pl.DataFrame, name: str) -> pl.DataFrame:
    """`grown` with the positions found, on the lines that found one."""
    if here.height == grown.height:
        return grown.with_columns(here["at"].alias(name))
    empty = pl.Series(name, [None], dtype=pl.UInt32).extend_constant(None, grown.height - 1)
    return grown.with_columns(empty.scatter(here["line"], here["at"]))


def _adds(kept: list[int], mask: int) -> bool:
    """Whether a row's stages and those kept can all be completed by different rows."""
    if mask & (mask - 1) == 0 and all(each & (each - 1) == 0 for each in kept):
        return mask not in kept
    return completes([*kept, mask])


def completes(rows: list[int]) -> bool:
    """Whether rows with these `chain` values can each complete a stage of their own.

    >>> completes([0b01, 0b11]), completes([0b01, 0b01])
    (True, False)
    """
    width = max(rows, default=0).bit_length()
    offered = [sum(1 << number for number, row in enumerate(rows) if row >> stage & 1) for stage in range(width)]
    return fills(offered, range(len(rows)))


def _best(grown: pl.DataFrame, elements: Elements, funnel: Funnel) -> pl.DataFrame:
    """The journey of each unit that counts, as times (unit, depth, stage_1 …, with `ties: row` row_1 …)."""
    stages = range(1, len(funnel.required) + 1)
    most = grown.group_by("unit").agg(pl.col("depth").max())
    deepest = grown.join(most, on=["unit", "depth"], how="semi", maintain_order="left")
    # Positions rise with time; only with `ties: row` do they tell equal times apart.
    where = deepest.select(f"at_{stage}" for stage in stages)
    timed = deepest.with_columns(
        elements.frame["time"].gather(where[f"at_{stage}"]).alias(f"stage_{stage}") for stage in stages
    )
    ranks = [f"{'at' if funnel.ties == 'row' else 'stage'}_{stage}" for stage in stages]
    timed = timed.with_columns(
        last=pl.max_horizontal(ranks),
        entry=-pl.col(ranks[0]).cast(pl.Int64) if funnel.entry == "latest" else pl.col(ranks[0]),
    )
    best = (
        timed.filter(pl.col("last") == pl.col("last").min().over("unit"))
        .sort("unit", "entry", *ranks[1:], nulls_last=True)
        .unique("unit", keep="first", maintain_order=True)
    )
    times = ["unit", "depth", *(f"stage_{stage}" for stage in stages)]
    if funnel.ties != "row":
        return best.select(times)
    return best.select(times).with_columns(
        elements.frame["row"].gather(best[f"at_{stage}"]).alias(f"row_{stage}") for stage in stages
    )


def _clean(
    starts: pl.DataFrame, elements: Elements, rows: pl.DataFrame, funnel: Funnel, removes: list[int]
) -> pl.DataFrame:
    """The journeys that no exclusion of `removes` spoils (unit, depth, at_1 …), perhaps several per unit.

    One that is not complete must have no excluded row after its last, up to the end of its window. So if there is
    one in the window at all, it is the only instant of excluded rows there, and the journey's last row is of that
    instant.
    """
    stages = len(funnel.required)
    columns = ["unit", "depth", *(f"at_{stage}" for stage in range(1, stages + 1))]
    end = _window_end(funnel)
    spoiled = starts.with_columns(only=pl.lit(None, pl.Int64), hopeless=pl.lit(False))
    for number in removes:
        found = _next_excluded(spoiled, rows, funnel, number).rename({"excluded": "spoiler"})
        again = found.select("unit", entry=pl.coalesce("spoiler", pl.lit(ALWAYS)))
        found = found.with_columns(_next_excluded(again, rows, funnel, number)["excluded"].alias("another"))
        inside = (pl.col("spoiler") <= end).fill_null(False)
        clash = (pl.col("another") <= end).fill_null(False) | (pl.col("only") != pl.col("spoiler")).fill_null(False)
        spoiled = found.with_columns(
            hopeless=pl.col("hopeless") | (inside & clash),
            only=pl.when(inside).then(pl.min_horizontal("only", "spoiler")).otherwise("only"),
            limit=pl.min_horizontal("limit", "spoiler"),
        ).drop("spoiler", "another")
    grown = _grown(spoiled, elements, funnel)
    fine = (pl.col("depth") == stages) | pl.col("only").is_null()
    clean = [grown.filter(fine).select(columns)]
    # The rest can only end at the instant of the excluded row: keep one of its rows, and grow the others before it.
    rest = spoiled.filter(pl.col("only").is_not_null() & ~pl.col("hopeless") & (pl.col("only") <= pl.col("limit")))
    for kind in range(len(elements.kinds)):
        there = (
            elements.frame.with_row_index("end")
            .filter(pl.col("kind") == kind)
            .group_by("unit", only="time")
            .agg(pl.col("end").min())
        )
        forced = rest.join(there, on=["unit", "only"], maintain_order="left").filter(pl.col("start") != pl.col("end"))
        found = _grown(forced, elements, funnel, kept=kind)
        found = found.filter(
            (elements.frame["time"].gather(found["at_1"]) == found["entry"]) & (found["depth"] < stages - 1)
        )
        whole = pl.concat_list(*(f"at_{stage}" for stage in range(1, stages + 1)), "end").list.drop_nulls().list.sort()
        clean.append(
            found.with_columns(whole=whole, depth=pl.col("depth") + 1)
            .with_columns(
                pl.col("whole").list.get(stage - 1, null_on_oob=True).alias(f"at_{stage}")
                for stage in range(1, stages + 1)
            )
            .select(columns)
        )
    return pl.concat(clean)
