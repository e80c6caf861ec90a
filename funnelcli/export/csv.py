"""CSV and TSV: a header and the rows, exact values, quoted as RFC 4180 says where needed, lines ended by a newline."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from funnelcli.export.rows import exact, flat, instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from funnelcli.tables.table import Kind, Table, Value

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_bytes(tables: Sequence[Table]) -> bytes:
    """Values between commas. Null is empty, an empty text is `""`, a list is a JSON array."""
    return _separated(tables, ",")


def tsv_bytes(tables: Sequence[Table]) -> bytes:
    """Values between tabs, otherwise as CSV."""
    return _separated(tables, "\t")


def spreadsheet_safe(tables: Sequence[Table]) -> tuple[Table, ...]:
    """The Tables with `'` before every text of the row formats that a spreadsheet would run as a formula.

    Such a text begins with `=`, `+`, `-`, `@`, tab or CR. Numbers stay as they are.
    """
    return tuple(
        replace(
            table,
            title=_defused(table.title),
            fields=tuple((_defused(name), kind) for name, kind in table.fields),
            rows=tuple(tuple(_defused(cell) if isinstance(cell, str) else cell for cell in row) for row in table.rows),
        )
        for table in tables
    )


def _defused(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _separated(tables: Sequence[Table], separator: str) -> bytes:
    fields, rows = flat(tables)
    needs_quotes = re.compile(f'[{separator}"\r\n]').search

    def cell(value: Value) -> str:
        text = exact(value)
        if needs_quotes(text) or value == "":
            return '"{}"'.format(text.replace('"', '""'))
        return text

    def cells(kind: Kind, values: Iterable[Value]) -> list[str]:
        """The cells of a column. Of texts and times there may be millions: most need no second look."""
        if kind == "time":
            return [instant(value) if isinstance(value, datetime) else "" for value in values]
        if kind == "text":
            return [
                value if isinstance(value, str) and value and not needs_quotes(value) else cell(value)
                for value in values
            ]
        return [cell(value) for value in values]

    columns = [cells(kind, values) for (_, kind), values in zip(fields, zip(*rows, strict=True), strict=bool(rows))]
    lines = [separator.join(cell(name) for name, _ in fields), *map(separator.join, zip(*columns, strict=True))]
    return "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")
