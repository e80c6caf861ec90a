"""Table: what a report looks like before anything is written; typed raw values, no formatted text.

A report becomes one Table; a format is a function from Tables to bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Scalar = str | int | float | bool | datetime | None
Cell = Scalar | tuple[float, float]
"""A raw value; None is unknown, never a made-up zero. A pair is what interval and bar say of it."""

Kind = Literal["text", "count", "rate", "interval", "bar", "seconds", "time", "number", "flag"]
"""What a column holds: text; a whole number; a share in 0..1; a (low, high) pair of shares; a share drawn
as a bar; a duration in seconds; a UTC instant; any other number; true or false.

A bar may be a pair (share, share before): what lies between the two is drawn lightly, as what was lost.
It says nothing that another column does not say, so the formats without pictures leave it out.
"""


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

    A terminal shows the first `most` rows, and says how many more there are; without it all.
    """

    heading: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    most: int | None = None


@dataclass(frozen=True)
class Table:
    """A report, ready for every format.

    `title` is the funnel's name; `summary` sentences stand above the sections, `notes` below them.
    `record` is the report as JSON tells it: nested, raw values, datetimes not yet text.
    `fields` and `rows` are the row formats (csv, tsv, ndjson, markdown, parquet): a name and a Kind per
    column (neither interval nor bar), and raw values.
    """

    title: str
    record: Mapping[str, object]
    fields: tuple[tuple[str, Kind], ...]
    rows: tuple[tuple[Scalar, ...], ...]
    sections: tuple[Section, ...]
    summary: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())
