"""Text measured in cells, the width of one character of a terminal: fitting an encoding, aligning, wrapping."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells

from funnelcli.display import printable

if TYPE_CHECKING:
    from funnelcli.tables.table import Kind

RIGHT_ALIGNED = frozenset(
    {"count", "rate", "interval", "seconds", "number", "estimate", "points", "points_interval", "p"}
)
"""The kinds whose words line up at their last digit; text, times, flags and bars begin at the left."""

_PLAINER = str.maketrans({
    "—": "-", "–": "-", "─": "-", "−": "-", "·": "|", "…": "...", "→": "->", "≤": "<=", "≥": ">=", "×": "x", "÷": "/",
    "“": '"', "”": '"', "‘": "'", "’": "'",
})  # fmt: skip

_GAPS = re.compile(r" (?!%)")
"""Where a sentence may be broken: not between a number and its percent sign."""


def encodable(text: str, encoding: str) -> str:
    r"""The text harmless (see `display.printable`) and such that `encoding` can take all of it.

    What it cannot take becomes a plainer sign, or an escape:

    >>> print(encodable("57.1–59.2 % of 购买", "ascii"))
    57.1-59.2 % of \u8d2d\u4e70
    """
    shown = printable(text)
    try:
        shown.encode(encoding)
    except UnicodeEncodeError:
        return shown.translate(_PLAINER).encode(encoding, "backslashreplace").decode(encoding)
    return shown


def aligned(text: str, width: int, kind: Kind) -> str:
    """The text filled up with spaces to `width` cells; longer text stays as it is."""
    space = " " * max(0, width - cell_len(text))
    return space + text if kind in RIGHT_ALIGNED else text + space


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a sentence, broken at spaces to at most `width` cells; a longer word is broken inside.

    >>> wrapped("of all who entered 58.2 % bought", 20)
    ['of all who entered', '58.2 % bought']
    """
    if cell_len(text) <= width:
        return [text]
    lines = [""]
    for word in _GAPS.split(text):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(longer) <= width:
            lines[-1] = longer
        elif cell_len(word) <= width:
            lines.append(word)
        else:
            lines[-1:] = [*filter(None, lines[-1:]), *chop_cells(word, width)]
    return lines
