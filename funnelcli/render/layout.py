"""Which columns of a section a terminal of some width can show, and how wide each is.

Columns go by `priority`, the highest number first; numbers side by side of one priority and kind, as a rate and the
rate it is held against, go together. Numbers are never folded. Names are folded over several lines when the columns
that must stay need the room, or when a name claims more than its share of the width; headings may take two lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from funnelcli.render.text import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from funnelcli.tables.table import Column

GAP = 2
"""Cells between two columns."""

_BAR = 8, 16, 28
"""Cells of the shortest bar, of one that is good enough for other columns to have the room, and of the longest."""

_LINE = 16
"""Cells of the shortest sparkline that does not show all it has."""

_NAME = 6, 16
"""Cells a name keeps however narrow the terminal is, and cells it keeps while columns can go instead."""


@dataclass(frozen=True)
class Layout:
    """The positions of the columns shown, the width of each, and the positions of those that had to go."""

    shown: tuple[int, ...]
    widths: tuple[int, ...]
    left_out: tuple[int, ...]


def layout(columns: Sequence[Column], texts: Sequence[Sequence[str]], width: int) -> Layout:
    """The layout for `width` cells, of columns with their words (the heading is the first of each).

    A line is longer than `width` only if the numbers of priority 0 and the shortest names do not fit.
    """
    needs = [_need(column, cells, width) for column, cells in zip(columns, texts, strict=True)]
    widths = dict(enumerate(needs))
    while _line(widths.values()) > width and any(columns[at].priority for at in widths):
        last = max(widths, key=lambda at: (columns[at].priority, at))
        for at in _together(last, columns):
            del widths[at]
    _fold_names(widths, columns, width)
    _use_the_rest(widths, columns, texts, width)
    left_out = tuple(at for at in range(len(columns)) if at not in widths)
    return Layout(tuple(widths), tuple(widths.values()), left_out)


def _together(last: int, columns: Sequence[Column]) -> list[int]:
    """The position, and of numbers those before it that go with it: neighbours of its kind and priority."""
    first, (kind, priority) = last, (columns[last].kind, columns[last].priority)
    while first and kind != "text" and (columns[first - 1].kind, columns[first - 1].priority) == (kind, priority):
        first -= 1
    return list(range(first, last + 1))


def _need(column: Column, cells: Sequence[str], width: int) -> int:
    if column.kind == "bar":
        return _BAR[0]
    longest = max(map(cell_len, cells[1:]), default=0)
    if column.kind == "text":
        longest = min(longest, max(_NAME[1], width // 4))
    if column.kind == "sparkline":
        longest = min(longest, _LINE)
    return max(longest, _heading(cells[0]))


def _heading(text: str) -> int:
    """The fewest cells in which a heading takes at most two lines with no word broken."""
    words = text.split(" ")
    splits = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words) + 1)]
    return min(max(map(cell_len, split)) for split in splits)


def _fold_names(widths: dict[int, int], columns: Sequence[Column], width: int) -> None:
    """Takes cells from the widest names, one at a time, until the line fits or all are as short as may be."""
    while _line(widths.values()) > width:
        names = [at for at in widths if columns[at].kind == "text" and widths[at] > _NAME[0]]
        if not names:
            return
        widths[max(names, key=lambda at: widths[at])] -= 1


def _use_the_rest(
    widths: dict[int, int], columns: Sequence[Column], texts: Sequence[Sequence[str]], width: int
) -> None:
    """Gives the cells that are left to bars, to names, to sparklines, to headings that then need one line, and again
    to bars.
    """
    bars = [at for at in widths if columns[at].kind == "bar"]
    names = [at for at in widths if columns[at].kind == "text"]

    def rest() -> int:
        return max(0, width - _line(widths.values()))

    def lengthen_bars(longest: int) -> None:
        for at in bars:
            widths[at] = max(widths[at], min(longest, widths[at] + rest()))

    lengthen_bars(_BAR[1])
    for at in names:
        room = widths[at] + rest()
        folded = [line for cell in texts[at] for line in wrapped(cell, room)]
        widths[at] = max(widths[at], *map(cell_len, folded))
    for at in [at for at in widths if columns[at].kind == "sparkline"]:
        widths[at] = max(widths[at], min(max(map(cell_len, texts[at])), widths[at] + rest()))
    for at, cells in enumerate(texts):
        whole = max(map(cell_len, cells))
        if at in widths and at not in bars and whole <= widths[at] + rest():
            widths[at] = max(widths[at], whole)
    lengthen_bars(_BAR[2])


def _line(widths: Iterable[int]) -> int:
    cells = list(widths)
    return sum(cells) + GAP * max(0, len(cells) - 1)
