"""What the tables of several reports write alike: counts and segments as JSON tells them, their words, and the
sentence on units that are still open.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Protocol

from funnelcli import display
from funnelcli.reports.counts import Counts, StageCounts, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from funnelcli.config.funnel import Funnel
    from funnelcli.reports.timing import StageTimes
    from funnelcli.tables.table import Kind

_TEXT, _FLAG = {"stage"}, {"optional"}
_COUNTS = {"position", "reached", "dropped", "open", "continued", "entered_here"}
_OPEN_ONLY = frozenset({"continued", "entered_here"})
"""What only a funnel with `start: open` tells of a stage."""


def stage_fields(funnel: Funnel) -> list[str]:
    """The keys of a stage, in their order."""
    return [each.name for each in fields(StageCounts) if funnel.start == "open" or each.name not in _OPEN_ONLY]


def counts_record(counts: Counts, funnel: Funnel) -> dict[str, Any]:
    """Counts as JSON tells them, with their stages."""
    names = stage_fields(funnel)
    stages = [{name: getattr(stage, name) for name in names} for stage in counts.stages]
    return asdict(counts) | {"stages": stages}


class Named(Protocol):
    """A segment, whatever is told of it; None is the whole."""

    @property
    def segment(self) -> Mapping[str, str | None] | None:
        """Its value per column of the breakdown."""
        ...

    @property
    def pooled(self) -> bool:
        """Whether it is all that --top leaves out."""
        ...

    @property
    def not_reached(self) -> bool:
        """Whether it is those who did not reach the stage at which segments are read."""
        ...


def segment_record(part: Named) -> dict[str, Any]:
    """A segment as JSON tells it, with its counts still to come.

    `pooled` and `not_reached` are there only if so: a value of the log may be called `(other)` or `(not reached)`.
    """
    flags = {"pooled": part.pooled, "not_reached": part.not_reached}
    return {"segment": dict(part.segment or {})} | {name: True for name, holds in flags.items() if holds}


def stage_kind(name: str) -> Kind:
    """What a key of a stage holds."""
    if name in _TEXT:
        return "text"
    if name in _FLAG:
        return "flag"
    if name in _COUNTS:
        return "count"
    return "seconds" if name.endswith("_seconds") else "rate"


def breakdown(values: Mapping[str, str | None]) -> str:
    """The columns of a breakdown, as they are asked for: `channel,device`."""
    return ",".join(values)


def segment(values: Mapping[str, str | None]) -> str:
    """A segment as people see it: `email`, `(none)`, `email, mobile`."""
    return ", ".join(words(values))


def interval(low: float | None, high: float | None) -> tuple[float, float] | None:
    """The pair, if both are known."""
    return None if low is None or high is None else (low, high)


def last_required(stages: Sequence[StageCounts]) -> StageCounts:
    """The last required stage: who reached it has converted."""
    return next(stage for stage in reversed(stages) if not stage.optional)


def stage_heading(stage: StageCounts | StageTimes) -> str:
    """The stage's name, and whether it is optional."""
    return f"{stage.stage} (optional)" if stage.optional else stage.stage


def still_open(counts: Counts) -> Iterable[str]:
    """What a person must know of units whose window is not over, if there are any."""
    if counts.open:
        is_ = "is" if counts.open == 1 else "are"
        yield (
            f"{display.count(counts.open)} of {display.count(counts.entered)} {is_} still open: the window is not over"
            f" at the end of the data. {_known(counts)}".rstrip()
        )


def _known(counts: Counts) -> str:
    """The two rates that allow for units whose window is not over, as far as they are known."""
    parts = []
    if counts.mature_conversion_rate is not None:
        parts.append(f"of those whose window is over, {display.rate(counts.mature_conversion_rate)} converted")
    if counts.estimated_conversion_rate is not None:
        parts.append(f"the Kaplan–Meier estimate for all is {display.rate(counts.estimated_conversion_rate)}")
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""
