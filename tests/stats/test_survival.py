"""Survival, against published trials, exact fractions and statsmodels."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from funnelcli.stats import kaplan_meier, log_rank, log_rank_from
from tests.stats import exact
from tests.stats.exact import near


def weeks(text: str) -> tuple[list[int], list[bool]]:
    """Durations and events of `6 6 6+ 7`, where + is censored."""
    words = text.split()
    return [int(word.rstrip("+")) for word in words], [not word.endswith("+") for word in words]


# Freireich et al. (1963), Blood 21, 699–716: weeks in remission from leukaemia with 6-mercaptopurine and with placebo
TREATED = weeks("6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+")
PLACEBO = weeks("1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23")
# Miller (1981), Survival analysis, p. 49, R's `aml`: maintained chemotherapy or not
MAINTAINED = weeks("9 13 13+ 18 23 28+ 31 34 45+ 48 161+")
NOT_MAINTAINED = weeks("5 5 8 8 12 16+ 23 27 30 33 43 45")


@pytest.mark.parametrize(
    ("at", "survival"),
    [(5, 1.0), (6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448), (99, 0.448)],
)
def test_kaplan_meier_gives_the_published_survival(at, survival):
    assert round(1 - kaplan_meier(*TREATED, at), 3) == survival


@pytest.mark.parametrize(("groups", "statistic"), [((TREATED, PLACEBO), 16.79), ((MAINTAINED, NOT_MAINTAINED), 3.40)])
def test_log_rank_gives_the_published_statistic(groups, statistic):
    p = log_rank(groups)
    assert round(chi2.isf(p, 1), 2) == statistic
    assert near(p, chi2.sf(float(exact.log_rank_statistic(groups)), 1))


UNITS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=30)


@given(UNITS, st.integers(-1, 13))
def test_kaplan_meier_agrees_with_exact_fractions(units, at):
    durations, events = [t for t, _ in units], [e for _, e in units]
    found = kaplan_meier(durations, events, at)
    if units:
        assert found == pytest.approx(float(exact.product_limit(durations, events, at)), rel=1e-13)
    else:
        assert found is None


def test_kaplan_meier_agrees_with_exact_fractions_on_every_small_world():
    for size in range(1, 5):
        for units in product(product((1, 2, 3), (False, True)), repeat=size):
            durations, events = zip(*units, strict=True)
            for at in (0, 1, 2, 3, 4):
                expected = exact.product_limit(durations, events, at)
                assert kaplan_meier(durations, events, at) == pytest.approx(float(expected), rel=1e-14)


def test_kaplan_meier_agrees_with_statsmodels():
    draw = random.Random(4)
    durations = [draw.expovariate(1) for _ in range(2_000)]
    events = [draw.random() < 0.6 for _ in durations]
    curve = SurvfuncRight(durations, events)
    for time, survival in zip(curve.surv_times[::50], curve.surv_prob[::50], strict=True):
        assert near(kaplan_meier(durations, events, time), 1 - survival, 1e-11)


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1))
def test_kaplan_meier_is_the_plain_share_to_the_last_bit_where_nobody_is_censored_before(units):
    durations = [t if event else 50 for t, event in units]
    events = [event and t < 50 for t, event in units]
    for at in (0, 20, 49):
        assert kaplan_meier(durations, events, at) == sum(
            event and t <= at for t, event in zip(durations, events, strict=True)
        ) / len(units)


def test_an_event_at_the_time_asked_for_counts_and_comes_before_a_censoring():
    assert kaplan_meier([5, 9], [True, False], 5) == 0.5
    assert kaplan_meier([5, 9], [True, False], 4.999) == 0.0
    assert kaplan_meier([5, 5], [False, True], 5) == 0.5
    assert kaplan_meier([5, 6], [False, True], 6) == 1.0


def test_kaplan_meier_recovers_a_share_that_the_plain_rate_understates():
    draw = random.Random(11)
    window, end = 7.0, 30.0
    durations, events = [], []
    for _ in range(20_000):  # 40 % convert, after 0 to 7 days; entries fall evenly on the 30 days before the end
        entered = draw.uniform(0, end)
        takes = draw.uniform(0, window) if draw.random() < 0.4 else window + 1
        durations.append(min(takes, end - entered, window))
        events.append(takes <= min(end - entered, window))
    assert kaplan_meier(durations, events, window) == pytest.approx(0.4, abs=0.01)
    assert sum(events) / len(events) < 0.37


def statsmodels_log_rank(groups) -> float:
    times = np.concatenate([durations for durations, _ in groups])
    had = np.concatenate([events for _, events in groups])
    group = np.repeat(np.arange(len(groups)), [len(durations) for durations, _ in groups])
    statistic, _ = survdiff(times, had.astype(int), group)
    return float(chi2.sf(statistic, len(groups) - 1))


@pytest.mark.parametrize("sizes", [(40, 50), (5, 300), (30, 40, 50), (200, 10, 20, 40, 3)])
@pytest.mark.parametrize("seed", range(5))
def test_log_rank_agrees_with_statsmodels(sizes, seed):
    draw = random.Random(seed)
    groups = [
        ([draw.randint(1, 25 + 5 * place) for _ in range(size)], [draw.random() < 0.7 for _ in range(size)])
        for place, size in enumerate(sizes)
    ]
    assert near(log_rank(groups), statsmodels_log_rank(groups), 1e-10)


def test_log_rank_is_the_same_in_any_order_of_the_groups():
    groups = [TREATED, PLACEBO, MAINTAINED, NOT_MAINTAINED]
    for turn in range(4):
        assert near(log_rank(groups[turn:] + groups[:turn]), log_rank(groups), 1e-12)


def test_a_group_that_says_nothing_takes_no_degree_of_freedom():
    expected = log_rank([TREATED, PLACEBO])
    assert near(log_rank([TREATED, ([], []), PLACEBO]), expected)
    assert near(log_rank([TREATED, PLACEBO, ([0, 0], [False, False])]), expected)


@pytest.mark.parametrize(
    "groups",
    [
        [],
        [TREATED],
        [([], []), ([], [])],
        [TREATED, ([], [])],
        [([1, 2], [False, False]), ([3], [False])],
        [([1], [True]), ([1], [True])],  # all at once: nobody is left to compare with
    ],
)
def test_log_rank_says_nothing_where_there_is_nothing_to_compare(groups):
    assert log_rank(groups) is None


def test_log_rank_from_needs_only_the_sums():
    assert log_rank_from([], [], []) is None
    assert log_rank_from([3], [3], [[0]]) is None
    # two groups: the squared excess of one over its variance
    assert near(log_rank_from([10, 20], [15, 15], [[7, -7], [-7, 7]]), chi2.sf(25 / 7, 1))


def test_log_rank_from_is_steady_where_a_group_of_a_few_stands_beside_millions():
    share = np.array([1, 9_999_999, 10_000_000, 3]) / 20_000_003
    events = 4_000_000
    covariance = events * (np.diag(share) - np.outer(share, share))
    excess = np.array([1.5, 800, -801, -0.5])
    expected = sum(e**2 / (events * p) for e, p in zip(excess, share, strict=True))  # Pearson's form of the same
    found = log_rank_from(list(events * share + excess), list(events * share), covariance.tolist())
    assert near(found, chi2.sf(expected, 3), 1e-7)


def test_log_rank_gives_a_false_alarm_as_often_as_it_is_said_to():
    draw = random.Random(2)

    def group() -> tuple[list[float], list[bool]]:
        return [draw.expovariate(1) for _ in range(40)], [draw.random() < 0.7 for _ in range(40)]

    alarms = sum(log_rank([group(), group(), group()]) <= 0.05 for _ in range(600))
    assert 0.03 < alarms / 600 < 0.075
