"""The conversion report: how many get from stage to stage, as a whole and by segment.

Journeys come in; one frozen `Conversion` goes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from funnelcli.reports.counts import Counts, Segment, segments, whole
from funnelcli.reports.shape import Account, Head, head

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.engine import Journeys


@dataclass(frozen=True)
class Preset:
    """What the same funnel comes to under one preset of meaning."""

    preset: str
    entered: int
    converted: int
    conversion_rate: float | None


@dataclass(frozen=True)
class Conversion:
    """The report: the whole, and the segments of each breakdown, by entered, then name.

    `presets` compares the presets of meaning, where that is what was asked for.
    """

    head: Head
    whole: Counts
    segments: tuple[Segment, ...]
    presets: tuple[Preset, ...] = ()


def conversion(journeys: Journeys, funnel: Funnel, account: Account, *, top: int | None = None) -> Conversion:
    """The conversion report on `journeys`. `top` pools all but that many segments of each breakdown.

    Raises:
        Bug: an identity that must hold does not.
    """
    total = whole(journeys, funnel)
    parts = [part for columns in funnel.breakdowns for part in segments(journeys, columns, funnel, total, top=top)]
    return Conversion(head("conversion", funnel, account, journeys.end), total, tuple(parts))


def compared(reports: Sequence[Conversion]) -> Conversion:
    """The first of the reports on one funnel under several presets, with what all of them come to."""
    presets = tuple(
        Preset(
            preset=report.head.funnel.semantics or "",
            entered=report.whole.entered,
            converted=report.whole.converted,
            conversion_rate=report.whole.conversion_rate,
        )
        for report in reports
    )
    return replace(reports[0], presets=presets)
