"""Who could stand at a place of a journey of `order: any`: rows that leave the other places rows, and all of them
different stages.

At an instant whose rows all match the same stages any row can. Elsewhere it is worked out once per distinct
pattern: the rows of each of the journey's instants, and how many of them it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from funnelcli.engine.places import INSTANT

if TYPE_CHECKING:
    from funnelcli.engine.segments import Standing

PATH = ["journey", "unit"]
Pattern = list[tuple[int, list[int]]]
"""Per instant of a journey: how many rows it uses, and the `chain` values of the rows there."""


def in_any_order(journeys: pl.DataFrame, rows: pl.DataFrame) -> Standing:
    """The rows that could stand at a place. `journeys` (journey, unit, stage_1 …), `rows` (unit, time, chain, …)."""

    def at(number: int) -> pl.DataFrame:
        here = journeys.select(*PATH, time=f"stage_{number}").drop_nulls("time").join(rows, on=INSTANT)
        kinds = here.group_by(PATH).agg(mixed=pl.col("chain").min() != pl.col("chain").max()).filter("mixed")
        if kinds.is_empty():
            return here
        mixed = _mixed(journeys.join(kinds, on=PATH, how="semi"), rows)
        plain = here.join(kinds, on=PATH, how="anti")
        return pl.concat([plain, here.join(mixed, on=[*PATH, "time", "chain"], how="semi")])

    return at


def _mixed(journeys: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Of rows at the instants of journeys, the `chain` values that can stand there (journey, unit, time, chain)."""
    stages = [column for column in journeys.columns if column.startswith("stage_")]
    used = (
        journeys.unpivot(stages, index=PATH, value_name="time")
        .drop_nulls("time")
        .group_by(*PATH, "time")
        .agg(uses=pl.len())
    )
    offered = (
        rows.join(used.select(INSTANT).unique(), on=INSTANT, how="semi")
        .group_by(*INSTANT, "chain")
        .agg(copies=pl.len().clip(upper_bound=len(stages)))
        .sort(*INSTANT, "chain")
        .group_by(INSTANT, maintain_order=True)
        .agg(offer=pl.col("chain").repeat_by("copies").explode().cast(pl.String))
        .with_columns(pl.col("offer").list.join(","))
    )
    instants = (
        used.join(offered, on=INSTANT)
        .sort(*PATH, "time")
        .with_columns(place=pl.int_range(pl.len()).over(PATH), part=pl.format("{}:{}", "uses", "offer"))
    )
    whole = instants.group_by(PATH, maintain_order=True).agg(pattern=pl.col("part"))
    whole = whole.with_columns(pl.col("pattern").list.join(";"))
    instants = instants.select(*PATH, "time", "place").join(whole, on=PATH)
    kinds = instants.select("pattern", "place").unique()
    lines = [(pattern, place, mask) for pattern, place in kinds.iter_rows() for mask in _able(_read(pattern), place)]
    schema = {"pattern": pl.String, "place": pl.Int64, "chain": pl.UInt64}
    able = pl.DataFrame(lines, schema=schema, orient="row")
    return instants.join(able, on=["pattern", "place"]).select(*PATH, "time", "chain")


def _read(pattern: str) -> Pattern:
    parts = (part.split(":") for part in pattern.split(";"))
    return [(int(uses), [int(mask) for mask in offer.split(",")]) for uses, offer in parts]


def _able(pattern: Pattern, place: int) -> list[int]:
    """The `chain` values of rows at an instant with which the journey still finds all its rows."""
    uses, offer = pattern[place]
    able = []
    for mask in sorted(set(offer)):
        rest = list(offer)
        rest.remove(mask)
        others = [*pattern[:place], (uses - 1, rest), *pattern[place + 1 :]]
        stages = [stage for stage in range(mask.bit_length()) if mask >> stage & 1]
        if any(
            _feasible([(count, [row & ~(1 << stage) for row in rows]) for count, rows in others]) for stage in stages
        ):
            able.append(mask)
    return able


def _feasible(pattern: Pattern) -> bool:
    """Whether every instant finds as many rows as it must use, all completing different stages (a flow by
    augmenting paths).
    """
    rows = [(instant, mask) for instant, (_, masks) in enumerate(pattern) for mask in masks]
    left = [uses for uses, _ in pattern]
    holder: dict[int, int] = {}  # stage -> row
    busy: dict[int, int] = {}  # row -> stage

    def settle(row: int, seen: set[int]) -> bool:
        """Gives a row a stage, moving others to other stages, or other rows of an instant in their place."""
        for stage in range(rows[row][1].bit_length()):
            if not rows[row][1] >> stage & 1 or stage in seen:
                continue
            seen.add(stage)
            other = holder.get(stage)
            if other is None or settle(other, seen) or replaced(other, seen):
                holder[stage], busy[row] = row, stage
                if other is not None and busy.get(other) == stage:
                    del busy[other]
                return True
        return False

    def replaced(row: int, seen: set[int]) -> bool:
        """Lets another row of the same instant do what this one did."""
        instant = rows[row][0]
        return any(
            settle(other, seen)
            for other, (where, _) in enumerate(rows)
            if where == instant and other != row and other not in busy
        )

    for instant, uses in enumerate(left):
        for _ in range(uses):
            if not any(
                settle(row, set()) for row, (where, _) in enumerate(rows) if where == instant and row not in busy
            ):
                return False
    return True


def thriftiest(pattern: Pattern) -> list[list[int]]:
    """Which rows of each instant a journey uses if it takes the first that it can, instant by instant; rows by
    their place in the pattern.

    >>> thriftiest([(1, [0b11, 0b10]), (1, [0b10])])
    [[0], [0]]
    """
    used: list[list[int]] = [[] for _ in pattern]
    for instant, (uses, offer) in enumerate(pattern):
        for index in range(len(offer)):
            if len(used[instant]) < uses:
                used[instant].append(index)
                if not _extends(pattern, used):
                    used[instant].pop()
    return used


def _extends(pattern: Pattern, used: list[list[int]]) -> bool:
    """Whether a journey can use these rows and others besides, as many as it needs."""
    mandatory = [pattern[instant][1][index] for instant, indices in enumerate(used) for index in indices]
    rest = [
        (uses - len(indices), [mask for index, mask in enumerate(offer) if index not in indices])
        for (uses, offer), indices in zip(pattern, used, strict=True)
    ]

    def settled(number: int, gone: int) -> bool:
        if number == len(mandatory):
            return _feasible([(uses, [mask & ~gone for mask in offer]) for uses, offer in rest])
        stages = mandatory[number] & ~gone
        return any(
            stages >> stage & 1 and settled(number + 1, gone | 1 << stage) for stage in range(stages.bit_length())
        )

    return settled(0, 0)
