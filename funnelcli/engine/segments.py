"""Segments: which segment of a breakdown each journey belongs to.

A segment is read from the rows of the journey's required stages. Where several rows of one instant could stand at a
place of a journey with the same times, the value there is the smallest of theirs (text by code point, null last),
each column on its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import carried
from funnelcli.engine.places import INSTANT, masks, standing, together

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel

NOT_REACHED = "(not reached)"
"""The segment of units that did not reach the stage from which segments are read."""

Standing = Callable[[int], pl.DataFrame]
"""The rows that could stand at a place, from 1, of each journey (journey, the carried columns)."""


def segments(journeys: pl.DataFrame, at: Standing, funnel: Funnel, columns: tuple[str, ...]) -> pl.DataFrame:
    """The segment of each journey (journey, then `columns`, `carried`, null for no value).

    Read from a stage, a `not_reached`: Boolean comes last. One row per journey; with `segment_from: any` one row per
    journey and segment. `journeys` (journey, stage_1 …, of the required stages).
    """
    names = [carried(column) for column in columns]
    every = journeys.select("journey").unique(maintain_order=True)
    places = range(1, len(funnel.required) + 1)

    def smallest(number: int) -> pl.DataFrame:
        values = at(number).group_by("journey").agg(pl.col(name).min() for name in names)
        return every.join(values, on="journey", how="left", maintain_order="left").select("journey", *names)

    match funnel.segment_from:
        case "entry" | "first" | "last" if funnel.start == "open":
            return _by_time(every, pl.concat(at(number) for number in places), funnel, names)
        case "entry":
            return smallest(1)
        case "first" | "last":
            found = every.with_columns(pl.lit(None, pl.String).alias(name) for name in names)
            for number in places if funnel.segment_from == "first" else reversed(places):
                here = smallest(number)
                found = found.with_columns(pl.coalesce(found[name], here[name]).alias(name) for name in names)
            return found
        case "any":
            rows = pl.concat(at(number).select("journey", *names) for number in places).unique()
            valued = rows.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in names))
            without = every.join(valued, on="journey", how="anti")
            return pl.concat([valued, without.with_columns(pl.lit(None, pl.String).alias(name) for name in names)])
        case stage:
            number = 1 + [funnel.stages[position].name for position in funnel.required].index(stage)
            reached = journeys.filter(pl.col(f"stage_{number}").is_not_null())
            here = every.join(
                reached.select("journey").unique().with_columns(here=True),
                on="journey",
                how="left",
                maintain_order="left",
            )
            found = smallest(number).with_columns(here["here"].is_null().alias("not_reached"))
            texts = (pl.when("not_reached").then(pl.lit(NOT_REACHED)).otherwise(pl.col(name)) for name in names)
            return found.select(
                "journey", *(text.alias(name) for text, name in zip(texts, names, strict=True)), "not_reached"
            )


def _by_time(every: pl.DataFrame, rows: pl.DataFrame, funnel: Funnel, names: list[str]) -> pl.DataFrame:
    """The value on the entry, or the first or last on all rows (journey, time, names), which are in no order but
    that of time.
    """
    order = ["time", "row"] if funnel.ties == "row" else ["time"]
    descending = funnel.segment_from == "last"
    instants = rows.group_by("journey", *order).agg(pl.col(name).min() for name in names)
    ordered = instants.sort("journey", *order, descending=[False, *[descending] * len(order)]).group_by(
        "journey", maintain_order=True
    )
    entry = funnel.segment_from == "entry"
    values = ordered.agg((pl.col(name) if entry else pl.col(name).drop_nulls()).first() for name in names)
    return every.join(values, on="journey", how="left", maintain_order="left").select("journey", *names)


def in_order(journeys: pl.DataFrame, rows: pl.DataFrame, patterns: pl.DataFrame | None, funnel: Funnel) -> Standing:
    """Who could stand where, if the stages are reached in order.

    `journeys` (journey, unit, stage_1 …, with `ties: row` row_1 …), `rows` (unit, time, chain, …), `patterns` as in
    `Places`.
    """

    def at(number: int) -> pl.DataFrame:
        here = journeys.filter(pl.col(f"stage_{number}").is_not_null())
        if funnel.ties == "row":
            return here.select("journey", row=f"row_{number}").join(rows, on="row")
        matching = rows.filter((pl.col("chain") & (1 << (number - 1))) != 0)
        instants = here.select("journey", "unit", time=f"stage_{number}")
        if patterns is None or funnel.ties == "strict":
            return instants.join(matching, on=INSTANT)
        plain = instants.join(patterns, on=INSTANT, how="anti").join(matching, on=INSTANT)
        return pl.concat([plain, _able(here, matching, patterns, number).select(plain.columns)])

    return at


def _able(journeys: pl.DataFrame, matching: pl.DataFrame, patterns: pl.DataFrame, number: int) -> pl.DataFrame:
    """The rows of `matching` at worked-out instants that leave rows for the journey's other stages of the instant.

    One piece of work per distinct pattern and run of stages.
    """
    runs = together(journeys, number).select("journey", "unit", "time", "first", "last").join(patterns, on=INSTANT)
    kinds = runs.select("pattern", "first", "last").unique()
    lines = [
        (pattern, first, last, mask)
        for pattern, first, last in kinds.iter_rows()
        for mask in standing(masks(pattern), first, last, number - 1)
    ]
    schema = {"pattern": pl.String, "first": pl.Int32, "last": pl.Int32, "chain": pl.UInt64}
    able = pl.DataFrame(lines, schema=schema, orient="row")
    return runs.join(able, on=["pattern", "first", "last"]).join(matching, on=[*INSTANT, "chain"])
