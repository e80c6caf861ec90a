"""The definition's segments: a value of each breakdown, read from the rows of the journey that counts.

Plain Python, nothing of funnelcli.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from tests.oracle.rows import Row, instant

if TYPE_CHECKING:
    from tests.oracle.paths import Path, Unit

NOT_REACHED = "(not reached)"

Places = Sequence[Collection[Row]]
Segments = dict[tuple[str, ...], frozenset[tuple[str | None, ...]]]


def segments(unit: Unit, places: Places, at: Collection[Row]) -> Segments:
    """The segments of each breakdown, from the rows that could stand at each place, and `at` the stage asked for."""
    source = unit.funnel.get("segment_from", "entry")
    found: Segments = {}
    for breakdown in map(tuple, unit.funnel.get("breakdowns", ())):
        nothing: tuple[str | None, ...] = (None,) * len(breakdown)
        if source == "any":
            values = {tuple(row.columns.get(column) for column in breakdown) for rows in places for row in rows}
            found[breakdown] = frozenset(values - {nothing} or {nothing})
        elif source not in ("entry", "first", "last") and not at:
            found[breakdown] = frozenset({(NOT_REACHED,) * len(breakdown)})
        else:
            found[breakdown] = frozenset({tuple(value_of(column, source, places, at) for column in breakdown)})
    return found


def value_of(column: str, source: str, places: Places, at: Collection[Row]) -> str | None:
    """A column's value on its own: at each place the smallest, then of the place or places that `source` asks for."""
    values = [smallest(row.columns.get(column) for row in rows) for rows in places]
    known = [value for value in values if value is not None]
    if source in ("first", "last"):
        return (known[0] if source == "first" else known[-1]) if known else None
    return values[0] if source == "entry" else smallest(row.columns.get(column) for row in at)


def path_segments(unit: Unit, paths: Sequence[Path]) -> Segments:
    """The segments of the paths that count, read from their required rows."""
    places = [{path[place].position: path[place] for path in paths}.values() for place in range(len(paths[0]))]
    names = [unit.funnel["stages"][number]["name"] for number in unit.required]
    standing = dict(zip(names, places, strict=False))
    return segments(unit, places, standing.get(unit.funnel.get("segment_from", "entry"), ()))


def smallest(values: Iterable[str | None]) -> str | None:
    """The smallest text by code point; null only if there is nothing else."""
    return min((value for value in values if value is not None), default=None)


# --- Attempts and open funnels --------------------------------------------------------------------------------


def open_segments(unit: Unit, firsts: Places) -> Segments:
    """The segments of an open funnel: its rows are the earliest completions of each stage, in the order of time."""
    instants = sorted({instant(row, unit.funnel) for rows in firsts for row in rows})
    places = [[row for rows in firsts for row in rows if instant(row, unit.funnel) == when] for when in instants]
    standing = {stage["name"]: rows for stage, rows in zip(unit.funnel["stages"], firsts, strict=True)}
    return segments(unit, places, standing.get(unit.funnel.get("segment_from", "entry"), ()))
