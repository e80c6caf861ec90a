"""Comparisons: the counts of `report`, the statistics of scipy and statsmodels, and data whose truth is known."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from scipy.stats import chisquare, fisher_exact
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from funnelcli import display
from funnelcli.config.periods import Period
from funnelcli.engine import journeys
from funnelcli.errors import UsageError
from funnelcli.reports.cohorts import cohorts
from funnelcli.reports.compare import Compare, by_period, by_segment
from funnelcli.reports.comparing import Adjust, Group, Pair, Rates, comparisons
from funnelcli.reports.conversion import conversion
from funnelcli.reports.counting import Line
from funnelcli.tables import conversion as conversion_table
from funnelcli.tables.compare import table
from tests import oracle, worlds
from tests.keys import KEYS, drawn, funnel
from tests.oracle import Row
from tests.worlds import EPOCH, HOUR, World

Record = dict[str, Any]
OPENING = ("format", "report", "funnel", "definition", "data")
STAGES = ("A,B,A", "A|B,B|C,A|C", "A,A|B,B,C")
CHANNELS = ("x", "y", "z", None)
KEYS_OF_COMPARISONS = [
    "stage", "segment", "baseline", "rate", "baseline_rate", "difference", "difference_low", "difference_high", "ratio",
    "p_value", "p_adjusted", "test", "significant", "enough_data", "count", "of", "baseline_count", "baseline_of",
    "detectable_difference",
]  # fmt: skip


def drawn_worlds(count: int, rows: int, *, seed: int) -> list[World]:
    """Logs drawn at random, the same on every run, over ten hours."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        hours = sorted(draw.randrange(10) for _ in range(draw.randint(1, rows)))
        places = draw.sample(range(1000), len(hours))
        found.append(
            tuple(
                Row(
                    hour * HOUR,
                    draw.choice("ABC"),
                    place,
                    {"channel": draw.choice(CHANNELS), "device": draw.choice("pq")},
                )
                for hour, place in zip(hours, places, strict=True)
            )
        )
    return found


def told(report: Compare) -> Record:
    """The report in JSON."""
    return dict(table(report).record)


def segmented(packed: Sequence[World], wanted: oracle.Funnel, *, shuffle: int | None = None, **options: Any) -> Record:
    ours, events = worlds.config(wanted), worlds.events(packed, wanted, shuffle=shuffle)
    return told(by_segment(journeys(events, ours), ours, events.account, **options))


def hours(first: int, last: int) -> Period:
    """From one hour to before another."""
    return Period(f"{first}-{last}", EPOCH + timedelta(hours=first), EPOCH + timedelta(hours=last))


FIRST, SECOND = hours(0, 3), hours(4, 8)


def in_periods(
    packed: Sequence[World],
    wanted: oracle.Funnel,
    periods: tuple[Period, Period] = (FIRST, SECOND),
    *,
    later: bool = False,
    **options: Any,
) -> Record:
    ours, events = worlds.config(wanted), worlds.events(packed, wanted)
    found, both = cohorts(events, ours, periods)
    return told(by_period(found, both, ours, events.account, baseline=periods[later].label, **options))


def reported(packed: Sequence[World], wanted: oracle.Funnel, top: int | None = None, **keys: Any) -> Record:
    """The conversion report in JSON, with further keys of the program's own funnel."""
    config = worlds.config(wanted).model_copy(update=keys)
    events = worlds.events(packed, wanted)
    return dict(conversion_table.table(conversion(journeys(events, config), config, events.account, top=top)).record)


# --- The counts of `report` -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KEYS)
def test_with_each_key_the_segments_are_those_of_report(name: str) -> None:
    number = list(KEYS).index(name)
    wanted = funnel(STAGES[number % 3], {"window": 2 * HOUR} | KEYS[name])
    packed = drawn_worlds(120, 6, seed=number)
    for top in (None, 2):
        compared, conversion = segmented(packed, wanted, top=top), reported(packed, wanted, top)
        assert compared["segments"] == conversion["segments"]
        assert compared["definition"] == conversion["definition"]
        assert_held_against_others(compared, conversion, wanted)


def assert_held_against_others(compared: Record, conversion: Record, wanted: oracle.Funnel) -> None:
    """Each comparison has the counts of its segment, and of the whole without it, as report tells them."""
    parts = {tuple(part["segment"].items()): part["stages"] for part in conversion["segments"]}
    entered = {tuple(part["segment"].items()): part["entered"] for part in conversion["segments"]}
    expected = []
    for breakdown in map(tuple, wanted["breakdowns"]):
        for number, stage in list(enumerate(conversion["stages"]))[1:]:
            for key, stages in parts.items():
                if tuple(name for name, _ in key) == breakdown:
                    count, of = stages[number]["reached"], entered[key]
                    rest = stage["reached"] - count, conversion["entered"] - of
                    expected.append((stage["stage"], dict(key), None, count, of, *rest))
    names = ("stage", "segment", "baseline", "count", "of", "baseline_count", "baseline_of")
    assert [tuple(each[name] for name in names) for each in compared["comparisons"]] == expected


@pytest.mark.parametrize("name", KEYS)
def test_with_each_key_a_period_is_report_with_these_dates_and_mature(name: str) -> None:
    number = list(KEYS).index(name)
    wanted = funnel(STAGES[number % 3], {"window": 2 * HOUR} | KEYS[name])
    assert_periods_are_reports(drawn_worlds(120, 6, seed=number), wanted)


MANY = drawn(25, seed=31)


@pytest.mark.parametrize("names", MANY, ids=" + ".join)
def test_with_many_keys_a_period_is_report_with_these_dates_and_mature(names: tuple[str, ...]) -> None:
    number = list(MANY).index(names)
    wanted = funnel(STAGES[number % 3], {"window": 2 * HOUR} | MANY[names])
    assert_periods_are_reports(drawn_worlds(120, 6, seed=100 + number), wanted)


def assert_periods_are_reports(packed: Sequence[World], wanted: oracle.Funnel) -> None:
    ours = worlds.config(wanted)
    periods = tuple(
        Period(each.label, max(each.since, ours.since or each.since), min(each.until, ours.until or each.until))
        for each in (FIRST, SECOND)
    )
    record = in_periods(packed, wanted, periods if periods[1].since < periods[1].until else (hours(0, 1), hours(1, 2)))
    found = {tuple(part["segment"].items()): part for part in record["segments"]}
    seen = 0
    for period in record["periods"]:
        dates = {"since": period["since"], "until": period["until"]}
        report = reported(packed, wanted, mature=True, **dates)
        assert period["left_out"] == reported(packed, wanted, **dates)["entered"] - report["entered"]
        whole = {key: report[key] for key in report if key not in (*OPENING, "segments")}
        assert_same(found.pop((("period", period["period"]),)), whole)
        for part in report["segments"]:
            assert_same(found.pop((("period", period["period"]), *part["segment"].items())), part)
            seen += 1
    assert seen or "as_of" in wanted
    assert all(part["entered"] == part["excluded"] == 0 for part in found.values())


def assert_same(part: Record, other: Record) -> None:
    assert {key: part[key] for key in part if key != "segment"} == {
        key: other[key] for key in other if key != "segment"
    }


# --- The statistics -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rates", "adjust"),
    [
        *(
            pytest.param(name, rates, "holm", marks=[] if name == "loose" else pytest.mark.slow)
            for name in ("loose", "optional", "open", "segment any")
            for rates in ("entered", "stage")
        ),
        ("loose", "entered", "bh"),
        ("loose", "entered", "none"),
    ],
)
def test_every_number_of_a_comparison_is_that_of_scipy_and_statsmodels(name: str, rates: Rates, adjust: Adjust) -> None:
    wanted = funnel("A,A|B,B,C", {"window": 4 * HOUR} | KEYS[name])
    packed = drawn_worlds(300, 7, seed=5)
    assert_statistics(segmented(packed, wanted, rates=rates, adjust=adjust), adjust)
    assert_statistics(in_periods(packed, wanted, rates=rates, adjust=adjust), adjust)
    assert_statistics(segmented(packed[:30], wanted, rates=rates, adjust=adjust), adjust)
    if name != "segment any":
        assert_statistics(segmented(packed, wanted, rates=rates, adjust=adjust, baseline="x"), adjust)


METHODS = {"holm": "holm", "bh": "fdr_bh"}


def assert_statistics(record: Record, adjust: Adjust) -> None:
    families: dict[tuple[str, ...], list[Record]] = {}
    for each in record["comparisons"]:
        assert list(each) == KEYS_OF_COMPARISONS
        assert_plain(each)
        families.setdefault(tuple(each["segment"]), []).append(each)
    for family, told in zip(families.values(), [each["tests"] for each in record["families"]], strict=True):
        tested = [each for each in family if each["p_value"] is not None]
        p_values = [each["p_value"] for each in tested]
        assert len(tested) == told
        adjusted = multipletests(p_values, method=METHODS[adjust])[1] if adjust in METHODS and tested else p_values
        assert [each["p_adjusted"] for each in tested] == pytest.approx(list(adjusted), rel=1e-9)
        for each in family:
            p = each["p_adjusted"]
            assert each["significant"] is (None if p is None else p < 0.05)
    least = record["detectable_difference"]
    last = [stage["stage"] for stage in record["segments"][0]["stages"] if not stage["optional"]][-1]
    known = [each["detectable_difference"] for each in record["comparisons"] if each["stage"] == last]
    assert least == min((each for each in known if each is not None), default=None)


def assert_plain(each: Record) -> None:
    """One comparison, before it is adjusted."""
    x1, n1, x2, n2 = each["count"], each["of"], each["baseline_count"], each["baseline_of"]
    assert each["enough_data"] is (n1 >= 30 and n2 >= 30)
    assert each["rate"] == (x1 / n1 if n1 else None)
    assert each["baseline_rate"] == (x2 / n2 if n2 else None)
    if not n1 or not n2:
        unknown = ("difference", "difference_low", "difference_high", "ratio", "p_value", "p_adjusted", "test")
        assert all(each[name] is None for name in unknown)
        return
    assert each["difference"] == float(Fraction(x1, n1) - Fraction(x2, n2))
    limits = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb", compare="diff")
    assert (each["difference_low"], each["difference_high"]) == pytest.approx(limits, abs=1e-6)
    assert each["ratio"] == (float(Fraction(x1, n1) / Fraction(x2, n2)) if x2 else None)
    successes, trials = x1 + x2, n1 + n2
    if min(n1, n2) * min(successes, trials - successes) < 5 * trials:
        expected = fisher_exact([[x1, n1 - x1], [x2, n2 - x2]])[1]
        assert each["test"] == "fisher"
    else:
        expected = proportions_ztest([x1, x2], [n1, n2])[1]
        assert each["test"] == "z"
    assert each["p_value"] == pytest.approx(expected, rel=1e-9)


def family(
    segments: Sequence[tuple[int, int]], against: Sequence[tuple[int, int]] | None = None, adjust: Adjust = "holm"
) -> list[Any]:
    """The comparisons of segments of two stages, each (converted, entered), with all others or with these."""
    total = Group(*together(segments))
    pairs = []
    for number, (count, of) in enumerate(segments):
        own = Group(of, (of, count), (of, count))
        rest = total.without(own) if against is None else Group(*together(against[number : number + 1]))
        pairs.append(Pair({"channel": str(number)}, None, own, rest))
    return list(comparisons(pairs, [Line("Paid", 2, False, 1)], "entered", adjust))


def together(segments: Sequence[tuple[int, int]]) -> tuple[int, tuple[int, int], tuple[int, int]]:
    of, count = sum(of for _, of in segments), sum(count for count, _ in segments)
    return of, (of, count), (of, count)


def sample(draw: random.Random, of: int, rate: float) -> tuple[int, int]:
    return sum(draw.random() < rate for _ in range(of)), of


REPLICATES = 500


def test_over_twenty_equal_segments_false_alarms_are_rarer_than_one_in_twenty_runs() -> None:
    draw = random.Random(20)
    runs = [family([sample(draw, 80, 0.25) for _ in range(20)]) for _ in range(REPLICATES)]
    alarms = sum(any(each.significant for each in run) for run in runs)
    naive = sum(any(each.p_value < 0.05 for each in run) for run in runs)
    assert alarms / REPLICATES <= 0.05
    assert alarms, "a test that never fires says nothing"
    assert naive / REPLICATES > 0.5, "without a correction most runs would have one"


def test_a_planted_effect_is_found_in_its_segment_and_in_no_other() -> None:
    draw = random.Random(21)
    rates = [0.35 if number == 7 else 0.2 for number in range(20)]
    runs = [family([sample(draw, 400, rate) for rate in rates], [(2000, 10_000)] * 20) for _ in range(100)]
    found = [[number for number, each in enumerate(run) if each.significant] for run in runs]
    assert all(7 in each for each in found)
    assert sum(each != [7] for each in found) <= 5


def test_intervals_hold_the_true_difference_at_their_level() -> None:
    draw = random.Random(22)
    held = 0
    for _ in range(2000):
        one, other = draw.uniform(0.02, 0.9), draw.uniform(0.02, 0.9)
        (each,) = family([sample(draw, 60, one)], [sample(draw, 90, other)])
        held += each.difference_low <= one - other <= each.difference_high
    assert 0.94 <= held / 2000 <= 0.97


def test_a_difference_that_is_detectable_is_found_in_four_of_five_runs() -> None:
    draw = random.Random(23)
    (planned,) = family([(120, 400)], [(120, 400)])
    difference = planned.detectable_difference
    runs = [family([sample(draw, 400, 0.3 + difference)], [sample(draw, 400, 0.3)])[0] for _ in range(1000)]
    assert 0.76 <= sum(each.significant for each in runs) / 1000 <= 0.84


# --- Whole reports --------------------------------------------------------------------------------------------


def people(rates: Sequence[tuple[str | None, int, int, int]], device: str | None = None) -> list[World]:
    """One world per person, of (channel, hour of entry, entered, converted); they convert half an hour later."""
    found = []
    for channel, hour, entered, converted in rates:
        for number in range(entered):
            rows = [(hour * HOUR, "A"), (hour * HOUR + HOUR // 2, "B")][: 1 + (number < converted)]
            columns = {"channel": channel, "device": device}
            found.append(tuple(Row(time, event, place, columns) for place, (time, event) in enumerate(rows)))
    return found


BY_CHANNEL = worlds.funnel("A,B", window=HOUR, breakdowns=(("channel",),))
END = (Row(20 * HOUR, "Z", 0, {}),)


def test_twenty_equal_segments_of_a_log_raise_no_alarm() -> None:
    draw = random.Random(24)
    alarms = 0
    for _ in range(5):
        rates = [(f"c{number:02}", 0, 40, sample(draw, 40, 0.3)[0]) for number in range(20)]
        record = segmented(people(rates), BY_CHANNEL)
        assert record["families"] == [{"breakdown": ["channel"], "tests": 20}]
        alarms += sum(each["significant"] for each in record["comparisons"])
    assert alarms == 0


STONES = people([("small", 1, 87, 81), ("large", 1, 263, 192), ("small", 5, 270, 234), ("large", 5, 80, 55)])
"""Kidney stones by two treatments as two periods; Charig et al. (1986), British Medical Journal 292, 879–882."""


def periods_of(packed: Sequence[World], wanted: oracle.Funnel) -> Compare:
    """The second period against the first."""
    ours, events = worlds.config(wanted), worlds.events(packed, wanted)
    found, both = cohorts(events, ours, (FIRST, SECOND))
    return by_period(found, both, ours, events.account, baseline=FIRST.label)


def test_where_every_segment_falls_and_the_total_rises_simpson_is_named() -> None:
    ours, events = worlds.config(BY_CHANNEL), worlds.events([*STONES, END], BY_CHANNEL)
    found, both = cohorts(events, ours, (FIRST, SECOND))
    for baseline, words in (
        ("0-3", "converts less and yet the total more"),
        ("4-8", "converts more and yet the total less"),
    ):
        shown = table(by_period(found, both, ours, events.account, baseline=baseline))
        assert shown.record["simpson"] is True
        assert sum(f"Every segment of channel that is in both {words}" in each for each in shown.summary) == 1
        assert shown.summary[-1].endswith("None of the segments' own moves is significant: they may be chance.")
    record = in_periods([*STONES, END], BY_CHANNEL)
    by = {
        (part["kind"], (part["segment"] or {}).get("channel")): part["difference"] for part in record["decomposition"]
    }
    assert by["stage", None] == pytest.approx(289 / 350 - 273 / 350)
    assert by["rate", "small"] < 0 > by["rate", "large"]
    assert sum(part for (kind, _), part in by.items() if kind != "stage") == pytest.approx(by["stage", None])


def test_with_the_paradox_is_told_how_many_of_the_segments_in_both_periods_moved_for_sure() -> None:
    rates = [("a", 0, 300, 290), ("b", 0, 3000, 1000), ("a", 4, 3000, 2700), ("b", 4, 300, 96), ("new", 4, 50, 20)]
    ours, events = worlds.config(BY_CHANNEL), worlds.events([*people(rates), END], BY_CHANNEL)
    found, both = cohorts(events, ours, (FIRST, SECOND))
    ends: dict[Rates, str] = {
        "entered": "1 of the segments' 2 own moves is significant: the segments tell more than the total.",
        "stage": "Whether the segments' own moves are significant is told with --rates entered.",
    }
    for rates_, end in ends.items():
        shown = table(by_period(found, both, ours, events.account, baseline="0-3", rates=rates_))
        assert "that is in both converts less and yet the total more" in shown.summary[-1]
        assert shown.summary[-1].endswith(end)


OTHERS = ", and no other comparison finds a smaller one)."


def test_the_smallest_difference_that_can_be_found_is_told_with_its_comparison_and_family() -> None:
    # a is the smallest, but hardly any of the others convert, so that a difference from them shows best.
    packed = people([("a", 0, 400, 200), ("b", 0, 1000, 10), ("c", 0, 1000, 10)])
    by_both = worlds.funnel("A,B", window=HOUR, breakdowns=(("channel",), ("device",)))
    cases: tuple[tuple[oracle.Funnel, Record, str], ...] = (
        (BY_CHANNEL, {}, "(a against all others; found in 80.0 % of cases at 0.05 ÷ 3" + OTHERS),
        (BY_CHANNEL, {"adjust": "bh"}, "(a against all others; found in 80.0 % of cases at 0.05" + OTHERS),
        (BY_CHANNEL, {"baseline": "c"}, "(b against c; found in 80.0 % of cases at 0.05 ÷ 2" + OTHERS),
        (by_both, {}, "(a against all others; found in 80.0 % of cases at 0.05 ÷ 3" + OTHERS),
    )
    for wanted, options, words in cases:
        ours, events = worlds.config(wanted), worlds.events(packed, wanted)
        report = by_segment(journeys(events, ours), ours, events.account, **options)
        (sentence,) = [note for note in table(report).notes if note.startswith("This much data can reliably show")]
        assert sentence.endswith(words)
        assert report.detectable_difference is not None
        assert f" differences of {display.points(report.detectable_difference)} or more at s2 (" in sentence
    shown = table(periods_of([*people([("a", 0, 90, 40), ("a", 4, 80, 40)]), END], worlds.funnel("A,B", window=HOUR)))
    (sentence,) = [note for note in shown.notes if note.startswith("This much data can reliably show")]
    assert sentence.endswith("(4-8 against 0-3; found in 80.0 % of cases at 0.05).")
    shown = table(periods_of([*STONES, END], BY_CHANNEL))
    (sentence,) = [note for note in shown.notes if note.startswith("This much data can reliably show")]
    assert sentence.endswith("at 0.05, and no other comparison finds a smaller one).")


def test_without_two_periods_and_segments_there_is_no_paradox_to_ask_for() -> None:
    assert segmented(STONES, BY_CHANNEL)["simpson"] is None
    assert in_periods(STONES, worlds.funnel("A,B", window=HOUR))["simpson"] is None
    assert in_periods(STONES[:100], BY_CHANNEL)["simpson"] is None  # nobody in the second period
    assert in_periods([*STONES, END], {**BY_CHANNEL, "segment_from": "any"})["simpson"] is None
    alike = people([("small", 1, 10, 5), ("large", 1, 10, 5), ("small", 5, 10, 6), ("large", 5, 10, 6)])
    assert in_periods([*alike, END], BY_CHANNEL)["simpson"] is False


@pytest.mark.parametrize("name", ["loose", "any", "optional", "attempts", "remove", "entry latest", "segment last"])
def test_the_parts_add_up_to_the_difference_of_the_rates(name: str) -> None:
    wanted = funnel("A,A|B,B,C", {"window": 4 * HOUR} | KEYS[name])
    packed = drawn_worlds(200, 7, seed=9)
    record = segmented(packed, wanted)
    last = [stage["stage"] for stage in record["segments"][0]["stages"] if not stage["optional"]][-1]
    ends = {tuple(each["segment"].items()): each for each in record["comparisons"] if each["stage"] == last}
    sums: dict[Any, float] = dict.fromkeys(ends, 0.0)
    for part in record["decomposition"]:
        sums[tuple(part["segment"].items())] += part["difference"]
    for key, each in ends.items():
        assert sums[key] == pytest.approx(each["difference"] or 0, abs=1e-12)
    record = in_periods(packed, wanted)
    total = next(each["difference"] for each in record["comparisons"] if each["stage"] == last)
    for kinds, columns in (
        (("stage",), None),
        (("mix", "rate"), ["channel"]),
        (("mix", "rate"), ["channel", "device"]),
    ):
        parts = [
            part["difference"]
            for part in record["decomposition"]
            if part["kind"] in kinds and (part["segment"] and list(part["segment"])) == columns
        ]
        assert sum(parts) == pytest.approx(total, abs=1e-12)


def test_from_nobody_to_everybody_and_back_is_told_in_full() -> None:
    packed = [*people([("a", 0, 3, 0), ("b", 0, 4, 0), ("a", 4, 6, 6), ("b", 4, 1, 1)]), END]
    ours, events = worlds.config(BY_CHANNEL), worlds.events(packed, BY_CHANNEL)
    found, both = cohorts(events, ours, (FIRST, SECOND))
    for baseline, words in (
        ("0-3", "100 points higher in 4-8 than in 0-3"),
        ("4-8", "100 points lower in 0-3 than in 4-8"),
    ):
        shown = table(by_period(found, both, ours, events.account, baseline=baseline))
        assert any(f"Conversion is {words}." in sentence for sentence in shown.summary)
        assert sum(part["difference"] for part in shown.record["decomposition"]) == pytest.approx(
            2 if baseline == "0-3" else -2
        )


def test_a_rate_that_stands_still_while_its_stages_move_is_told_to_be_the_same() -> None:
    wanted = worlds.funnel("A,B,C", window=HOUR)
    depths = [2] * 30 + [1] * 30 + [0] * 40, [2] * 30 + [0] * 70
    packed: list[World] = [END]
    for hour, way in zip((0, 4), depths, strict=True):
        for depth in way:
            names = "ABC"[: 1 + depth]
            packed.append(tuple(Row(hour * HOUR + place, name, place, {}) for place, name in enumerate(names)))
    ours, events = worlds.config(wanted), worlds.events(packed, wanted)
    found, both = cohorts(events, ours, (FIRST, SECOND))
    shown = table(by_period(found, both, ours, events.account, baseline="0-3"))
    assert "Conversion is the same in 4-8 as in 0-3." in shown.summary


def test_with_units_entering_anywhere_no_difference_is_split_by_stage_but_by_segment() -> None:
    wanted = funnel("A,B,C", {"window": 4 * HOUR, "start": "open"})
    packed = drawn_worlds(100, 6, seed=3)
    assert segmented(packed, wanted)["decomposition"] == []
    assert {part["kind"] for part in in_periods(packed, wanted)["decomposition"]} == {"mix", "rate"}


def test_the_later_period_can_be_the_baseline_and_then_every_sign_changes() -> None:
    packed = drawn_worlds(200, 6, seed=4)
    wanted = funnel("A,B,C", {"window": 2 * HOUR})
    one, other = in_periods(packed, wanted), in_periods(packed, wanted, later=True)
    for ours, theirs in zip(one["comparisons"], other["comparisons"], strict=True):
        assert (ours["segment"], ours["baseline"]) == (theirs["baseline"], theirs["segment"])
        assert (ours["rate"], ours["p_value"]) == (theirs["baseline_rate"], theirs["p_value"])
        assert ours["difference"] == (None if theirs["difference"] is None else -theirs["difference"])
    for ours, theirs in zip(one["decomposition"], other["decomposition"], strict=True):
        assert ours["difference"] == pytest.approx(-theirs["difference"], abs=1e-12)
    assert one["segments"] == other["segments"]


def test_a_named_baseline_is_not_held_against_itself_and_only_where_a_breakdown_has_it() -> None:
    packed = [*people([("a", 0, 9, 3), ("b", 0, 8, 3), (None, 0, 7, 3)], "p"), *people([("a", 0, 3, 3)], "q")]
    wanted = worlds.funnel("A,B", breakdowns=(("channel",), ("device",), ("channel", "device")))
    pairs = [
        (each["segment"], each["baseline"]) for each in segmented(packed, wanted, baseline="(none)")["comparisons"]
    ]
    assert pairs[:2] == [({"channel": "a"}, {"channel": None}), ({"channel": "b"}, {"channel": None})]
    assert [baseline for _, baseline in pairs[2:]] == [None] * 6
    for name in ("a, q", "a,q"):
        bases = [each["baseline"] for each in segmented(packed, wanted, baseline=name)["comparisons"]]
        assert bases == [None] * 5 + [{"channel": "a", "device": "q"}] * 3
    with pytest.raises(UsageError, match=r"^--baseline: no segment '\(non\)'; did you mean '\(none\)'\?$"):
        segmented(packed, wanted, baseline="(non)")


def test_of_two_segments_of_one_name_the_first_is_the_baseline_and_the_other_is_held_against_it() -> None:
    packed = people([("(none)", 0, 9, 3), (None, 0, 12, 3), ("(other)", 0, 20, 5), ("b", 0, 1, 0)])
    (other, *_) = segmented(packed, BY_CHANNEL, baseline="(none)", top=3)["comparisons"]
    assert (other["segment"], other["baseline"]) == ({"channel": "(other)"}, {"channel": None})
    found = segmented(packed, BY_CHANNEL, baseline="(other)", top=3)["comparisons"]
    assert [each["segment"]["channel"] for each in found] == [None, "(none)", "(other)"]
    assert [(each["of"], each["baseline_of"]) for each in found] == [(12, 20), (9, 20), (1, 20)]


def test_one_segment_alone_is_held_against_nobody() -> None:
    record = segmented(people([("a", 0, 50, 20)]), BY_CHANNEL)
    (each,) = record["comparisons"]
    assert (each["rate"], each["baseline_rate"], each["p_value"], each["significant"]) == (0.4, None, None, None)
    assert (each["enough_data"], record["families"][0]["tests"], record["detectable_difference"]) == (False, 0, None)
    assert "There is nothing to compare" in " ".join(summary(people([("a", 0, 50, 20)]), BY_CHANNEL))


def summary(packed: Sequence[World], wanted: oracle.Funnel, **options: Any) -> tuple[str, ...]:
    ours, events = worlds.config(wanted), worlds.events(packed, wanted)
    return table(by_segment(journeys(events, ours), ours, events.account, **options)).summary


def test_a_sentence_says_what_differs_how_much_and_how_sure() -> None:
    packed = people([("ads", 0, 500, 100), ("email", 0, 100, 45), ("few", 0, 9, 0)])
    assert summary(packed, BY_CHANNEL)[1] == (
        "s2: email 45.0 % against 19.6 % of all others, 25.4 points more (+15.3 to +35.6), p <0.001 after Holm over 3"
        " tests."
    )
    little = people([("ads", 0, 50, 2), ("email", 0, 6, 6)])
    assert summary(little, BY_CHANNEL, baseline="ads")[1] == (
        "s2: email 100 % against 4.0 % of ads, 96.0 points more (+55.8 to +98.9), p <0.001 after Holm over 1 test. With"
        " 6 units on one side that is too little to build on."
    )


def test_nobody_at_all_is_an_empty_comparison() -> None:
    record = segmented([], BY_CHANNEL)
    assert (record["segments"], record["comparisons"], record["simpson"]) == ([], [], None)
    record = in_periods([], BY_CHANNEL)
    assert [part["entered"] for part in record["segments"]] == [0, 0]
    assert [each["p_value"] for each in record["comparisons"]] == [None]
    assert record["decomposition"] == []


def test_the_order_of_the_rows_changes_nothing() -> None:
    packed = drawn_worlds(100, 6, seed=8)
    wanted = funnel("A,B,C", {"window": 2 * HOUR})
    records = [segmented(packed, wanted, shuffle=seed) for seed in (1, 2, 3)]
    assert records[0] == records[1] == records[2]
    for earlier, later in pairwise(records[0]["comparisons"][:4]):
        assert earlier["stage"] == later["stage"]


# --- The split of an experiment -------------------------------------------------------------------------------


def test_the_split_is_held_against_the_shares_that_were_meant() -> None:
    packed = people([("A", 0, 821, 100), ("B", 0, 979, 100)])
    for weights in ([(None, 50.0), (None, 50.0)], [("B", 1.0), ("A", 1.0)]):
        record = segmented(packed, BY_CHANNEL, expected=weights)
        assert record["split"] == {
            "expected": [{"segment": {"channel": "B"}, "share": 0.5}, {"segment": {"channel": "A"}, "share": 0.5}],
            "observed": [{"segment": {"channel": "B"}, "count": 979}, {"segment": {"channel": "A"}, "count": 821}],
            "p_value": pytest.approx(chisquare([979, 821])[1]),
        }
    assert summary(packed, BY_CHANNEL, expected=[(None, 1.0), (None, 1.0)])[0] == (
        "Warning: the experiment's split is off. Expected B 50.0 %, A 50.0 %; entered B 54.4 %, A 45.6 % (p <0.001). Do"
        " not trust this comparison until that is explained."
    )
    assert summary(packed, BY_CHANNEL, expected=[("B", 6.0), ("A", 5.0)])[0] == (
        "The split is not clearly off. Expected B 54.5 %, A 45.5 %; entered B 54.4 %, A 45.6 % (p 0.89). Under 0.001 it"
        " would be."
    )


def test_shares_without_names_are_of_the_segments_sorted_by_name() -> None:
    packed = people([("b", 0, 100, 1), ("c", 0, 300, 1), ("a", 0, 200, 1)])
    split = segmented(packed, BY_CHANNEL, expected=[(None, 2.0), (None, 1.0), (None, 3.0)])["split"]
    assert [(each["segment"]["channel"], each["share"]) for each in split["expected"]] == [
        ("c", 1 / 2),
        ("a", 1 / 3),
        ("b", 1 / 6),
    ]
    assert split["p_value"] == 1.0


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([(None, 1.0)] * 3, "3 parts, and there are 2 segments: 'a', 'b'; write one each"),
        ([("a", 1.0), ("c", 1.0)], "no segment 'c'; there is 'a', 'b'"),
        ([("a", 1.0)], "no part for 'b'; write one for each segment"),
        ([("a", 1.0), ("b", 1.0), ("a", 1.0)], "'a' is there twice; write each segment once"),
    ],
)
def test_shares_that_do_not_fit_the_segments_are_a_usage_error(weights: Any, message: str) -> None:
    with pytest.raises(UsageError) as error:
        segmented(people([("a", 0, 2, 1), ("b", 0, 1, 1)]), BY_CHANNEL, expected=weights)
    assert str(error.value) == f"--expected-split: {message}"
