"""Files to scans: frames that read the needed columns of many files in one go, each column under its own name.

In come the open files and the names of the columns; out come `Scan`s in the order of the log. Files that
are read in the same way and stand next to each other share one. What one must know: in a scan's frame the
columns are called c0, c1, … so that no name of a log (`*`, `^x$`, `row`) is taken for a pattern or for one of ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby
from typing import IO, TYPE_CHECKING

import polars as pl
import polars.selectors as cs

from funnelcli.errors import DataError
from funnelcli.events.audit import Damage, mended, plain
from funnelcli.events.dialect import Dialect, dialect
from funnelcli.events.iso import is_time
from funnelcli.events.messages import FAILURES, listed, meant, quiet, shown, unreadable

if TYPE_CHECKING:
    from funnelcli.events.files import Source


class MissingColumnError(DataError):
    """A file lacks a column; the message names those that it has."""

    def __init__(self, file: str, column: str, there: Sequence[str]) -> None:
        what = f"there are {listed(there)}{meant(column, there)}" if there else "it has no columns"
        if any(is_time(name) for name in there):  # those are values, and not for everybody's eyes
            what = "its first line holds values; put a line with the names of the columns above it"
        super().__init__(f"{shown(file)}: no column {shown(column)}; {what}")


@dataclass(frozen=True)
class Scan:
    """Some files of one log.

    `frame` holds the needed columns in their own types (CSV: String, an empty cell null), and `row` (UInt32, the
    position in the log) if that was asked for. `columns` maps a name to its place in `frame` and its type. `rows`
    counts the frame's rows; `damage` what was left out before them.
    """

    frame: pl.LazyFrame
    columns: dict[str, tuple[pl.Expr, pl.DataType]]
    sources: tuple[Source, ...]
    rows: int
    damage: tuple[tuple[Source, Damage], ...] = ()

    def __getitem__(self, name: str) -> tuple[pl.Expr, pl.DataType]:
        return self.columns[name]

    @property
    def text(self) -> bool:
        """Whether the files are CSV."""
        return self.sources[0].kind == "csv"


@dataclass(frozen=True)
class _Group:
    """Files that can be read together, and what of them is wanted."""

    files: tuple[Source, ...]
    layout: Dialect | pl.Schema
    partitions: dict[str, str | None]
    wanted: tuple[str, ...]
    positions: bool


def scans(
    sources: Sequence[Source], names: Sequence[str] | None, stack: ExitStack, *, positions: bool = False
) -> list[Scan]:
    """The scans of the log with these columns (None: all that there are), and with positions if asked for.

    Mended copies of damaged files stay open until `stack` closes.

    Raises: DataError when a file cannot be read or lacks a column.
    """
    found: list[Scan] = []
    read = 0
    for group in _groups(sources, names, positions):
        layout = group.layout
        for scan in _csv(group, layout, stack) if isinstance(layout, Dialect) else [_parquet(group, layout)]:
            frame = scan.frame.with_columns((pl.col("row") + read).cast(pl.UInt32)) if positions else scan.frame
            found.append(replace(scan, frame=frame))
            read += scan.rows
    return found


def _groups(sources: Sequence[Source], names: Sequence[str] | None, positions: bool) -> Iterator[_Group]:
    """The files of the log, in order, those together that are read in the same way."""

    def same(source: Source) -> tuple[Dialect | pl.Schema, tuple[tuple[str, str | None], ...]]:
        return _layout(source), tuple(each for each in source.partitions if names is None or each[0] in names)

    for (layout, partitions), alike in groupby(sources, key=same):
        files = tuple(alike)
        own = list(layout.columns) if isinstance(layout, Dialect) else list(layout)
        foreign = {key: value for key, value in partitions if key not in own}
        wanted = tuple(dict.fromkeys([*own, *foreign])) if names is None else tuple(names)
        _check(files[0], own, foreign, wanted)
        if names is not None and isinstance(layout, pl.Schema):
            _check_types(files[0], layout, wanted)
        yield _Group(files, layout, foreign, wanted, positions)


def _layout(source: Source) -> Dialect | pl.Schema:
    """What must be the same for files to be read together."""
    if source.kind == "csv":
        return dialect(source)
    try:
        with quiet():
            return pl.scan_parquet(source.file, hive_partitioning=False).collect_schema()
    except FAILURES as error:
        raise unreadable(source.name, error) from error


def _check(source: Source, own: Sequence[str], partitions: dict[str, str | None], wanted: Sequence[str]) -> None:
    """Nothing; raises DataError when a wanted column is not there or is there twice."""
    there = [*own, *partitions]
    for name in wanted:
        if name not in there:
            raise MissingColumnError(source.name, name, there)
        if own.count(name) > 1:
            raise DataError(
                f"{shown(source.name)}: {own.count(name)} columns are called {shown(name)}; rename all but one"
            )


def _check_types(source: Source, schema: pl.Schema, wanted: Sequence[str]) -> None:
    """Nothing; raises DataError when a wanted column holds several values in one."""
    for name in wanted:
        dtype = schema.get(name)
        if dtype is not None and (dtype.is_nested() or dtype == pl.Object):
            kind = type(dtype).__name__.lower()
            raise DataError(
                f"{shown(source.name)}: column {shown(name)} is of the type {kind}; name one of texts or numbers"
            )


def _csv(group: _Group, layout: Dialect, stack: ExitStack) -> Iterator[Scan]:
    """The scans of text files; a file with damaged rows is read from a mended copy, by itself."""
    whole = plain(group.files, layout)
    if whole is not None:
        yield _csv_scan(group, layout, rows=whole.rows, quoted=whole.quoted)
        return
    for source in group.files:
        single = replace(group, files=(source,))
        whole = plain([source], layout) if len(group.files) > 1 else None
        if whole is not None:
            yield _csv_scan(single, layout, rows=whole.rows, quoted=whole.quoted)
            continue
        copy = mended(source, layout)
        file = stack.enter_context(copy.file)
        scan = _csv_scan(replace(group, files=(replace(source, file=file),)), layout, rows=copy.rows, quoted=True)
        yield replace(scan, damage=((source, copy.damage),) if copy.damage.reasons else ())


def _csv_scan(group: _Group, layout: Dialect, *, rows: int, quoted: bool) -> Scan:
    """The scan of text files in which every line is whole. Columns are read by place; the header gave the names."""
    frame = pl.scan_csv(
        _files(group),
        has_header=False,
        skip_lines=1,
        separator=layout.separator,
        schema={f"f{place}": pl.String for place in range(len(layout.columns))},
        row_index_name=_position(group),
        glob=False,
    )
    cells = {name: pl.col(f"f{place}") for place, name in enumerate(layout.columns)}
    if quoted:  # "" is an empty cell too
        cells = {name: pl.when(cell != "").then(cell) for name, cell in cells.items()}
    return _scan(group, frame, cells, dict.fromkeys(cells, pl.String()), rows)


def _parquet(group: _Group, schema: pl.Schema) -> Scan:
    """The scan of Parquet files."""
    frame = pl.scan_parquet(_files(group), hive_partitioning=False, row_index_name=_position(group), glob=False)
    rows = collected(frame.select(pl.len()), group.files).item()
    return _scan(group, frame, {name: cs.by_name(name).as_expr() for name in schema}, schema, rows)


def _files(group: _Group) -> list[IO[bytes]]:
    return [source.file for source in group.files]


def _position(group: _Group) -> str | None:
    """A name for the rows' positions that no column has; None if they are not wanted."""
    if not group.positions:
        return None
    names = group.layout if isinstance(group.layout, pl.Schema) else ()
    return "row" + "_" * max((len(name) for name in names), default=0)


def _scan(
    group: _Group, frame: pl.LazyFrame, cells: dict[str, pl.Expr], types: Mapping[str, pl.DataType], rows: int
) -> Scan:
    """The scan of the wanted columns, out of the files' cells and their partitions."""
    cells = cells | {key: pl.lit(value, dtype=pl.String) for key, value in group.partitions.items()}
    types = dict(types) | dict.fromkeys(group.partitions, pl.String())
    chosen = [cells[name].alias(f"c{place}") for place, name in enumerate(group.wanted)]
    position = _position(group)
    return Scan(
        frame=frame.select(*chosen, *([pl.col(position).alias("row")] if position else [])),
        columns={name: (pl.col(f"c{place}"), types[name]) for place, name in enumerate(group.wanted)},
        sources=group.files,
        rows=rows,
    )


def collected(frame: pl.LazyFrame, sources: Sequence[Source]) -> pl.DataFrame:
    """The frame, whole; an error names the file that causes it."""
    return all_collected([frame], sources)[0]


def all_collected(frames: Sequence[pl.LazyFrame], sources: Sequence[Source]) -> list[pl.DataFrame]:
    """The frames, whole; an error names the file that causes it."""
    try:
        with quiet():
            return pl.collect_all(frames)
    except FAILURES as error:
        raise _blamed(sources, error) from error


def _blamed(sources: Sequence[Source], error: BaseException) -> DataError:
    """The error of the one file that cannot be read by itself, else of the first."""
    for source in sources:
        if source.kind == "parquet":
            try:
                with quiet():
                    pl.scan_parquet(source.file, hive_partitioning=False).select(pl.all().null_count()).collect()
            except FAILURES as own:
                return unreadable(source.name, own)
    return unreadable(sources[0].name, error, text=sources[0].kind == "csv")


def damage(found: Sequence[Scan]) -> tuple[Counter[str], list[str]]:
    """The damaged rows of all files by reason, and a note per file that has any."""
    reasons: Counter[str] = Counter()
    notes = []
    for scan in found:
        for source, harm in scan.damage:
            reasons += harm.reasons
            count = harm.reasons.total()
            rows, lines = ("row", "line") if count == 1 else ("rows", "lines")
            first = "" if count == len(harm.lines) else "the first "
            where = f"{first}in {lines} {', '.join(map(str, harm.lines))}"
            notes.append(f"{shown(source.name)}: {count} damaged {rows} left out, {where}")
    return reasons, notes
