"""The split of an experiment: whether units entered its segments in the shares that were meant.

Where they did not, something decided who is in which segment that was not to decide it, and the segments cannot be
compared. Source: Fabijan et al. (2019), Diagnosing sample ratio mismatch in online controlled experiments; KDD '19,
2156–2164.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from funnelcli.config.nodes import shown
from funnelcli.errors import UsageError
from funnelcli.reports.counts import Segment, words
from funnelcli.reports.naming import Values, by_name, listed, unknown
from funnelcli.stats import goodness_of_fit

OFF = 0.001
"""Under this p-value the split is taken to be off: rarely enough that it is no chance."""

OPTION = "--expected-split"
Weights = Sequence[tuple[str | None, float]]
"""(segment as typed, weight above 0), in any sum; without names, for the segments sorted by name."""


@dataclass(frozen=True)
class Split:
    """The shares that were meant and how many entered, by segment in the order of the report; p by chi-square."""

    expected: tuple[tuple[Values, float], ...]
    observed: tuple[tuple[Values, int], ...]
    p_value: float | None


def split(parts: Sequence[Segment], weights: Weights) -> Split:
    """The split of these segments against what was meant.

    Raises:
        UsageError: the weights are not one for each segment.
    """
    shares = _named(parts, weights) if weights[0][0] is not None else _sorted(parts, weights)
    total = fsum(shares)
    observed = [part.counts.entered for part in parts]
    return Split(
        expected=tuple((part.segment, share / total) for part, share in zip(parts, shares, strict=True)),
        observed=tuple((part.segment, count) for part, count in zip(parts, observed, strict=True)),
        p_value=goodness_of_fit(observed, shares),
    )


def _sorted(parts: Sequence[Segment], weights: Weights) -> list[float]:
    """The weights of the parts, given for them sorted by name."""
    order = sorted(range(len(parts)), key=lambda at: words(parts[at].segment))
    if len(order) != len(weights):
        names = listed([parts[at].segment for at in order])
        raise UsageError(
            f"{OPTION}: {len(weights)} parts, and there are {len(order)} segments: {names}; write one each"
        )
    weight = {at: value for at, (_, value) in zip(order, weights, strict=True)}
    return [weight[at] for at in range(len(parts))]


def _named(parts: Sequence[Segment], weights: Weights) -> list[float]:
    """The weights of the parts, given by name."""
    segments = [part.segment for part in parts]
    names = by_name(segments)
    weight: dict[int, float] = {}
    for name, value in weights:
        if name is None or name not in names:
            raise UsageError(f"{OPTION}: {unknown(name or '', segments)}")
        at = names[name]
        if at in weight:
            raise UsageError(f"{OPTION}: {shown(name)} is there twice; write each segment once")
        weight[at] = value
    missing = [segment for at, segment in enumerate(segments) if at not in weight]
    if missing:
        raise UsageError(f"{OPTION}: no part for {listed(missing)}; write one for each segment")
    return [weight[at] for at in range(len(parts))]
