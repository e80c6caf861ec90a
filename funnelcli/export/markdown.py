"""Markdown as GitHub reads it: per Table its title, summary, rows and notes, every text shown literally.

The columns are the fields of the row formats; the values are in the words that people read, and null is empty.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from funnelcli.display import printable, words
from funnelcli.export.rows import flat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelcli.tables.table import Kind, Table, Value

_LEFT = frozenset({"text", "list", "time", "flag"})

_INLINE = re.compile(r"[\\`*\[\]<>&~$#]|(?<![^\W_])_|_(?![^\W_])")
"""Signs that mean something inside a line; `_` does not between two letters."""

_BLOCK = re.compile(r"^([-+=]|\d+(?=[.)]))")
"""What begins a list or an underline at the start of a line, beside the signs above."""

_PIPE = "\\|"
"""A pipe in a cell of a table, in code too. After a backslash that is in code it cannot be told."""

_ACTED_ON = re.compile(r"@|://|\bwww\.|:[\w+-]+:|#\d|\bGH-\d", re.IGNORECASE)
"""What GitHub makes a link, a mention or a picture of even if it is escaped, except in code."""


def markdown_bytes(tables: Sequence[Table]) -> bytes:
    """The document: a heading per Table, and a table whose first column is `funnel` if there are several Tables."""
    return "\n".join(_table(table, several=len(tables) > 1) for table in tables).encode()


def _table(table: Table, *, several: bool) -> str:
    fields, rows = flat((table,))
    if several:
        fields, rows = (("funnel", "text"), *fields), [(table.title, *row) for row in rows]
    header = [_line([_literal(name) for name, _ in fields]), _line([_rule(kind) for _, kind in fields])]
    body = [_line([_cell(kind, value) for (_, kind), value in zip(fields, row, strict=True)]) for row in rows]
    blocks = [
        [f"## {_literal(table.title)}"],
        *([_sentence(sentence)] for sentence in table.summary),
        header + body,
        [f"- {_sentence(note)}" for note in table.notes],
    ]
    return "\n".join("".join(f"{line}\n" for line in block) for block in blocks if block)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', _PIPE) for cell in cells)} |"


def _rule(kind: Kind) -> str:
    return "---" if kind in _LEFT else "---:"


def _cell(kind: Kind, value: Value) -> str:
    if value is None:
        return ""
    return _literal(words(kind, value)) if kind in {"text", "list"} else words(kind, value)


def _sentence(text: str) -> str:
    literal = _literal(text.strip(" "))
    return _BLOCK.sub(lambda found: f"\\{found[0]}" if not found[0].isdigit() else f"{found[0]}\\", literal)


def _literal(text: str) -> str:
    r"""The text such that GitHub shows exactly these characters: signs escaped, or all of it as code.

    >>> print(_literal("page_view"), _literal("a|b *c*"), _literal("see @me"))
    page_view a|b \*c\* `see @me`
    """
    shown = printable(text)
    if _ACTED_ON.search(shown) and _PIPE not in shown:
        fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
        space = " " if shown[0] in "` " or shown[-1] in "` " else ""
        return f"{fence}{space}{shown}{space}{fence}"
    return _INLINE.sub(lambda found: f"\\{found[0]}", shown)
