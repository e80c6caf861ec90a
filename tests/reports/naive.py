"""The conversion report in plain Python: what the program's numbers are held against.

In come the oracle's journeys of every unit and a funnel with the YAML's keys; out comes the report as JSON tells it,
from `entered` on. Counts are ints, other numbers exact fractions (Wilson's limits: fifty digits), unknown is None.
It shares no code with funnelcli, and must not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from tests import oracle

if TYPE_CHECKING:
    from tests.oracle import Result

Record = dict[str, Any]
Values = tuple[str | None, ...]

Z = Decimal("1.959963984540054235524594430520551")
"""The 0.975 quantile of the normal distribution, from tables."""
OTHER = "(other)"
SECOND = 1_000_000


def report(found: Iterable[Sequence[Result]], funnel: oracle.Funnel, end: int | None, top: int | None = None) -> Record:
    """The report on the journeys of every unit; `end` is the end of the data in µs. No value is `(not reached)`."""
    journeys = [journey for of_unit in found for journey in of_unit]
    record = counts(journeys, funnel, end)
    if funnel.get("breakdowns"):
        record["segments"] = [
            {"segment": dict(zip(breakdown, values, strict=True))}
            | ({"pooled": True} if place == top else {})
            | ({"not_reached": True} if set(values) == {oracle.NOT_REACHED} else {})
            | counts(members, funnel, end)
            for breakdown in map(tuple, funnel["breakdowns"])
            for place, (values, members) in enumerate(segments(journeys, breakdown, top))
        ]
    return record


def data(worlds: Iterable[Sequence[oracle.Row]], funnel: oracle.Funnel) -> Record:
    """The account of rows, of logs in which every row has a unit and a readable time; times in µs."""
    rows = [row for world in worlds for row in world]
    entries = [*funnel["stages"], *funnel.get("exclude", ())]
    any_row = funnel.get("order") == "strict" or funnel.get("session") is not None
    skipped = {"other_event": 0, "after_as_of": 0, "out_of_range": 0}
    for row in rows:
        here = oracle.holds(row, funnel.get("where", {}))
        if not here or not (any_row or any(oracle.completes(row, entry) for entry in entries)):
            skipped["other_event"] += 1
        elif funnel.get("as_of") is not None and row.time > funnel["as_of"]:
            skipped["after_as_of"] += 1
        elif not oracle.takes_part(row, funnel):
            skipped["out_of_range"] += 1
    return {
        "rows_read": len(rows),
        "rows_used": len(rows) - sum(skipped.values()),
        "rows_skipped": {reason: number for reason, number in skipped.items() if number},
        "first_time": min(row.time for row in rows),
        "last_time": max(row.time for row in rows),
    }


def segments(journeys: Sequence[Result], breakdown: Values, top: int | None) -> list[tuple[Values, list[Result]]]:
    """The segments of a breakdown in their order; what `top` pools comes last, each journey in it once."""
    members: dict[Values, list[Result]] = {}
    for journey in journeys:
        for values in journey.segments[breakdown]:
            members.setdefault(values, []).append(journey)
    ordered = sorted(members.items(), key=lambda pair: rank(*pair))
    kept = ordered[:top]
    pooled = {values for values, _ in ordered[len(kept) :]}
    others = [journey for journey in journeys if journey.segments[breakdown] & pooled]
    return [*kept, ((OTHER,) * len(breakdown), others)] if others else kept


def rank(values: Values, members: Iterable[Result]) -> tuple[Any, ...]:
    """A segment's place: most entered first, then the words people see, and no value after a value of that word."""
    entered = sum(journey.status != "excluded" for journey in members)
    return -entered, ["(none)" if value is None else value for value in values], [value is None for value in values]


def counts(journeys: Iterable[Result], funnel: oracle.Funnel, end: int | None) -> Record:
    """The counts of a group of journeys, from `entered` to `stages`."""
    having: dict[str, list[Result]] = {"converted": [], "dropped": [], "open": [], "excluded": []}
    for journey in journeys:
        having[journey.status].append(journey)
    entered = [*having["converted"], *having["dropped"], *having["open"]]
    mature = [journey for journey in entered if is_over(journey, funnel, end)]
    pairs = funnel.get("start") == "open"
    durations = [] if pairs else [took(journey, funnel) for journey in having["converted"]]
    return {
        "entered": len(entered),
        **{status: len(of_status) for status, of_status in having.items()},
        "conversion_rate": ratio(len(having["converted"]), len(entered)),
        "mature_conversion_rate": ratio(sum(journey.status == "converted" for journey in mature), len(mature)),
        "estimated_conversion_rate": None if pairs else estimate(entered, funnel, end),
        **{key: durations_told(durations)[key[: -len("_to_convert")]] for key in TO_CONVERT},
        "stages": [stage_line(entered, funnel, number, end) for number in range(len(funnel["stages"]))],
    }


TO_CONVERT = ("median_seconds_to_convert", "mean_seconds_to_convert", "p90_seconds_to_convert")


def stage_line(entered: Sequence[Result], funnel: oracle.Funnel, number: int, end: int | None) -> Record:
    """The line of the stage with that number, from 0."""
    pairs, any_order = funnel.get("start") == "open", funnel.get("order") == "any"
    stages = funnel["stages"]
    optional = bool(stages[number].get("optional"))
    name = ("1 stage" if number == 0 else f"{number + 1} stages") if any_order else stages[number]["name"]
    reached = [journey for journey in entered if journey.times[number] is not None]
    low, high = wilson(len(reached), len(entered))
    line: Record = {
        "stage": name,
        "position": number + 1,
        "optional": optional,
        "reached": len(reached),
        "conversion_rate": ratio(len(reached), len(entered)),
        "conversion_rate_low": low,
        "conversion_rate_high": high,
        **dict.fromkeys(("stage_rate", "stage_rate_low", "stage_rate_high", "dropped", "drop_off_rate", "open")),
        **durations_told([]),
    }
    went_on = reached
    if number > 0:
        before = max(earlier for earlier in range(number) if not stages[earlier].get("optional"))
        came = [journey for journey in entered if journey.times[before] is not None]
        went_on = [journey for journey in came if journey.continued[number]] if pairs else reached
        line["stage_rate"] = ratio(len(went_on), len(came))
        line["stage_rate_low"], line["stage_rate_high"] = wilson(len(went_on), len(came))
        if not optional:
            stayed = [journey for journey in came if not (journey.continued[number] if pairs else journey in went_on)]
            running = sum(not is_over(journey, funnel, end) for journey in stayed)
            line["dropped"], line["open"] = len(stayed) - running, running
            line["drop_off_rate"] = ratio(len(stayed), len(came))
        if not pairs:
            line |= durations_told([int(one.times[number] or 0) - int(one.times[before] or 0) for one in reached])
    if pairs:
        line["continued"] = len(went_on) if number else None
        line["entered_here"] = len(reached) - len(went_on) if number else len(reached)
    return line


def entry(journey: Result) -> int:
    """When it entered: at its first time, whichever stage that was."""
    return min(time for time in journey.times if time is not None)


def took(journey: Result, funnel: oracle.Funnel) -> int:
    """µs from entering to the last required stage."""
    last = max(number for number, stage in enumerate(funnel["stages"]) if not stage.get("optional"))
    return int(journey.times[last] or 0) - entry(journey)


def is_over(journey: Result, funnel: oracle.Funnel, end: int | None) -> bool:
    """Whether its entry + window is not later than the end of the data; without a window always."""
    window = funnel.get("window")
    return window is None or (end is not None and entry(journey) + window <= end)


def ratio(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def estimate(entered: Sequence[Result], funnel: oracle.Funnel, end: int | None) -> Fraction | None:
    """Kaplan and Meier's 1 − S(window): the product over the times of conversions of 1 − converted ÷ at risk.

    Who has not converted is censored at the end of the data; without a window or without anybody there is none.
    """
    if funnel.get("window") is None or end is None or not entered:
        return None
    happened = [took(journey, funnel) for journey in entered if journey.status == "converted"]
    censored = [end - entry(journey) for journey in entered if journey.status != "converted"]
    staying = Fraction(1)
    for moment in sorted(set(happened)):
        assert moment <= funnel["window"]
        at_risk = sum(duration >= moment for duration in happened + censored)
        staying *= 1 - Fraction(happened.count(moment), at_risk)
    return 1 - staying


def durations_told(durations: Sequence[int]) -> Record:
    """Median, mean and p90 in seconds of durations in µs; None of none."""
    return {
        "median_seconds": quantile(durations, Fraction(1, 2)),
        "mean_seconds": Fraction(sum(durations), len(durations) * SECOND) if durations else None,
        "p90_seconds": quantile(durations, Fraction(9, 10)),
    }


def quantile(durations: Sequence[int], share: Fraction) -> Fraction | None:
    """The value that far along the sorted durations, in seconds; between two of them in proportion."""
    if not durations:
        return None
    ordered, place = sorted(durations), share * (len(durations) - 1)
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    return (below + (above - below) * (place - math.floor(place))) / SECOND


@cache
def wilson(part: int, whole: int) -> tuple[Decimal, Decimal] | tuple[None, None]:
    """Where the score equation (part − whole·p)² = z²·whole·p·(1 − p) holds: the two roots of a quadratic in p."""
    if not whole:
        return None, None
    with localcontext() as context:
        context.prec = 60
        a, b, c = whole + Z * Z, 2 * part + Z * Z, Decimal(part * part) / whole
        root = (b * b - 4 * a * c).sqrt()
        high = (b + root) / (2 * a)
        return (c / a / high, high) if part < whole else (c / a, Decimal(1))


def assert_tells(found: Any, wanted: Any, where: str = "report") -> None:
    """What the program tells is what is wanted: the same keys in the same order, counts exactly, numbers to 1e-12."""
    if isinstance(wanted, dict):
        assert list(found) == list(wanted), where
        for key, value in wanted.items():
            assert_tells(found[key], value, f"{where}.{key}")
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), where
        for number, value in enumerate(wanted):
            assert_tells(found[number], value, f"{where}[{number}]")
    elif isinstance(wanted, Fraction | Decimal):
        assert isinstance(found, float), f"{where}: {found!r}, not {float(wanted)}"
        assert math.isclose(found, wanted, rel_tol=1e-12), f"{where}: {found!r}, not {float(wanted)}"
    else:
        assert type(found) is type(wanted), f"{where}: {found!r}, not {wanted!r}"
        assert found == wanted, f"{where}: {found!r}, not {wanted!r}"
