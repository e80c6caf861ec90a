"""Histograms of durations, with bins that begin and end where a person would put them: 1 min, 5 min, 15 min, 1 h, ….

A bin holds its lower edge and not its upper one; the last bin holds both. All durations here are whole µs.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

_MS, _SECOND = 1_000, 1_000_000
_MINUTE, _HOUR, _DAY = 60 * _SECOND, 3600 * _SECOND, 86400 * _SECOND

_YEARS = [365 * _DAY * years for years in (1, 2, 5, 10, 100, 1_000, 10_000, 100_000)]

FINE = (
    *(each * _MS for each in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    *(each * _SECOND for each in (1, 2, 5, 10, 15, 30)),
    *(each * _MINUTE for each in (1, 2, 5, 10, 15, 30)),
    *(each * _HOUR for each in (1, 2, 3, 6, 12)),
    *(each * _DAY for each in (1, 2, 3, 7, 14, 30, 60, 90, 180)),
    *_YEARS,
)
"""The edges that bins may have, but for 0; and the widths that they may have where all are alike."""

COARSE = (
    *(each * _MS for each in (1, 10, 100)),
    *(each * _SECOND for each in (1, 5, 15)),
    *(each * _MINUTE for each in (1, 5, 15, 30)),
    *(each * _HOUR for each in (1, 3, 6, 12)),
    *(each * _DAY for each in (1, 2, 3, 7, 14, 30, 90)),
    *_YEARS,
)
"""Those of the fine edges that are used where all would make too many bins."""

_LEGIBLE = ((_SECOND, _MS), (_MINUTE, 100 * _MS), (_HOUR, _SECOND), (_DAY, _MINUTE), (100 * _DAY, _HOUR))
"""Up to which duration people tell which width apart, in the two largest units; above them a day."""


def edges(least: int, most: int, bins: int) -> list[int]:
    """The edges of bins that hold all durations from `least` to `most`; at least two.

    They are the fine edges. Where that is more than `bins` bins they are the coarse ones, of which some may have to be
    joined (see `joined`); where it is fewer than half of them, edges a fine width apart, unless that makes fewer still.

    >>> [edge // 60_000_000 for edge in edges(3 * 60_000_000, 50 * 60_000_000, 12)]
    [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50]
    """
    found = _covering(FINE, least, most)
    if len(found) - 1 > bins:
        return _covering(COARSE, least, most)
    if 2 * (len(found) - 1) < bins:
        even = _even(least, most, bins)
        return even if len(even) >= len(found) else found
    return found


def joined(edges: Sequence[int], counts: Sequence[int], bins: int) -> list[int]:
    """The edges without those between the neighbours with the fewest durations, until they make at most `bins` bins.

    >>> joined([0, 1, 2, 3, 4], [1, 0, 7, 5], bins=2)
    [0, 3, 4]
    """
    left, sizes = list(edges), list(counts)
    while len(sizes) > bins:
        at = min(range(len(sizes) - 1), key=lambda place: sizes[place] + sizes[place + 1])
        sizes[at : at + 2] = [sizes[at] + sizes[at + 1]]
        del left[at + 1]
    return left


def _covering(marks: Sequence[int], least: int, most: int) -> list[int]:
    """The marks, and 0, from the last that is not above `least` to the first after it that is not below `most`."""
    every = (0, *marks)
    first = bisect_right(every, least) - 1
    last = max(bisect_left(every, most), first + 1)
    return list(every[first : last + 1])


def _even(least: int, most: int, bins: int) -> list[int]:
    """Edges of one width, the smallest that people can tell and that makes at most `bins` bins."""
    legible = next((width for limit, width in _LEGIBLE if most < limit), _DAY)
    for width in FINE:
        first, last = least // width, -(-most // width)
        if width >= legible and last - first <= bins:
            return [width * number for number in range(first, max(last, first + 1) + 1)]
    return []
