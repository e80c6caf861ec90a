"""Survival: the share that has had the event by a time, and whether groups have it at the same pace.

A unit has a duration, in any unit of time, and either had the event at its end or was then lost from sight (censored).
Of equal durations, events come before censorings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import fsum

from funnelcli.stats.tails import chi_square_tail

Group = tuple[Sequence[float], Sequence[bool]]
"""Durations, and for each whether it ended in the event."""
NOUGHT = 1e-11
"""A variance that has shrunk below this share of what it was is nought but for rounding."""


def kaplan_meier(durations: Sequence[float], events: Sequence[bool], at: float) -> float | None:
    """The estimate 1 − S(at), in 0..1: the share that has had the event by `at`, an event at `at` included.

    Where nobody was censored before `at`, it is the plain share, to the last bit. Beyond the last duration it stays as
    it was there. None for no units.

    Source: Kaplan and Meier (1958), Nonparametric estimation from incomplete observations; JASA 53, 457–481.

    >>> round(kaplan_meier([1, 2, 2, 3, 4], [True, True, False, False, True], 3), 6)
    0.4
    >>> kaplan_meier([], [], 3) is None
    True
    """
    if not durations:
        return None
    share, survival = 0.0, 1.0  # when somebody was last censored
    at_risk, had = len(durations), 0  # from then on
    for duration, censored in sorted((time, not event) for time, event in zip(durations, events, strict=True)):
        if duration > at:
            break
        if not censored:
            had += 1
            continue
        share += survival * (had / at_risk)
        survival *= (at_risk - had) / at_risk
        at_risk, had = at_risk - had - 1, 0
    return share + survival * (had / at_risk) if had else share


def log_rank(groups: Sequence[Group]) -> float | None:
    """The p-value of the log-rank test that all groups have the event at the same pace: chi-square, groups − 1 degrees.

    Each group is its durations and, for each, whether it ended in the event. Groups with nobody left at the first event
    say nothing and take no degree. None where there is nothing to compare: fewer than two such groups, no events.

    Source: Mantel (1966), Evaluation of survival data and two new rank order statistics arising in its consideration;
    Cancer Chemotherapy Reports 50, 163–170. Peto and Peto (1972), Asymptotically efficient rank invariant test
    procedures; Journal of the Royal Statistical Society A 135, 185–207. R's survdiff.

    >>> early, late = ([1, 2, 3, 4], [True, True, True, False]), ([3, 5, 6, 7], [True, True, False, False])
    >>> round(log_rank([early, late]), 6)
    0.127691
    """
    kinds = range(len(groups))
    observed = [0] * len(groups)
    expected: list[list[float]] = [[] for _ in kinds]
    covariance: list[list[list[float]]] = [[[] for _ in kinds] for _ in kinds]
    for at_risk, had in _event_times(groups):
        everyone, events = sum(at_risk), sum(had)
        spread = events * (everyone - events) / (everyone - 1) if everyone > 1 else 0.0
        for i in kinds:
            observed[i] += had[i]
            expected[i].append(events * at_risk[i] / everyone)
            for j in kinds:
                shared = at_risk[i] * ((everyone if i == j else 0) - at_risk[j])
                covariance[i][j].append(spread * (shared / everyone**2))
    return log_rank_from(observed, [fsum(terms) for terms in expected], [[fsum(t) for t in row] for row in covariance])


def _event_times(groups: Sequence[Group]) -> Iterator[tuple[list[int], list[int]]]:
    """At each time of an event, in order: how many of each group are at risk, and how many of them have the event."""
    at_risk = [len(durations) for durations, _ in groups]
    ends = sorted(
        (duration, group, event)
        for group, (durations, events) in enumerate(groups)
        for duration, event in zip(durations, events, strict=True)
    )
    for _, at_once in groupby(ends, key=lambda end: end[0]):
        had, gone = [0] * len(groups), [0] * len(groups)
        for _, group, event in at_once:
            had[group] += bool(event)
            gone[group] += 1
        if any(had):
            yield list(at_risk), had
        at_risk = [count - left for count, left in zip(at_risk, gone, strict=True)]


def log_rank_from(
    observed: Sequence[float], expected: Sequence[float], covariance: Sequence[Sequence[float]]
) -> float | None:
    """The log-rank p-value from sums over the times of events, one entry per group.

    At a time with n at risk, n_i of them of group i, and d events, group i expects d·n_i/n, and the covariance of
    groups i and j grows by d·(n − d)/(n − 1) · n_i/n · ([i = j] − n_j/n), by nothing where n = 1. The matrix is
    singular, as the groups' differences add up to nought; its rank is the degrees of freedom. None where that is 0.

    >>> round(log_rank_from([10, 20], [15, 15], [[7, -7], [-7, 7]]), 6)
    0.058782
    """
    matrix = [list(row) for row in covariance]
    excess = [seen - due for seen, due in zip(observed, expected, strict=True)]
    left = [group for group in range(len(excess)) if matrix[group][group] > 0]
    own = {group: matrix[group][group] for group in left}
    statistic, degrees = 0.0, 0
    while left:  # a Cholesky decomposition that takes the group least explained by those before it
        pivot = max(left, key=lambda group: matrix[group][group] / own[group])
        variance = matrix[pivot][pivot]
        if variance <= NOUGHT * own[pivot]:
            break
        left.remove(pivot)
        statistic += excess[pivot] ** 2 / variance
        degrees += 1
        for i in left:
            factor = matrix[i][pivot] / variance
            excess[i] -= factor * excess[pivot]
            for j in left:
                matrix[i][j] -= factor * matrix[pivot][j]
    return chi_square_tail(statistic, degrees) if degrees else None
