"""One journey per unit: the order's own search, the exclusions, and the choice that all orders share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.engine import any_order, limited, loose, removing, strict
from funnelcli.engine.chosen import chosen
from funnelcli.engine.instants import instants, with_rows
from funnelcli.engine.limits import Limits, limits, with_barriers
from funnelcli.engine.places import Places, patterns, places

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel


@dataclass(frozen=True)
class Chosen:
    """The journeys that count, and where their rows can be found again.

    `frame` and `gone` (journey: UInt32, owner, unit, stage_1 …, depth; with `ties: row` row_1 …): those who
    entered, and the deepest journeys of those whom an exclusion takes out. Stages are the required ones. `journey`
    names a journey; with `same` several units of an owner may have journeys of the same times under one name.
    `rows` are those that match a required stage, and `patterns` as in `Places`.
    """

    frame: pl.DataFrame
    gone: pl.DataFrame
    rows: pl.DataFrame
    patterns: pl.DataFrame | None


def one(rows: pl.DataFrame, funnel: Funnel) -> Chosen:
    """The journey that counts of each owner in `rows` (see `prepared`)."""
    search = {"loose": _loose, "strict": _strict, "any": _any}[funnel.order]
    found, gone, placed = search(rows, funnel)
    frame = chosen(found, rows, funnel)
    taken = chosen(gone, rows, funnel).with_columns(pl.col("journey") + frame.height)
    return Chosen(frame, taken, placed.rows, placed.patterns)


Found = tuple[pl.DataFrame, pl.DataFrame, Places]


def _loose(rows: pl.DataFrame, funnel: Funnel) -> Found:
    limit = limits(funnel)
    placed = places(rows, funnel)
    latest = funnel.entry == "latest"
    if limit.only_window:
        found = loose.journeys(placed, funnel)
        gone = found.head(0)
    else:
        frame = with_barriers(_owned(placed.frame, rows, funnel), rows, funnel)

        def search(frame: pl.DataFrame, limit: Limits) -> pl.DataFrame:
            return limited.journeys(frame, limit, latest=latest, ties=funnel.ties)

        if any(span.removes for span in limit.spans):
            found, gone = removing.journeys(
                _placed(frame),
                rows,
                funnel,
                limit,
                search=search,
                roles=lambda depth: (pl.col("stage") == 0, pl.col("stage") == depth - 1),
            )
        else:
            found = search(_placed(frame), limit)
            gone = found.head(0)
    if funnel.ties == "row":
        found, gone = (_with_rows(each, placed.frame, len(funnel.required)) for each in (found, gone))
    return found, gone, placed


def _strict(rows: pl.DataFrame, funnel: Funnel) -> Found:
    limit = limits(funnel)
    latest = funnel.entry == "latest"
    frame = instants(rows, funnel, limit)
    matching = rows.filter(pl.col("chain") != 0)
    frame = _placed(with_barriers(frame, rows, funnel))

    def search(frame: pl.DataFrame, limit: Limits) -> pl.DataFrame:
        return strict.journeys(frame, limit, latest=latest, ties=funnel.ties)

    if any(span.removes for span in limit.spans):
        found, gone = removing.journeys(
            frame, rows, funnel, limit, search=search, roles=lambda _: (pl.lit(True), pl.lit(True))
        )
    else:
        found = search(frame, limit)
        gone = found.head(0)
    if funnel.ties == "row":
        found, gone = (with_rows(each, matching, latest=latest, stages=len(funnel.required)) for each in (found, gone))
    return (
        found,
        gone,
        Places(frame, matching, patterns(matching, len(funnel.required)) if funnel.ties == "stage" else None),
    )


def _any(rows: pl.DataFrame, funnel: Funnel) -> Found:
    found, gone = any_order.journeys(rows, funnel)
    return found, gone, Places(rows.head(0), rows.filter(pl.col("chain") != 0), None)


def _owned(frame: pl.DataFrame, rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """`frame` with the owner of each unit."""
    if not funnel.same:
        return frame.with_columns(owner="unit")
    return frame.join(rows.select("unit", "owner").unique(), on="unit", maintain_order="left")


def _placed(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with its order as the column `place`, and with the right to enter and to end everywhere."""
    return frame.with_row_index("place").with_columns(may_enter=pl.lit(True), may_end=pl.lit(True))


def _with_rows(journeys: pl.DataFrame, frame: pl.DataFrame, stages: int) -> pl.DataFrame:
    """`journeys` with the input's row of each stage in place of its position."""
    for number in range(1, stages + 1):
        rows = frame.select(pl.col("position").alias(f"position_{number}"), pl.col("row").alias(f"row_{number}"))
        journeys = journeys.join(rows, on=f"position_{number}", how="left", maintain_order="left")
    return journeys.select(pl.exclude("^position_.*$"))
