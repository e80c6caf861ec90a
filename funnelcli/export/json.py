"""JSON: each Table's record, raw values, null for unknown; several as `{"format": 1, "reports": […]}`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from funnelcli.errors import Bug
from funnelcli.export.rows import instant

if TYPE_CHECKING:
    from funnelcli.tables.table import Table

_CONTROLS = re.compile(r"[\x7f-\x9f]")
"""Control characters that JSON may hold as they are, and a terminal would obey."""


def json_bytes(tables: Sequence[Table]) -> bytes:
    """The document, indented by two, with a newline at its end."""
    document = tables[0].record if len(tables) == 1 else {"format": 1, "reports": [table.record for table in tables]}
    return encoded(document, indent=2)


def encoded(value: object, indent: int | None = None) -> bytes:
    """A raw value as one JSON text and a newline. Escapes stand only where the text would not be safe without."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, default=_raw)
    except ValueError as error:
        raise Bug(f"{error}; unknown is null") from error
    safe = _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return f"{safe}\n".encode(errors="backslashreplace")


def _raw(value: object) -> object:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise Bug(f"{value!r} has no JSON")
