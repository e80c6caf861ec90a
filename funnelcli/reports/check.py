"""The check report: what the YAML says must hold of the data, and whether it does.

In come the journeys, the numbers that the checks' paths lead to, and the account of rows; one frozen `Checks` goes
out. A number that is unknown fails its check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from funnelcli.config.frames import EPOCH, MICROSECOND, micros
from funnelcli.config.periods import calendar
from funnelcli.config.times import zone
from funnelcli.engine import by_period, entering
from funnelcli.errors import Bug, UsageError
from funnelcli.reports.counting import SECOND, rate
from funnelcli.reports.counts import counts_by, nobody
from funnelcli.reports.shape import Account, Head, head
from funnelcli.stats import shares_test

if TYPE_CHECKING:
    from funnelcli.config.funnel import Check, Every, Funnel
    from funnelcli.engine import Events

LEVEL = 0.025
"""A fall is significant where chance brings one as large less often: half of the 5 % that lie on both sides."""

THREE_PERIODS: dict[Every, timedelta] = {
    "1h": timedelta(hours=3),
    "1d": timedelta(days=3),
    "1w": timedelta(weeks=3),
    "1mo": timedelta(days=93),
}
"""Not less than three periods."""

EXPECTED = ("other_event", "after_as_of", "out_of_range")
"""Rows that take no part and are not meant to: they are no fault of the log."""

Kind = Literal["number", "rate", "seconds", "p"]
"""What a check's value is: any number, a share in 0..1, a duration in seconds, a p-value."""


@dataclass(frozen=True)
class Cohort:
    """Who entered in one period (from `start` to before `end`, UTC), and how many of them reached a stage."""

    start: datetime
    end: datetime
    entered: int
    reached: int


@dataclass(frozen=True)
class Result:
    """One check: its value, None where it is unknown; the limit that it is held against; and whether it passed.

    `limit` is `check.max` where the value is over it or there is no minimum, else `check.min`. Of a fall the value is
    the probability that chance alone brings one as large, and `cohorts` are the last complete period and before it the
    one before; empty where the data do not go back so far. The age of a last row later than now is 0.
    """

    check: Check
    kind: Kind
    value: float | None
    limit: float
    passed: bool
    cohorts: tuple[Cohort, ...] = ()


@dataclass(frozen=True)
class Checks:
    """The report: every check in the order of the file."""

    head: Head
    results: tuple[Result, ...]

    @property
    def passed(self) -> bool:
        """Whether all did."""
        return all(result.passed for result in self.results)


def checks(
    events: Events, funnel: Funnel, account: Account, *, numbers: Mapping[str, float | None], now: datetime
) -> Checks:
    """The funnel's checks; `numbers` are the values of their paths, `now` (UTC) is when the data is looked at.

    Raises:
        UsageError: the data of a fall are too far away for calendar periods.
    """
    clock = funnel.as_of or now

    def result(check: Check) -> Result:
        if check.get is not None:
            return _within(check, numbers[check.get])
        if check.fall is not None:
            return _fall(check, check.fall, events, funnel)
        if check.fresh is not None:
            age = None if account.last_time is None else max(0, micros(clock) - account.last_time) / SECOND
            return _at_most(check, "seconds", age, check.fresh.total_seconds())
        if check.max_skipped is not None:
            faults = sum(rows for reason, rows in account.skipped.items() if reason not in EXPECTED)
            return _at_most(check, "rate", rate(faults, account.rows_read), check.max_skipped)
        raise Bug(f"the check {check.name!r} checks nothing")

    return Checks(head("check", funnel, account, events.end), tuple(result(check) for check in funnel.checks))


def _at_most(check: Check, kind: Kind, value: float | None, limit: float) -> Result:
    return Result(check, kind, value, limit, value is not None and value <= limit)


def _within(check: Check, value: float | None) -> Result:
    """A number held between its floor and its ceiling."""
    path = check.get or ""
    kind: Kind = "number"
    if "_seconds" in path.rpartition(".")[2]:
        kind = "seconds"
    elif path.endswith(("_rate", "_rate_low", "_rate_high")):
        kind = "rate"
    over = value is not None and check.max is not None and value > check.max
    under = value is not None and check.min is not None and value < check.min
    limit = check.max if over or check.min is None else check.min
    if limit is None:
        raise Bug(f"the check {check.name!r} has no limit")
    return Result(check, kind, value, limit, value is not None and not over and not under)


def _fall(check: Check, stage: str, events: Events, funnel: Funnel) -> Result:
    """The conversion rate of the stage in the last complete period against that of the period before."""
    try:
        periods = _last_two(events, funnel, check.every)
    except ValueError as error:
        raise UsageError(f"the check {check.name!r}: {error}") from error
    cohorts = _cohorts(events, funnel, stage, periods) if periods else ()
    p_value = None
    if len(cohorts) == 2 and all(each.entered for each in cohorts):
        before, last = cohorts
        p_value = fallen(last.reached, last.entered, before.reached, before.entered)
    return Result(check, "p", p_value, LEVEL, p_value is not None and p_value >= LEVEL, cohorts)


def fallen(reached: int, entered: int, reached_before: int, entered_before: int) -> float:
    """How often chance alone brings a fall as large or larger, from the two-sided test: Fisher's where an expected
    count is under 5, else that of two proportions. 1 where the rate has not fallen.

    >>> round(fallen(10, 100, 25, 100), 4), fallen(25, 100, 25, 100)
    (0.0026, 1.0)
    """
    if reached * entered_before >= reached_before * entered:
        return 1.0
    p_value, _ = shares_test(reached, entered, reached_before, entered_before)
    return 1.0 if p_value is None else p_value / 2


def _last_two(events: Events, funnel: Funnel, every: Every) -> list[tuple[datetime, datetime]]:
    """The last period that is complete at the end of the data and before it the one before (start, end: UTC).

    None where the first of them begins before the first row that may enter, or the date range.

    Raises:
        ValueError: with the words for a person; the times are too far away.
    """
    seen = entering(events, funnel)
    if seen is None or events.end is None:
        return []
    try:
        over = EPOCH + (events.end - (0 if funnel.window is None else micros(funnel.window))) * MICROSECOND
        until = over if funnel.until is None else min(over, funnel.until)
        begin = until - THREE_PERIODS[every]
    except OverflowError:  # before the year 1
        return []
    there = zone(funnel.timezone)
    found = [span for span in calendar(every, begin, until, there) if span[1] <= until][-2:]
    entered = EPOCH + seen[0] * MICROSECOND
    since, _ = calendar(every, entered, entered + MICROSECOND, there)[0]
    return found if len(found) == 2 and found[0][0] >= max(since, funnel.since or since) else []


def _cohorts(
    events: Events, funnel: Funnel, stage: str, periods: Sequence[tuple[datetime, datetime]]
) -> tuple[Cohort, ...]:
    """Whoever entered in each of the periods, and how many of them reached the stage."""
    journeys = by_period(events, funnel, [(micros(start), micros(end)) for start, end in periods])
    counts = counts_by(journeys.frame, journeys.excluded, ["period"], journeys.end, funnel)
    cohorts = []
    for at, (start, end) in enumerate(periods):
        of = counts.get((at,), nobody(funnel))
        reached = next(each.reached for each in of.stages if each.stage == stage)
        cohorts.append(Cohort(start, end, of.entered, reached))
    return tuple(cohorts)
