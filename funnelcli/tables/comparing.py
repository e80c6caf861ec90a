"""What a comparison says in words: what differs and how sure that is, and what to be careful with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelcli import display
from funnelcli.reports.comparing import LEVEL, POWER, tested
from funnelcli.reports.counting import lines
from funnelcli.reports.decomposition import together
from funnelcli.reports.split import OFF
from funnelcli.reports.targets import ENOUGH
from funnelcli.tables.frame import how_counted
from funnelcli.tables.parts import segment, still_open

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from funnelcli.config.funnel import Funnel
    from funnelcli.reports.compare import Compare, Family
    from funnelcli.reports.comparing import Adjust, Comparison
    from funnelcli.reports.decomposition import Part
    from funnelcli.reports.split import Split

SAID = 6
"""How many significant differences are told in a sentence of their own."""

PARTS = 4
"""How many parts of a difference are named."""

_METHOD: dict[Adjust, str] = {"holm": "after Holm", "bh": "after Benjamini and Hochberg", "none": "unadjusted"}


def summary(report: Compare) -> Iterable[str]:
    """What differs, the latest stage first; what the total is made of; and what speaks against all of it."""
    if report.split is not None:
        yield _split(report.split)
    yield _who(report)
    told = list(_significant(report))
    yield from (_sentence(each, family, report) for family, each in told[:SAID])
    if len(told) > SAID:
        yield f"{display.count(len(told) - SAID)} more differences are significant; the tables have them."
    if not told:
        yield _nothing(report)
    yield from _moved(report)


def _who(report: Compare) -> str:
    """Who is compared with whom, by which rates."""
    share = "shares of entered" if report.rates == "entered" else "shares of who reached the stage before"
    if report.whole is None:
        earlier, later = report.cohorts
        sizes = [part.counts.entered for part in report.families[0].segments]
        return (
            f"{display.count(sizes[0])} entered in {earlier.period.label}, {display.count(sizes[1])} in"
            f" {later.period.label}; {share}."
        )
    held = [f"{_columns(family)} against {_baseline(family)}" for family in report.families]
    return f"{display.count(report.whole.entered)} entered; each segment of {', of '.join(held)}, {share}."


def _columns(family: Family) -> str:
    """The columns of a family in a sentence."""
    return " and ".join(family.breakdown)


def _baseline(family: Family) -> str:
    return "all others" if family.baseline is None else segment(family.baseline)


def _significant(report: Compare) -> list[tuple[Family, Comparison]]:
    """The significant differences: the latest stage first, there by family, then the surest first."""
    order = {line.stage: -number for number, line in enumerate(report.later)}
    found = [
        (order[each.stage], number, each.p_adjusted or 0.0, family, each)
        for number, family in enumerate(report.families)
        for each in family.comparisons
        if each.significant
    ]
    return [(family, each) for *_, family, each in sorted(found, key=lambda entry: entry[:3])]


def _sentence(each: Comparison, family: Family, report: Compare) -> str:
    """`Purchase: email 33.3 % against 21.0 % of all others, 12.3 points more (+3.1 to +22.5), p 0.004 after …`."""
    difference, low, high = each.difference, each.difference_low, each.difference_high
    if difference is None or low is None or high is None:
        return ""
    stage = each.stage
    if report.rates == "stage":
        stage = f"{stage}, of who reached {_before(stage, report)}"
    if report.cohorts:
        own = _without_period(each)
        stage = f"{stage}, {segment(own)}" if own else stage
        who = f"{each.segment['period']} {display.rate(each.rate)} against {display.rate(each.baseline_rate)}"
        who += f" in {(each.baseline or {})['period']}"
    else:
        who = f"{segment(each.segment)} {display.rate(each.rate)} against {display.rate(each.baseline_rate)}"
        who += f" of {_baseline(family)}"
    tests = tested(family.comparisons)
    over = f"{_METHOD[report.adjust]}, one of" if report.adjust == "none" else f"{_METHOD[report.adjust]} over"
    few = "" if each.enough_data else (
        f" With {display.count(min(each.of, each.baseline_of))} units on one side that is too little to build on."
    )  # fmt: skip
    return (
        f"{stage}: {who}, {display.points(abs(difference))} {'more' if difference > 0 else 'less'}"
        f" ({display.differences((low, high))}), p {display.p_value(each.p_adjusted)} {over} {_tests(tests)}.{few}"
    )


def _before(stage: str, report: Compare) -> str:
    """The required stage before a stage."""
    every = lines(report.head.funnel)
    before = next(line.before for line in every if line.stage == stage)
    return next(line.stage for line in every if line.position == before)


def _tests(tests: int) -> str:
    return f"{display.count(tests)} {'test' if tests == 1 else 'tests'}"


def _nothing(report: Compare) -> str:
    """Why nothing is significant: nothing could be tested, or nothing differs more than by chance."""
    tests = sum(tested(family.comparisons) for family in report.families)
    if report.cohorts:
        sides = zip(report.cohorts, report.families[0].segments, strict=True)
        empty = [cohort.period.label for cohort, part in sides if not part.counts.entered]
        if empty:
            whose = " whose window is over" if _windowed(report) else ""
            return f"There is nothing to compare: nobody{whose} entered in {' or in '.join(empty)}."
    if not tests:
        return "There is nothing to compare: nobody entered, or all who entered are in one segment."
    return f"No difference is significant: p is 0.05 or more in every one of {_tests(tests)}, {_METHOD[report.adjust]}."


def _windowed(report: Compare) -> bool:
    return report.head.funnel.window is not None


def _moved(report: Compare) -> Iterable[str]:
    """What the difference of the totals of two periods is made of."""
    if not report.cohorts:
        return
    totals = report.families[0]
    parts = totals.decomposition
    if parts:
        difference = together(parts)
        base = (totals.baseline or {})["period"]
        other = next(cohort.period.label for cohort in report.cohorts if cohort.period.label != base)
        yield (
            f"Conversion is {_by(difference)} in {other} than in {base}. By stage: {_named(parts)}."
            if difference
            else f"Conversion is the same in {other} as in {base}."
        )
    for family in report.families[1:]:
        if family.decomposition:
            yield _mix(family)
        if family.reverses:
            way = "less" if together(family.decomposition) > 0 else "more"
            yield (
                f"Every segment of {_columns(family)} that is in both converts {way} and yet the total"
                f" {'more' if way == 'less' else 'less'}: how many entered in which segment decides that (Simpson's"
                f" paradox). {_own_moves(family, report)}"
            )


def _own_moves(family: Family, report: Compare) -> str:
    """Whether the moves of the segments may be chance."""
    if report.rates == "stage":
        return "Whether the segments' own moves are significant is told with --rates entered."
    moves = [each for each in family.comparisons if each.stage == report.last.stage and each.p_value is not None]
    significant = sum(each.significant is True for each in moves)
    if not significant:
        return "None of the segments' own moves is significant: they may be chance."
    return (
        f"{display.count(significant)} of the segments' {display.count(len(moves))} own moves"
        f" {'is' if significant == 1 else 'are'} significant: the segments tell more than the total."
    )


def _by(difference: float) -> str:
    return f"{display.points(abs(difference))} {'higher' if difference > 0 else 'lower'}"


def _named(parts: Sequence[Part]) -> str:
    """The largest parts by stage, and what the others come to."""
    ordered = sorted(parts, key=lambda part: -abs(part.difference))
    named = [f"{part.stage} {display.difference(part.difference)}" for part in ordered[:PARTS]]
    if len(ordered) > PARTS:
        named.append(f"the others {display.difference(together(ordered[PARTS:]))}")
    return ", ".join(named)


def _mix(family: Family) -> str:
    """What the sizes of the segments and what their rates contribute, and which segment moved the total most."""
    mixes, rates = family.decomposition[::2], family.decomposition[1::2]
    most = max(rates, key=lambda part: abs(part.difference))
    named = ""
    if most.difference and len(rates) > 1:
        named = f", most of all {segment(most.segment or {})} {display.difference(most.difference)}"
    return (
        f"By {_columns(family)}: {display.difference(together(mixes))} because the segments have other shares of who"
        f" entered, {display.difference(together(rates))} because they convert differently{named}."
    )


def _split(split: Split) -> str:
    """Whether units entered in the shares that were meant."""
    meant = ", ".join(f"{segment(values)} {display.rate(share)}" for values, share in split.expected)
    if split.p_value is None:
        return f"Expected split {meant}: it cannot be checked with these units."
    total = sum(count for _, count in split.observed)
    found = ", ".join(f"{segment(values)} {display.rate(count / total)}" for values, count in split.observed)
    both = f"Expected {meant}; entered {found} (p {display.p_value(split.p_value)})."
    if split.p_value < OFF:
        return f"Warning: the experiment's split is off. {both} Do not trust this comparison until that is explained."
    return f"The split is not clearly off. {both} Under {OFF} it would be."


def notes(report: Compare) -> Iterable[str]:
    """How it was tested, what to be careful with, and how it was counted."""
    funnel = report.head.funnel
    if report.whole is not None:
        yield from still_open(report.whole)
    yield from _cohorts(report)
    yield from _families(report)
    yield from _detectable(report)
    every = report.comparisons
    few = sum(not each.enough_data for each in every)
    if few:
        yield (
            f"{display.count(few)} of {display.count(len(every))} comparisons have fewer than {ENOUGH} units on a side,"
            " too few to say much."
        )
    if report.rates == "stage":
        yield (
            "Stage rates are of units that the stages before have selected, in each segment differently, so that they"
            " are no fair comparison; shares of entered are (--rates entered)."
        )
    if funnel.count == "attempts" or funnel.session is not None or len(funnel.unit) > 1:
        yield "One user may count several times here, and the tests take all for different users: p is too small then."
    if funnel.segment_from == "any" and funnel.breakdowns:
        yield "A unit counts in every segment that its journey has a value of, so segments overlap."
        if report.cohorts:
            yield "Mix and rate of segments that overlap do not add up to the difference, and are left out."
    elif funnel.segment_from != "entry" and funnel.breakdowns:
        yield "Segments are not read on entry, so how far a unit got may decide its segment: compare them with care."
    if funnel.start == "open":
        yield "With start: open, stage rates do not multiply to the conversion rate: no difference is split by stage."
    yield how_counted(report.head)


def _cohorts(report: Compare) -> Iterable[str]:
    """Who was left out of the periods, and what is not the same in both."""
    if not report.cohorts:
        return
    if _windowed(report):
        left = [
            f"{display.count(cohort.left_out)} who entered in {cohort.period.label}"
            for cohort in report.cohorts
            if cohort.left_out
        ]
        if left:
            yield f"Left out, since their window is not over at the end of the data: {' and '.join(left)}."
    else:
        yield "There is no window, so who entered later has had less time to convert; --window makes it fair."
    spans = [
        f"{cohort.period.label} is from {display.time(cohort.period.since)} to before"
        f" {display.time(cohort.period.until)} UTC"
        for cohort in report.cohorts
    ]
    yield f"{'; '.join(spans)}."
    again = report.cohorts[0].again
    if again:
        both = f"{display.count(again)} units entered in both, and count in both."
        yield both + several_times("a period", report.head.funnel)


def several_times(where: str, funnel: Funnel) -> str:
    """What it means that a unit may enter several times in a period, after another sentence."""
    if funnel.count == "attempts" or funnel.entry == "first":
        return ""
    return (
        f" Of a unit that enters several times in {where} the journey that gets furthest counts, so a busier one looks"
        " better; --entry first takes the first try alone, --count attempts each."
    )


def _families(report: Compare) -> Iterable[str]:
    families = [(family, tested(family.comparisons)) for family in report.families]
    parts = [f"{display.count(tests)} of {_columns(family) or 'the totals'}" for family, tests in families if tests]
    if not parts:
        return
    how = {
        "holm": f"adjusted by Holm, each family by itself: {', '.join(parts)}",
        "bh": f"adjusted by Benjamini and Hochberg, each family by itself: {', '.join(parts)};"
        " of the significant ones about one in twenty is a false alarm",
        "none": f"not adjusted ({', '.join(parts)}), so that one in twenty is a false alarm where nothing differs",
    }[report.adjust]
    yield (
        "p: z of two shares, or Fisher's exact test where an expected count is under 5, for every stage after the first"
        f" and every segment, {how}. Under 0.05 is significant. Intervals (Newcombe) are of one comparison each."
    )


def _detectable(report: Compare) -> Iterable[str]:
    if report.keenest is None:
        return
    family, each = report.keenest
    tests = tested(family.comparisons)
    level = f" ÷ {display.count(tests)}" if report.adjust == "holm" and tests > 1 else ""
    alone = sum(other.stage == each.stage for other in report.comparisons) == 1
    smallest = display.points(each.detectable_difference or 0.0)
    others = "" if alone else ", and no other comparison finds a smaller one"
    yield (
        f"This much data can reliably show only differences of {smallest} or more at {each.stage}"
        f" ({_sides(each, family, report)}; found in {display.rate(POWER)} of cases at {LEVEL}{level}{others})."
    )


def _sides(each: Comparison, family: Family, report: Compare) -> str:
    """Who is held against whom: `email against all others`, `email, 2026-02 against 2026-01`."""
    if not report.cohorts:
        return f"{segment(each.segment)} against {_baseline(family)}"
    own = _without_period(each)
    periods = f"{each.segment['period']} against {(each.baseline or {})['period']}"
    return f"{segment(own)}, {periods}" if own else periods


def _without_period(each: Comparison) -> dict[str, str | None]:
    """The segment that is compared in two periods; nothing for the totals."""
    return {column: value for column, value in each.segment.items() if column != "period"}
