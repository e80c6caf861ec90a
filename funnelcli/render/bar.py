"""Bars: shares drawn in characters, to an eighth of a cell, or in ASCII where the encoding has no blocks."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from funnelcli.errors import Bug

if TYPE_CHECKING:
    from funnelcli.tables.table import Cell

_EIGHTHS = ("", *"▏▎▍▌▋▊▉")
_FULL, _LOST = "█", "░"
_ASCII_FULL, _ASCII_LOST = "#", "."


def bar(value: Cell, width: int, encoding: str) -> tuple[str, str]:
    """The drawn share and, to its right, what was lost since the share before (empty if none is given).

    A share above 0 shows something, and only 1 fills all of `width` cells; null and 0 draw nothing.

    >>> bar((0.5, 0.75), 8, "utf-8"), bar(0.0001, 8, "utf-8"), bar((0.5, 0.75), 8, "ascii")
    (('████', '░░'), ('▏', ''), ('####', '..'))
    """
    match value:
        case None:
            return "", ""
        case (float() | int() as share, float() | int() as before):
            pass
        case int() | float():
            share = before = value
        case _:
            raise Bug(f"{value!r} is not a bar")
    if _has_blocks(encoding):
        cells, part = divmod(_steps(share, width * 8), 8)
        drawn, lost = _FULL * cells + _EIGHTHS[part], _LOST
    else:
        drawn, lost = _ASCII_FULL * _steps(share, width), _ASCII_LOST
    return drawn, lost * (_steps(before, width) - len(drawn))


def _has_blocks(encoding: str) -> bool:
    try:
        "".join((*_EIGHTHS, _FULL, _LOST)).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _steps(share: float, steps: int) -> int:
    if share in {0, 1}:
        return int(share) * steps
    nearest = int((Decimal(repr(share)) * steps).quantize(Decimal(1), ROUND_HALF_UP))
    return min(max(nearest, 1), steps - 1)
