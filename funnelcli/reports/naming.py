"""Segments by the words that people type for them: `email`, `(none)`, crossed `email, mobile` or `email,mobile`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from funnelcli.config.basics import nearest
from funnelcli.config.nodes import shown
from funnelcli.reports.counts import words

SHOWN = 8
"""How many segments a message names."""

Values = Mapping[str, str | None]


def by_name(segments: Iterable[Values]) -> dict[str, int]:
    """The place of each segment under its names; of several of one name, such as a value `(none)` and no value, the
    first.
    """
    found: dict[str, int] = {}
    for place, segment in enumerate(segments):
        for joint in (", ", ","):
            found.setdefault(joint.join(words(segment)), place)
    return found


def unknown(name: str, segments: Sequence[Values]) -> str:
    """What to say of a name that no segment has."""
    near = nearest(name, by_name(segments))
    return f"no segment {shown(name)}; {f'did you mean {shown(near)}?' if near else f'there is {listed(segments)}'}"


def listed(segments: Sequence[Values]) -> str:
    """The names of the segments, as many as a line can hold."""
    names = [shown(", ".join(words(segment))) for segment in segments[:SHOWN]]
    more = len(segments) - len(names)
    return f"{', '.join(names)} and {more:,} more" if more else ", ".join(names) or "none"
