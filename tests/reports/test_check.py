"""What a significant fall is; the rest of the check report is proved where its command is."""

from __future__ import annotations

import pytest
from scipy.stats import fisher_exact
from statsmodels.stats.proportion import proportions_ztest

from funnelcli.reports.check import fallen


@pytest.mark.parametrize(("now", "before"), [((10, 100), (25, 100)), ((180, 1000), (200, 900)), ((0, 400), (90, 500))])
def test_a_fall_has_the_p_value_of_a_one_sided_test(now, before):
    counts, trials = zip(now, before, strict=True)
    assert fallen(*now, *before) == pytest.approx(proportions_ztest(counts, trials, alternative="smaller")[1], rel=1e-9)


def test_few_people_are_judged_by_fishers_test():
    _, p_value = fisher_exact([[1, 9], [6, 4]])
    assert fallen(1, 10, 6, 10) == pytest.approx(p_value / 2)


@pytest.mark.parametrize(("now", "before"), [((5, 10), (5, 10)), ((6, 10), (5, 10)), ((0, 10), (0, 20))])
def test_what_has_not_fallen_is_no_fall(now, before):
    assert fallen(*now, *before) == 1.0
