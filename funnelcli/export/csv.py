"""CSV and TSV: a header and the rows, exact values, quoted as RFC 4180 says where needed, lines ended by a newline."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from funnelcli.export.rows import exact, flat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelcli.tables.table import Scalar, Table

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_bytes(tables: Sequence[Table]) -> bytes:
    """Values between commas. Null is empty, and an empty text is `""`."""
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
    needs_quotes = re.compile(f'[{separator}"\r\n]')

    def cell(value: Scalar) -> str:
        text = exact(value)
        if needs_quotes.search(text) or value == "":
            return '"{}"'.format(text.replace('"', '""'))
        return text

    lines = [separator.join(map(cell, row)) for row in ([name for name, _ in fields], *rows)]
    return "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")
