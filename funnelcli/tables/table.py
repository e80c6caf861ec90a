"""Table: what a report looks like before anything is written; typed raw values, no formatted text.

A report becomes one Table; a format is a function from Tables to bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Scalar = str | int | float | bool | datetime | None
Value = Scalar | tuple[str | None, ...]
"""A raw value of the row formats; None is unknown, never a made-up zero. A tuple is a list of texts."""
Cell = Scalar | tuple[float, float] | tuple[float | None, ...]
"""A raw value that a person looks at. Tuples are what interval, bar and sparkline say of them."""

Kind = Literal[
    "text", "list", "count", "rate", "interval", "bar", "sparkline", "seconds", "time", "number", "estimate", "points",
    "points_interval", "p", "flag",
]  # fmt: skip
"""What a column holds: text; a list of texts; a whole number; a share in 0..1; a (low, high) pair of shares; a share
drawn as a bar; shares in the order of time, drawn as a line; a duration in seconds; a UTC instant; any other number;
one that nobody counted; the difference of two shares, in −1..1; a (low, high) pair of such differences; a p-value; true
or false.

A bar may be a pair (share, share before): what lies between the two is drawn lightly, as what was lost.
A sparkline is drawn between its own lowest and highest share; a share of None is a gap.
Both say nothing that another column does not say, so the formats without pictures leave them out (`PICTURES`).
"""

PICTURES: frozenset[Kind] = frozenset({"bar", "sparkline"})
"""The kinds that only a terminal shows."""


@dataclass(frozen=True)
class Column:
    """One column of what a person looks at.

    `priority` 0 is always shown; where the terminal is too narrow, the highest numbers go first.
    """

    heading: str
    kind: Kind
    priority: int = 0


@dataclass(frozen=True)
class Section:
    """One table for a person: a heading (may be empty), its columns, and its rows of raw values.

    A terminal shows the first `most` rows, and says how many more there are; without it all. Times are shown in the
    zone.
    """

    heading: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    most: int | None = None
    zone: tzinfo = UTC


@dataclass(frozen=True)
class Table:
    """A report, ready for every format.

    `title` is the funnel's name; `summary` sentences stand above the sections, `notes` below them.
    `record` is the report as JSON tells it: nested, raw values, datetimes not yet text.
    `fields` and `rows` are the row formats (csv, tsv, ndjson, markdown, parquet): a name and a Kind per
    column (neither interval nor picture), and raw values. A section has no lists: it says them in words.
    """

    title: str
    record: Mapping[str, object]
    fields: tuple[tuple[str, Kind], ...]
    rows: tuple[tuple[Value, ...], ...]
    sections: tuple[Section, ...]
    summary: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())
