"""Tables as plain aligned text, for pipes and files: never cut or wrapped, no colour, no markup, no pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from funnelcli.display import words
from funnelcli.render.text import aligned, encodable
from funnelcli.tables.table import PICTURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelcli.tables.table import Section, Table


def plain(tables: Sequence[Table], *, encoding: str = "utf-8") -> str:
    """The Tables as text that `encoding` can take: title, summary, sections and notes of each, a line per row."""
    return "\n".join(_table(table, encoding) for table in tables)


def _table(table: Table, encoding: str) -> str:
    blocks = [
        [encodable(line, encoding) for line in (table.title, *table.summary)],
        *(_section(section, encoding) for section in table.sections),
        [encodable(line, encoding) for line in table.notes],
    ]
    return "\n".join("".join(f"{line}\n" for line in block) for block in blocks if block)


def _section(section: Section, encoding: str) -> list[str]:
    heading = [encodable(section.heading, encoding)] if section.heading else []
    columns = []
    for at, column in enumerate(section.columns):
        if column.kind not in PICTURES:
            texts = [column.heading, *(words(column.kind, row[at], section.zone) for row in section.rows)]
            cells = [encodable(text, encoding) for text in texts]
            width = max(map(cell_len, cells))
            columns.append([aligned(cell, width, column.kind) for cell in cells])
    return heading + ["  ".join(line).rstrip(" ") for line in zip(*columns, strict=True)]
