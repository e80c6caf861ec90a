"""NDJSON: one JSON object per row, its keys the fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelcli.export.json import encoded
from funnelcli.export.rows import flat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelcli.tables.table import Table


def ndjson_bytes(tables: Sequence[Table]) -> bytes:
    """A line per row; nulls are written."""
    fields, rows = flat(tables)
    names = [name for name, _ in fields]
    return b"".join(encoded(dict(zip(names, row, strict=True))) for row in rows)
