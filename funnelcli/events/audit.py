"""The audit of text files: every line is looked at before the columns we need are read.

A reader that is asked for a few columns skips over the rest of a line without checking it, so that a stray quote can
swallow thousands of rows in silence. Therefore: `plain` says in one streaming pass whether every line of a file
is one row with as many fields as the header. If so, the file is read as it is. If not, `mended` goes through it,
row by row where it must, keeps the rows that can be read (also those whose quoted fields hold line breaks), and counts
the others by reason. A field that begins with a quote ends with one; a quote inside any other field is a character
like any other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, BinaryIO

import polars as pl

from funnelcli.events.dialect import BOM, Dialect
from funnelcli.events.messages import FAILURES, quiet, unreadable
from funnelcli.events.spool import spooled

if TYPE_CHECKING:
    from funnelcli.events.files import Source

_FARTHEST = 1000
"""How many lines a quoted field may run over; one that is not closed by then is a stray quote."""

_BATCH = 1 << 16


@dataclass
class Damage:
    """What was left out of a file: rows by reason, and the first lines where they stand (from 1)."""

    reasons: Counter[str] = field(default_factory=Counter)
    lines: list[int] = field(default_factory=list)

    def add(self, reason: str, line: int) -> None:
        """Count one row."""
        self.reasons[reason] += 1
        if len(self.lines) < 3:
            self.lines.append(line)


@dataclass(frozen=True)
class Plain:
    """Files of which every line is one whole row: how many rows, and whether any holds a quote."""

    rows: int
    quoted: bool


@dataclass(frozen=True)
class Mended:
    """A copy of a file with its whole rows only, how many they are, and what was left out."""

    file: BinaryIO
    rows: int
    damage: Damage


def plain(sources: Sequence[Source], dialect: Dialect) -> Plain | None:
    """The rows of files with one dialect; None when a line of any of them is not one whole row.

    Raises: DataError when a file cannot be read as text.
    """
    line = pl.col("line")
    quoted = line.str.contains('"', literal=True)
    parted = line.str.count_matches(dialect.separator, literal=True) == len(dialect.columns) - 1
    odd = line.str.contains("\0", literal=True) | (line.str.len_bytes() == 0) | ~(parted | quoted)
    header = line.is_in([dialect.header, BOM + dialect.header])
    scan = pl.scan_lines(list[IO[bytes]](source.file for source in sources), name="line")
    lines, odds, headers, quotes = _collected(
        scan.select(
            pl.len().alias("lines"), odd.sum().alias("odd"), header.sum().alias("header"), quoted.sum().alias("quoted")
        ),
        sources,
    ).row(0)
    if odds or headers != len(sources):
        return None
    if quotes:
        ragged = ~line.str.contains(_quoted_row(dialect))
        rags, headers = _collected(
            scan.filter(quoted).select(ragged.sum().alias("ragged"), _header(dialect).sum().alias("header")), sources
        ).row(0)
        if rags or headers != (len(sources) if '"' in dialect.header else 0):
            return None
    return Plain(rows=lines - len(sources), quoted=quotes > 0)


def mended(source: Source, dialect: Dialect) -> Mended:
    """A copy of the file with its header and its whole rows, and the account of all others.

    Raises: DataError when the file cannot be read as text; OutputError when there is no room for the copy.
    """
    walk = _Walk(dialect, _batches(source))
    file = spooled((piece.encode() + b"\n" for piece in walk.pieces()), source.name)
    return Mended(file, walk.rows, walk.damage)


class _Walk:
    """The walk over the lines of one file. A line that belongs to no whole row is a row of the account by itself.

    `_steps` says for each line how many lines make a whole row from there on, 0 where that is not plain: those pass
    together, and only at the others the fields are told apart one by one.
    """

    def __init__(self, dialect: Dialect, batches: Iterator[pl.Series]) -> None:
        self.rows = 0
        self.damage = Damage()
        self._dialect = dialect
        self._batches = batches
        self._lines: list[str] = []
        self._steps: list[int] = []
        self._at = 0

    def pieces(self) -> Iterator[str]:
        """The header, then the whole rows in a form that all readers understand, one or many in a piece."""
        number, header = 0, False
        while self._at < len(self._lines) or self._more():
            start = self._at
            while header and self._at < len(self._lines) and (step := self._steps[self._at]):
                self._at += step
                self.rows += 1
            if self._at > start:
                yield "\n".join(self._lines[start : self._at])
                number += self._at - start
                continue
            line, more = self._lines[start], 0
            number += 1
            if not header and line.strip():
                header = True
                yield line
            else:
                fields, more = self._parted(line)
                reason = self._reason(line, fields)
                if reason is None and fields is not None:
                    self.rows += 1
                    yield self._dialect.separator.join(map(_safe, fields))
                else:
                    self.damage.add(reason or "", number)
            self._at += 1 + more
            number += more

    def _more(self) -> bool:
        """Whether there was another batch of lines; those that are done with are forgotten."""
        batch = next(self._batches, None)
        if batch is None:
            return False
        del self._lines[: self._at], self._steps[: self._at]
        self._at = 0
        quotes = sum(line.count('"') for line in self._lines)
        self._lines += batch.to_list()
        self._steps += _steps(batch, self._dialect, quotes)
        return True

    def _peek(self, distance: int) -> str | None:
        """The line so many lines after the next one, from 0."""
        while self._at + 1 + distance >= len(self._lines):
            if not self._more():
                return None
        return self._lines[self._at + 1 + distance]

    def _parted(self, line: str) -> tuple[list[str] | None, int]:
        """The fields of the row that begins with this line, as written, and how many more lines it takes.

        None for a quote that is not closed, or is followed by something else than a separator.
        """
        separator, text, more, start = self._dialect.separator, line, 0, 0
        if '"' not in text:
            return text.split(separator), 0
        fields: list[str] = []
        while True:
            end = text.find(separator, start)
            if text.startswith('"', start):
                close = _closing(text, start + 1)
                while close is None:
                    following = self._peek(more)
                    if following is None or more == _FARTHEST:
                        return None, 0
                    text, more = f"{text}\n{following}", more + 1
                    close = _closing(text, len(text) - len(following)) if '"' in following else None
                end = close + 1
                if end < len(text) and text[end] != separator:
                    return None, 0
            if end < 0 or end >= len(text):
                fields.append(text[start:])
                break
            fields.append(text[start:end])
            start = end + 1
        if more and len(fields) != len(self._dialect.columns):
            return None, 0
        return fields, more

    def _reason(self, line: str, fields: list[str] | None) -> str | None:
        """Why the row is left out; None if it is whole."""
        if not line:
            return "blank"
        if fields is None:
            return "unbalanced_quote"
        if len(fields) != len(self._dialect.columns):
            return "short" if len(fields) < len(self._dialect.columns) else "long"
        if any("\0" in each for each in fields):
            return "nul"
        return "repeated_header" if tuple(map(_plain, fields)) == self._dialect.columns else None


def _closing(text: str, start: int) -> int | None:
    """Where the quote is that closes a quoted field, looked for from `start`; two in a row stand for one."""
    while (at := text.find('"', start)) >= 0:
        if not text.startswith('"', at + 1):
            return at
        start = at + 2
    return None


def _safe(field: str) -> str:
    """The field as written, put in quotes if it holds one and is not quoted."""
    return '"' + field.replace('"', '""') + '"' if '"' in field and not field.startswith('"') else field


def _plain(field: str) -> str:
    """What a field says."""
    return field[1:-1].replace('""', '"') if field.startswith('"') else field


def _quoted_row(dialect: Dialect) -> str:
    """A regular expression for a whole row whose quotes all stand around fields, or double inside them."""
    separator = re.escape(dialect.separator)
    one = rf'(?:"(?:[^"]|"")*"|[^"{separator}]*)'
    return rf"^{one}(?:{separator}{one}){{{len(dialect.columns) - 1}}}$"


def _whole(dialect: Dialect) -> pl.Expr:
    """Whether the column `line` is one whole row that every reader understands."""
    line = pl.col("line")
    parted = line.str.count_matches(dialect.separator, literal=True) == len(dialect.columns) - 1
    right = (
        pl.when(line.str.contains('"', literal=True)).then(line.str.contains(_quoted_row(dialect))).otherwise(parted)
    )
    return right & (line.str.len_bytes() > 0) & ~line.str.contains("\0", literal=True)


def _header(dialect: Dialect) -> pl.Expr:
    """Whether the column `line` is the header, quotes aside."""
    bare = pl.col("line").str.replace_all('"', "", literal=True)
    return bare == dialect.separator.join(dialect.columns).replace('"', "")


def _steps(lines: pl.Series, dialect: Dialect, quotes: int) -> list[int]:
    """For each line how many lines make a whole row from there on; 0 where they make none, or it is not plain.

    `quotes` stand in the row that is open before the first line. A line goes on with a row when they are odd.
    """
    number, line = pl.col("number"), pl.col("line")
    after = (line.str.count_matches('"', literal=True).cast(pl.Int64).cum_sum() + quotes) % 2 == 1
    whole = _whole(dialect) & ~_header(dialect)
    frame = lines.to_frame().with_row_index("number").with_columns(after=after, step=whole.cast(pl.Int64))
    frame = frame.with_columns(begins=~pl.col("after").shift(fill_value=quotes % 2 == 1))
    several = frame.with_columns(row=pl.col("begins").cum_sum()).filter(pl.col("row") > 0)
    several = several.filter(~pl.col("begins") | pl.col("after"))
    if several.is_empty():
        return frame["step"].to_list()
    joined = several.group_by("row").agg(
        number.min(), line.sort_by("number").str.join("\n"), step=pl.len().cast(pl.Int64), closed=~pl.col("after").all()
    )
    joined = joined.filter(whole, "closed", pl.col("step") <= _FARTHEST + 1)
    return frame.update(joined.select("number", "step"), on="number").sort("number")["step"].to_list()


def _batches(source: Source) -> Iterator[pl.Series]:
    """The lines of a file, many at a time, without line ends and byte order mark."""
    batches = pl.scan_lines(source.file, name="line").collect_batches(maintain_order=True, chunk_size=_BATCH)
    first = True
    while True:
        try:
            with quiet():
                batch = next(batches, None)
        except FAILURES as error:
            raise unreadable(source.name, error, text=True) from error
        if batch is None:
            return
        if batch.height:
            lines = batch["line"]
            if first:
                lines = pl.concat([lines.head(1).str.strip_prefix(BOM), lines.slice(1)])
                first = False
            yield lines


def _collected(frame: pl.LazyFrame, sources: Sequence[Source]) -> pl.DataFrame:
    """The frame; an error names the file that causes it."""
    try:
        with quiet():
            return frame.collect()
    except FAILURES as error:
        for source in sources:
            try:
                with quiet():
                    pl.scan_lines(source.file, name="line").select(pl.col("line").str.len_bytes().sum()).collect()
            except FAILURES as own:
                raise unreadable(source.name, own, text=True) from own
        raise unreadable(sources[0].name, error, text=True) from error
