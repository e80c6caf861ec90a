"""Sparklines: shares in the order of time, each a sign as high as it is; ASCII where the encoding has no blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelcli.errors import Bug

if TYPE_CHECKING:
    from funnelcli.tables.table import Cell

_BLOCKS, _ASCII = "▁▂▃▄▅▆▇█", "_.:-=+*#"
_LEVEL = 3
"""The height of shares that are all the same."""


def sparkline(value: Cell, width: int | None, encoding: str) -> str:
    """The shares in a cell each, from the lowest of them at the bottom to the highest at the top; a gap is a dot.

    Of more than `width` shares the last are drawn, after a sign that there are others; null draws nothing.

    >>> sparkline((0.1, None, 0.5, 0.9), 4, "utf-8"), sparkline((0.1, None, 0.5, 0.9), 3, "utf-8")
    ('▁·▅█', '…▅█')
    >>> sparkline((0.1, None, 0.5, 0.9), 4, "ascii"), sparkline((0.1, None, 0.5, 0.9), 3, "ascii")
    ('_ =#', '<=#')
    """
    if value is None:
        return ""
    if not isinstance(value, tuple):
        raise Bug(f"{value!r} is not a sparkline")
    heights, gap, more = _signs(encoding)
    known = [share for share in value if share is not None]
    low, high = min(known, default=0), max(known, default=0)
    drawn = "".join(gap if share is None else heights[_height(share, low, high)] for share in value)
    return drawn if width is None or len(drawn) <= width else more + drawn[len(drawn) - width + 1 :]


def _signs(encoding: str) -> tuple[str, str, str]:
    """The heights, the gap, and what says that there are others."""
    try:
        f"{_BLOCKS}·…".encode(encoding)
    except UnicodeEncodeError:
        return _ASCII, " ", "<"
    return _BLOCKS, "·", "…"


def _height(share: float, low: float, high: float) -> int:
    """One of eight steps of the same size; only the lowest share is certain of the first, the highest of the last."""
    if low == high:
        return _LEVEL
    return min(int((share - low) / (high - low) * 8), 7)
