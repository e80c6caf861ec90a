"""How tests of this room write logs and ask for events."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import micros
from funnelcli.config.funnel import Columns, Condition, Funnel, Match, Operator, Scalar, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

HEADER = ("user", "event", "timestamp")
LOG = (
    "ann visit 2026-01-01T10:00; ann purchase 2026-01-01T11:00; bob visit 2026-01-02T10:00; bob other 2026-01-03T10:00"
)


def funnel(*logs: object, stages: Sequence[str | Stage] = ("visit", "purchase"), **more: object) -> Funnel:
    """A funnel over the logs; a stage given as a word is completed by the event of that name."""
    made = tuple(stage if isinstance(stage, Stage) else completed_by(stage) for stage in stages)
    columns = more.get("columns", Columns())
    assert isinstance(columns, Columns)
    return Funnel(**{"name": "Shop", "stages": made, "logs": tuple(map(str, logs)), "unit": (columns.user,)} | more)


def completed_by(event: str, *where: Condition) -> Stage:
    """The stage that an event completes, under conditions."""
    return Stage(name=event.capitalize(), matches=(Match(events=(event,)),), where=where)


def condition(column: str, operator: Operator, operand: Scalar | tuple[Scalar, ...]) -> Condition:
    return Condition(column=column, operator=operator, operand=operand)


def rows(text: str = LOG) -> list[tuple[str, ...]]:
    """The rows of a small table: fields between blanks, rows between semicolons."""
    return [tuple(row.split()) for row in text.split(";")]


def written(
    path: Path, table: Iterable[Sequence[str | None]], header: Sequence[str] = HEADER, separator: str = ","
) -> Path:
    """A CSV file as Python's csv module writes it; None is an empty cell."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=separator, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(table)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(target.getvalue().encode())
    return path


def parquet(
    path: Path, table: Iterable[Sequence[object]], header: Sequence[str] = HEADER, **types: pl.DataType
) -> Path:
    """A Parquet file of these rows, texts unless `types` says otherwise."""
    frame = pl.DataFrame(list(table), schema=dict.fromkeys(header, pl.String), orient="row")
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.cast(types).write_parquet(path)  # type: ignore[arg-type]
    return path


def us(text: str) -> int:
    """µs of an ISO time, in UTC where it names no zone."""
    time = datetime.fromisoformat(text)
    return micros(time if time.tzinfo else time.replace(tzinfo=UTC))


def facts(frame: pl.DataFrame) -> list[list[tuple[object, ...]]]:
    """The rows of each unit without its number, sorted, the units sorted too: what hashes and order must not change."""
    units = frame.partition_by("unit", include_key=False)
    return sorted((sorted(unit.rows(), key=repr) for unit in units), key=repr)
