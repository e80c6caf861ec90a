"""Journeys by period: for each of many periods the journeys that count if only rows inside it may enter.

Where only the window limits a journey in loose order, the journey from every entry is found as if it stood alone, and
of those of a unit in a period the one that counts is chosen. All other funnels follow one idea: a unit in a period is a
unit of its own, whose clock starts at the period's begin. So the rows of every unit that enters in a period are taken
once more for it, up to the end of the window of its last entry there, and periods of the same length are one funnel
with one date range, whatever its order, ties or way of counting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import polars as pl

from funnelcli.config.frames import EPOCH, MICROSECOND, micros
from funnelcli.engine.chained import from_each, simple
from funnelcli.engine.finding import Found, found, judged, told
from funnelcli.engine.limits import limits
from funnelcli.engine.places import places
from funnelcli.engine.prepared import prepared
from funnelcli.engine.segments import in_order

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.engine.shape import Events, Journeys

ROWS = 2_000_000
"""How many rows may be taken once more at a time, about; or half as many as there are."""

Period = tuple[int, int]
"""From here to before there, in UTC µs."""


def by_period(events: Events, funnel: Funnel, periods: Sequence[Period]) -> Journeys:
    """The journeys that count with the date range set to each of `periods`, all together.

    `frame` and `excluded` have one more column, `period` (UInt32, its place in `periods`); a unit that enters in
    several periods has a journey in each. The periods are in their order and do not overlap. The funnel's own date
    range is not looked at.
    """
    if simple(funnel) and funnel.count == "units" and funnel.start == "first" and funnel.ties != "row" and periods:
        return judged(_from_each(events.rows, funnel, periods), funnel, events.end)
    pieces: list[Found] = []
    after = 0
    for chunk in _chunks(events.rows, funnel, periods):
        piece = _piece(events.rows, funnel, [periods[place] for place in chunk], chunk, after)
        numbers = pl.concat([piece.frame["journey"], piece.excluded["journey"]])
        after = after if numbers.is_empty() else int(numbers.max()) + 1  # type: ignore[arg-type]
        pieces.append(piece)
    if not pieces:
        pieces.append(_piece(events.rows.head(0), funnel, [(0, 1)], [0]))
    return judged(_joined(pieces), funnel, events.end)


def entering(events: Events, funnel: Funnel) -> Period | None:
    """The first and the last time, in UTC µs, of the rows that may enter in the funnel's date range; None for none."""
    may = _may_enter(funnel)
    if funnel.since is not None:
        may &= pl.col("time") >= micros(funnel.since)
    if funnel.until is not None:
        may &= pl.col("time") < micros(funnel.until)
    first, last = events.rows.filter(may).select(first=pl.col("time").min(), last=pl.col("time").max()).row(0)
    return None if first is None else (first, last)


def _may_enter(funnel: Funnel) -> pl.Expr:
    """Whether a row could begin a journey: it matches the first stage, or any where units may begin anywhere."""
    anywhere = funnel.order == "any" or funnel.start == "open"
    bits = sum(1 << position for position in (funnel.required if anywhere else (0,)))
    return (pl.col("match") & bits) != 0


def _from_each(rows: pl.DataFrame, funnel: Funnel, periods: Sequence[Period]) -> Found:
    """What is found in all the periods, of a funnel that is `simple`."""
    rows = prepared(rows, funnel)
    placed = places(rows, funnel.model_copy(update={"since": None, "until": None, "entry": "earliest"}))
    entries = _in_periods(placed.at(0), periods, range(len(periods))).drop("begin")
    begins = (pl.col("unit") != pl.col("unit").shift()) | (pl.col("period") != pl.col("period").shift())
    entries = entries.with_columns(begins=begins.fill_null(True))
    later = [placed.at(stage) for stage in range(1, len(funnel.required))]
    journeys = from_each(entries.select("position", "unit", "time"), later, limits(funnel).window)
    journeys = _chosen(journeys.hstack(entries.select("period", "begins")), funnel)
    journeys = journeys.with_row_index("journey").with_columns(owner="unit")
    piece = told(journeys, journeys.head(0), in_order(journeys, placed.rows, placed.patterns, funnel), rows, funnel)
    named = journeys.select("journey", "period")
    frame, excluded = (
        each.join(named, on="journey", how="left", maintain_order="left") for each in (piece.frame, piece.excluded)
    )
    return replace(piece, frame=frame, excluded=excluded)


def _chosen(journeys: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """Of the journeys of a unit in a period, which follow each other from one where `begins` is set, the one that
    counts. Most have only one, and nothing is to be chosen.
    """
    alone = pl.col("begins") & pl.col("begins").shift(-1).fill_null(True)
    several = journeys.filter(~alone).with_columns(run=pl.col("begins").cum_sum())
    if funnel.entry == "first":
        several = several.filter(pl.col("stage_1") == pl.col("stage_1").min().over("run"))
    deepest = several.filter(pl.col("depth") == pl.col("depth").max().over("run"))
    soonest = deepest.filter(pl.col("last") == pl.col("last").min().over("run"))
    keep: Literal["first", "last"] = "last" if funnel.entry == "latest" else "first"
    best = soonest.unique("run", keep=keep, maintain_order=True).drop("run")
    return pl.concat([journeys.filter(alone), best])


def _chunks(rows: pl.DataFrame, funnel: Funnel, periods: Sequence[Period]) -> Iterator[list[int]]:
    """The places of periods of one length each, so many that the rows to be taken once more stay in bounds."""
    lengths: dict[int, list[int]] = defaultdict(list)
    for place, (start, end) in enumerate(periods):
        lengths[end - start].append(place)
    most = max(ROWS, rows.height // 2)
    window = None if funnel.window is None else micros(funnel.window)
    before = _rows_before(rows)
    for alike in lengths.values():
        chunk: list[int] = []
        held = 0
        for place in alike:
            start, end = periods[place]
            more = (rows.height if window is None else before(end + window)) - before(start)
            if chunk and held + more > most:
                yield chunk
                chunk, held = [], 0
            chunk.append(place)
            held += more
        yield chunk


def _rows_before(rows: pl.DataFrame) -> Callable[[int], int]:
    """Tells about how many rows lie before a time, from a thousand counts."""
    if rows.is_empty():
        return lambda _: 0
    first, last = rows.select(first=pl.col("time").min(), last=pl.col("time").max()).row(0)
    width = (last - first) // 1000 + 1
    slices = rows.group_by((pl.col("time") - first) // width).len().rows()
    counts = [0] * 1001
    for at, count in slices:
        counts[at + 1] = count
    for at in range(1, 1001):
        counts[at] += counts[at - 1]
    return lambda time: counts[min(max((time - first) // width, 0), 1000)]


def _piece(
    rows: pl.DataFrame, funnel: Funnel, periods: Sequence[Period], places: Sequence[int], after: int = 0
) -> Found:
    """What is found in these periods of one length; the journeys are numbered from `after` on."""
    window = None if funnel.window is None else micros(funnel.window)
    rows = rows.filter(pl.col("time") >= periods[0][0])
    if window is not None:
        rows = rows.filter(pl.col("time") < periods[-1][1] + window)
    pairs = _pairs(rows.filter(_may_enter(funnel)).select("unit", "time"), periods, places)
    limit = pl.lit(None, pl.Int64) if window is None else pl.col("last") + window
    apart = (
        rows.lazy()
        .join(pairs.lazy(), on="unit")
        .filter(pl.col("time") >= pl.col("first"), (pl.col("time") <= limit).fill_null(True))
        .with_columns(pl.col("pair").alias("unit"), pl.col("time") - pl.col("begin"))
        .select(rows.columns)
        .collect()
    )
    if "row" in apart.columns:  # a row's place in the input stays its own
        apart = apart.sort("row", "unit").with_columns(row=pl.int_range(pl.len(), dtype=pl.UInt32))
    start, end = periods[0]
    range_ = {"since": EPOCH, "until": EPOCH + (end - start) * MICROSECOND}
    piece = found(apart.rechunk(), funnel.model_copy(update=range_))
    number = pl.col("journey") + pl.lit(after, pl.UInt32)
    frame, excluded = (_back(each, pairs).with_columns(number) for each in (piece.frame, piece.excluded))
    return Found(
        frame=frame,
        excluded=excluded,
        segments={columns: each.with_columns(number) for columns, each in piece.segments.items()},
        values=None if piece.values is None else piece.values.with_columns(number),
    )


def _pairs(entering: pl.DataFrame, periods: Sequence[Period], places: Sequence[int]) -> pl.DataFrame:
    """Each unit in each period in which it may enter (pair: its new number, unit, period, begin: the period's, first
    and last: the times between which it may).
    """
    inside = _in_periods(entering, periods, places)
    pairs = inside.group_by("unit", "period", "begin").agg(first=pl.col("time").min(), last=pl.col("time").max())
    return pairs.with_row_index("pair").with_columns(pl.col("pair").cast(pl.UInt64))


def _in_periods(entering: pl.DataFrame, periods: Sequence[Period], places: Sequence[int]) -> pl.DataFrame:
    """The rows whose `time` lies in one of the periods, with its `period`, of `places`, and when it begins."""
    begins = pl.Series([start for start, _ in periods], dtype=pl.Int64)
    table = pl.DataFrame({"begin": begins, "end": [end for _, end in periods], "period": places})
    at = begins.search_sorted(entering["time"], side="right").cast(pl.Int64) - 1
    later = at >= 0
    entering, at = entering.filter(later), at.filter(later)
    named = entering.hstack(table.select("begin", "end", pl.col("period").cast(pl.UInt32)).select(pl.all().gather(at)))
    return named.filter(pl.col("time") < pl.col("end")).drop("end")


def _back(frame: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """`frame` with its units and times as they were, and with the period of each journey."""
    times = pl.col("entered", "^stage_[0-9]+$") + pl.col("begin")
    named = frame.join(pairs.select("begin", "period", whose="unit", unit="pair"), on="unit", maintain_order="left")
    return named.with_columns(times, unit="whose").select(*frame.columns, "period")


def _joined(pieces: Sequence[Found]) -> Found:
    """All pieces as one."""
    whole = pieces[0]
    if len(pieces) == 1:
        return whole
    values = [each.values for each in pieces if each.values is not None]
    return Found(
        frame=pl.concat(each.frame for each in pieces),
        excluded=pl.concat(each.excluded for each in pieces),
        segments={columns: pl.concat(each.segments[columns] for each in pieces) for columns in whole.segments},
        values=pl.concat(values) if values else None,
    )
