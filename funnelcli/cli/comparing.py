"""What the options of `compare` say: two periods, a baseline, an expected split; and which of them go together."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from funnelcli.config import times
from funnelcli.config.nodes import shown
from funnelcli.config.periods import Period, period
from funnelcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelcli.config.funnel import Funnel

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_SHARES = re.compile(rf"{_NUMBER}(?:/{_NUMBER})+\Z")
_NAMED = re.compile(rf"(?P<name>.+?)=(?P<weight>{_NUMBER})%?(?:,\s*|\Z)", re.DOTALL)


def weights(text: str) -> list[tuple[str | None, float]]:
    """The parts of `--expected-split`, each with its segment if that is named.

    >>> weights("50/50"), weights("A=2,B=1")
    ([(None, 50.0), (None, 50.0)], [('A', 2.0), ('B', 1.0)])

    Raises:
        UsageError: these are no shares, or one is zero.
    """
    found: list[tuple[str | None, float]]
    if _SHARES.match(text):
        found = [(None, float(part)) for part in text.split("/")]
    else:
        found = [(each["name"], float(each["weight"])) for each in _NAMED.finditer(text)]
        if not found or "".join(each[0] for each in _NAMED.finditer(text)) != text:
            raise UsageError(f"--expected-split: {shown(text)} is no split; write 50/50, 1/1/2 or A=50,B=50")
    if any(weight == 0 for _, weight in found):
        raise UsageError("--expected-split: a part is 0; leave these units out with --where")
    return found


def comparable(
    funnel: Funnel,
    periods: tuple[str, str] | None,
    baseline: str | None,
    expected_split: str | None,
    mature: bool | None,
) -> None:
    """Nothing, if the options go together and with the funnel; `mature` as typed, None where it was not.

    Raises:
        UsageError: they do not.
    """
    overlap = funnel.segment_from == "any"
    if periods is not None and mature is False:
        raise UsageError("--no-mature: periods are always compared by units whose window is over; leave it out")
    if periods is None and not funnel.breakdowns:
        raise UsageError("compare: nothing to compare; name a column with --by, or two periods with --periods")
    if periods is None and baseline is not None and overlap:
        raise UsageError("--baseline: with segment_from any a unit can be in both; leave one of the two out")
    if expected_split is not None:
        if periods is not None:
            raise UsageError("--expected-split: is of segments, and --periods compares periods; leave one out")
        if len(funnel.breakdowns) > 1:
            names = " and ".join(",".join(columns) for columns in funnel.breakdowns)
            raise UsageError(f"--expected-split: is of one breakdown, and there are {names}; name one with --by")
        if overlap:
            raise UsageError("--expected-split: with segment_from any a unit can be in several segments; leave it out")
    if periods is not None and any("period" in columns for columns in funnel.breakdowns):
        raise UsageError("--by: with --periods the output has a column 'period' of its own; rename the log's")


def two_periods(typed: tuple[str, str], funnel: Funnel, now: datetime) -> tuple[Period, Period]:
    """The two periods that `--periods` names, the earlier first, cut to the funnel's date range.

    Relative ones count from the funnel's `as_of`, else from `now`.

    Raises:
        UsageError: one of them is none or lies outside the date range, or they overlap.
    """
    try:
        zone = times.zone(funnel.timezone)
        found = [period(text, zone, funnel.as_of or now) for text in typed]
    except ValueError as error:
        raise UsageError(f"--periods: {error}") from error
    first, second = sorted(found, key=lambda each: each.since)
    if second.since < first.until:
        raise UsageError(f"--periods: {first.label} and {second.label} overlap; name two that do not")
    return _cut(first, funnel), _cut(second, funnel)


def _cut(whole: Period, funnel: Funnel) -> Period:
    since = whole.since if funnel.since is None else max(whole.since, funnel.since)
    until = whole.until if funnel.until is None else min(whole.until, funnel.until)
    if since >= until:
        raise UsageError(f"--periods: {whole.label} lies outside the dates of since and until; change one of them")
    return replace(whole, since=since, until=until)


def baseline_label(
    baseline: str | None, typed: tuple[str, str], periods: Sequence[Period], funnel: Funnel, now: datetime
) -> str:
    """The label of the period that is the baseline: the earlier one, unless the other is named.

    Raises:
        UsageError: the name is of neither.
    """
    labels = [each.label for each in periods]
    if baseline is None or baseline in labels:
        return baseline or labels[0]
    if baseline in typed:
        return period(baseline, times.zone(funnel.timezone), funnel.as_of or now).label
    raise UsageError(f"--baseline: no period {shown(baseline)}; there is {' and '.join(map(shown, labels))}")
