"""Journeys of `count: attempts`: one after the other, sharing no row.

Each round finds the next attempt of every unit that has one: the deepest clean journey from its next entry, by the
same search as for `count: units`. An attempt ends when it converts, at the first excluded row while it stands
between the two stages, or when its window is over; the next stage-1 row from there on, of those that no attempt
used, opens another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import carried, micros
from funnelcli.engine import chained
from funnelcli.engine.any_segments import in_any_order, thriftiest
from funnelcli.engine.limits import excluded, limits
from funnelcli.engine.one import one
from funnelcli.engine.places import fills, masks
from funnelcli.engine.segments import Standing, in_order

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel

ROUND = {"entry": "first"}
"""In a round only the first entry that is left may enter."""


def chosen(rows: pl.DataFrame, funnel: Funnel) -> tuple[pl.DataFrame, Standing]:
    """Every attempt (journey, owner, unit, stage_1 …, depth, attempt: Int64 from 1, used: see `_with_used`, ids: of
    the rows used), and the rows that could stand at their places.

    `rows` (see `prepared`) have an `id` each. Units without equal times are settled at once, where only the window
    limits an attempt; the others round by round.
    """
    frames: list[pl.DataFrame] = []
    standing: list[Standing] = []
    left = rows
    if chained.simple(funnel):
        units = chained.apart(rows)
        plain = rows.join(units, on="unit", how="semi", maintain_order="left")
        left = rows.join(units, on="unit", how="anti", maintain_order="left")
        frames.append(_chained(plain, funnel))
        standing.append(in_order(frames[0], plain.filter(pl.col("chain") != 0), None, _strictly(funnel)))
    _rounds(left, rows, funnel, frames, standing)

    def at(number: int) -> pl.DataFrame:
        return pl.concat([each(number) for each in standing], how="diagonal_relaxed")

    return pl.concat(frames, how="diagonal_relaxed"), at


def _strictly(funnel: Funnel) -> Funnel:
    """The funnel for units without equal times, which no rule of ties concerns."""
    return funnel.model_copy(update={"ties": "strict"})


def _chained(rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """The attempts of units without equal times, in the shape of `chosen`."""
    found = chained.attempts(rows, funnel).with_row_index("journey")
    number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("unit")
    return found.with_columns(attempt=number, owner="unit", used=pl.lit(True), ids=pl.lit(None, pl.List(pl.UInt32)))


def _rounds(
    left: pl.DataFrame, rows: pl.DataFrame, funnel: Funnel, frames: list[pl.DataFrame], standing: list[Standing]
) -> None:
    """Adds the attempts of the owners in `left` to `frames`, and who could stand at their places to `standing`."""
    free = left.with_columns(ended=pl.lit(None, pl.Int64), ended_row=pl.lit(None, pl.Int64))
    one_round = funnel.model_copy(update=ROUND)
    number = 0
    while True:
        free = _opened(free, funnel)
        if free.is_empty() and frames:
            break
        number += 1
        found = one(free.drop("ended", "ended_row"), one_round)
        offset = sum(frame["journey"].n_unique() for frame in frames)
        frame = found.frame.with_columns(pl.col("journey") + offset, attempt=pl.lit(number, pl.Int64))
        at_places = (
            in_any_order(frame, found.rows)
            if funnel.order == "any" and funnel.ties != "row"
            else in_order(frame, found.rows, found.patterns, funnel)
        )
        frame = _with_rows(_with_used(frame, at_places, funnel), at_places, funnel)
        standing.append(at_places)
        frames.append(frame)
        free = _left(free, frame, rows, funnel)


def _opens(funnel: Funnel) -> pl.Expr:
    """Whether a row that is left may open an attempt: in the date range, after the last one's end."""
    opens = (pl.col("chain") != 0) if funnel.order == "any" else (pl.col("chain") & 1) != 0
    if funnel.since is not None:
        opens &= pl.col("time") >= micros(funnel.since)
    if funnel.until is not None:
        opens &= pl.col("time") < micros(funnel.until)
    time, ended = pl.col("time"), pl.col("ended")
    later = time > ended
    if funnel.ties == "stage":
        later |= time == ended
    if funnel.ties == "row":
        later |= (time == ended) & (pl.col("row") >= pl.col("ended_row")).fill_null(True)
    return opens & later.fill_null(True)


def _opened(free: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """The rows of owners with another attempt, from its entry on."""
    opens = _opens(funnel)
    opening = free.filter(opens).group_by("owner").agg(opening=pl.col("time").min())
    free = (
        free.drop("opening", strict=False)
        .join(opening, on="owner", maintain_order="left")
        .filter(pl.col("time") >= pl.col("opening"))
    )
    if funnel.ties == "row":
        # Only the first of the instant's rows may enter, and with `same` only rows that agree with it go on.
        first = pl.col("row").filter(opens & (pl.col("time") == pl.col("opening"))).min().over("owner")
        free = free.with_columns(first=first).with_columns(
            agrees=pl.col("unit") == pl.col("unit").filter(pl.col("row") == pl.col("first")).first().over("owner")
        )
        kept = pl.col("chain")
        if funnel.order != "any":
            enters = (pl.col("chain") & 1) != 0
            kept = pl.when(enters & (pl.col("row") != pl.col("first"))).then(pl.col("chain") - 1).otherwise("chain")
        too_soon = (pl.col("time") == pl.col("opening")) & (pl.col("row") < pl.col("first"))
        kept = pl.when(pl.col("agrees") & ~too_soon).then(kept).otherwise(pl.lit(0, pl.UInt64))
        return free.with_columns(whole_chain="chain", chain=kept).drop("first", "agrees")
    return free


def _left(free: pl.DataFrame, frame: pl.DataFrame, rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """`free` without the rows that the round's attempts used, and with the instant at which each owner's attempt
    ended.
    """
    if "whole_chain" in free.columns:
        free = free.drop("chain").rename({"whole_chain": "chain"})
    ends = _ends(frame, rows, funnel)
    free = (
        free.drop("ended", "ended_row")
        .join(ends.filter(pl.col("ended").is_not_null()), on="owner", maintain_order="left")
        .filter(pl.col("time") >= pl.col("ended"))
    )
    used = frame.filter("used").select(id=pl.col("ids").explode())
    return free.join(used, on="id", how="anti", maintain_order="left")


def _ends(frame: pl.DataFrame, rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """Where the attempt of each owner ended (owner, ended, ended_row: with `ties: row`, of the row that ended it);
    null: never.
    """
    stages = len(funnel.required)
    last = pl.max_horizontal(f"stage_{number}" for number in range(1, stages + 1))
    attempts = frame.filter("used").with_columns(last=last)
    ended = pl.lit(None, pl.Int64) if funnel.window is None else pl.col("stage_1") + micros(funnel.window)
    attempts = attempts.with_columns(
        ended=ended, ended_row=pl.lit(-1, pl.Int64)
    )  # a window's end comes before all rows of its instant
    for span in limits(funnel).spans:
        spoilers = excluded(rows, span.number, funnel).with_columns(spoiled="time").rename({"time": "moment"})
        between = (pl.col("depth") > span.first) & (pl.col("depth") <= span.last)
        # Later than the first of the two stages, and not earlier than the last row.
        moment = pl.max_horizontal("last", pl.col(f"stage_{span.first + 1}") + 1)
        attempts = (
            attempts.with_columns(moment=moment)
            .sort("owner", "moment")
            .join_asof(
                spoilers.sort("owner", "moment"), on="moment", by="owner", strategy="forward", check_sortedness=False
            )
        )
        sooner = (
            between
            & pl.col("spoiled").is_not_null()
            & (pl.col("ended").is_null() | (pl.col("spoiled") <= pl.col("ended")))
        )
        row = pl.lit(None, pl.Int64)
        if funnel.ties == "row":
            bit = 1 << (len(funnel.stages) + span.number)
            first_rows = (
                rows.filter((pl.col("match") & bit) != 0)
                .group_by("owner", spoiled="time")
                .agg(spoiler=pl.col("row").min().cast(pl.Int64))
            )
            attempts = attempts.join(first_rows, on=["owner", "spoiled"], how="left")
            row = pl.col("spoiler")
        attempts = attempts.with_columns(
            ended_row=pl.when(sooner)
            .then(
                pl.when(pl.col("spoiled") == pl.col("ended"))
                .then(pl.min_horizontal(row, pl.col("ended_row")))
                .otherwise(row)
            )
            .otherwise("ended_row"),
            ended=pl.when(sooner).then("spoiled").otherwise("ended"),
        ).drop("moment", "spoiled", "spoiler", strict=False)
    converted = pl.col("depth") == stages
    last_row = pl.col(f"row_{stages}").cast(pl.Int64) if f"row_{stages}" in attempts.columns else pl.lit(None, pl.Int64)
    return attempts.select(
        "owner",
        ended=pl.when(converted).then("last").otherwise("ended"),
        ended_row=pl.when(converted).then(last_row).otherwise("ended_row"),
    )


def _thrift(offers: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """`offers` (chain, match, …) with `thrift`, the rank of each row: of rows with the same times an attempt uses
    those that match fewest stages, then by values, then those that match the earliest stages.
    """
    columns = list(dict.fromkeys(carried(column) for breakdown in funnel.breakdowns for column in breakdown))
    matched = pl.col("match") & ((1 << len(funnel.stages)) - 1)
    offers = offers.with_columns(matched=matched, stages=matched.bitwise_count_ones())
    order = ["stages", *columns, "matched"]
    ranks = offers.select(order).unique().sort(order, nulls_last=True).with_row_index("thrift")
    return offers.join(ranks, on=order, nulls_equal=True, maintain_order="left").drop("matched", "stages")


def _with_used(frame: pl.DataFrame, at: Standing, funnel: Funnel) -> pl.DataFrame:
    """`frame` with `used`: of units of an owner with the same journey, the one whose rows are the thriftiest, place
    by place.
    """
    if not funnel.same:
        return frame.with_columns(used=pl.lit(True))
    names = []
    offers = _thrift(
        pl.concat(at(number).with_columns(place=pl.lit(number)) for number in range(1, len(funnel.required) + 1)),
        funnel,
    )
    for number in range(1, len(funnel.required) + 1):
        here = offers.filter(pl.col("place") == number)
        ranks = here.group_by("journey", "unit").agg(pl.col("thrift").min().alias(f"thrift_{number}"))
        frame = frame.join(ranks, on=["journey", "unit"], how="left", maintain_order="left")
        names.append(f"thrift_{number}")
    best = frame.sort("journey", *names, "unit").unique("journey", keep="first", maintain_order=True)
    return (
        frame.drop(names)
        .join(
            best.select("journey", "unit", used=pl.lit(True)), on=["journey", "unit"], how="left", maintain_order="left"
        )
        .with_columns(pl.col("used").fill_null(False))
    )


def _with_rows(frame: pl.DataFrame, at: Standing, funnel: Funnel) -> pl.DataFrame:
    """`frame` with `ids`, the rows that each attempt uses: of those that could, the thriftiest, place by place.

    One piece of work per distinct pattern.
    """
    stages = range(1, len(funnel.required) + 1)
    used = frame.filter("used")
    offers = pl.concat(
        at(number)
        .join(used.select("journey", "unit", time=f"stage_{number}"), on=["journey", "unit", "time"], how="semi")
        .with_columns(place=pl.lit(number - 1, pl.Int64))
        for number in stages
    )
    offers = _thrift(offers, funnel).select("journey", "time", "id", "chain", "thrift", "place")
    if funnel.ties == "row":
        rows = offers.group_by("journey").agg(ids=pl.col("id").unique())
        return frame.join(rows, on="journey", how="left", maintain_order="left")
    places = (
        offers.group_by("journey", "time")
        .agg(pl.col("place").unique().sort().cast(pl.String))
        .with_columns(pl.col("place").list.join(","))
    )
    instants = (
        offers.unique(["journey", "id"])
        .sort("journey", "time", "thrift", "chain", "id")
        .group_by("journey", "time", maintain_order=True)
        .agg("id", pattern=pl.col("chain").cast(pl.String))
        .with_columns(pl.col("pattern").list.join(","))
        .join(places, on=["journey", "time"], maintain_order="left")
    )
    if funnel.order == "any":  # what is used at one instant changes what can be used at another
        instants = (
            instants.with_columns(
                pattern=pl.col("place").str.count_matches(",").cast(pl.String) + "+1:" + pl.col("pattern")
            )
            .group_by("journey", maintain_order=True)
            .agg(pl.col("id").explode(), pattern=pl.col("pattern"), place=pl.lit(""))
            .with_columns(pl.col("pattern").list.join(";"))
        )
    kinds = instants.select("pattern", "place").unique()
    lines = [
        (pattern, place, index)
        for pattern, place in kinds.iter_rows()
        for index in (
            _any_rows(pattern)
            if funnel.order == "any"
            else _thriftiest(masks(pattern), [int(each) for each in place.split(",")])
        )
    ]
    schema = {"pattern": pl.String, "place": pl.String, "index": pl.Int64}
    rows = (
        instants.join(pl.DataFrame(lines, schema=schema, orient="row"), on=["pattern", "place"])
        .select("journey", id=pl.col("id").list.get(pl.col("index")))
        .group_by("journey")
        .agg(ids="id")
    )
    return frame.join(rows, on="journey", how="left", maintain_order="left")


def _any_rows(pattern: str) -> list[int]:
    """The rows that a journey in any order uses, numbered through all its instants."""
    parts = [part.split("+1:") for part in pattern.split(";")]
    instants = [(int(commas) + 1, masks(offer)) for commas, offer in parts]
    rows: list[int] = []
    before = 0
    for (_, offer), used in zip(instants, thriftiest(instants), strict=True):
        rows += [before + index for index in used]
        before += len(offer)
    return rows


def _thriftiest(masks: list[int], places: list[int]) -> list[int]:
    """Which rows, in order of thrift, fill the places: each the first that leaves rows for the rest.

    >>> _thriftiest([0b10, 0b11], [0, 1])
    [1, 0]
    """
    used: list[int] = []
    for number, place in enumerate(places):
        for index, mask in enumerate(masks):
            rest = [other for at, other in enumerate(masks) if at not in used and at != index]
            if index not in used and mask >> place & 1 and fills(rest, places[number + 1 :]):
                used.append(index)
                break
    return used
