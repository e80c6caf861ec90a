"""Corrections for many tests, against published examples and statsmodels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from funnelcli.stats import benjamini_hochberg, holm

# Benjamini and Hochberg (1995), section 3.2: fifteen endpoints of a trial of thrombolysis
ENDPOINTS = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
]  # fmt: skip


def test_the_published_example_has_three_findings_by_holm_and_four_by_benjamini_and_hochberg():
    assert [p <= 0.05 for p in holm(ENDPOINTS)] == [True] * 3 + [False] * 12
    assert [p <= 0.05 for p in benjamini_hochberg(ENDPOINTS)] == [True] * 4 + [False] * 11


def test_both_by_hand():
    # as R's p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), …)
    p_values = [0.01, 0.02, 0.03, 0.04, 0.05]
    assert holm(p_values) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    assert benjamini_hochberg(p_values) == pytest.approx([0.05] * 5)


FAMILIES = st.lists(
    st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.05, 1.0, 1e-200])), min_size=1, max_size=40
)


@pytest.mark.parametrize(
    "p_values", [ENDPOINTS, [0.04, 0.01, 0.04, 0.2, 0.01], [1e-200, 0.9, 0.0, 3e-12, 0.9], [0.2, 0.6, 1.0, 1.0]]
)
def test_both_agree_with_statsmodels(p_values):
    for adjust, method in [(holm, "holm"), (benjamini_hochberg, "fdr_bh")]:
        assert adjust(p_values) == pytest.approx(list(multipletests(p_values, method=method)[1]), rel=1e-12, abs=0)


@given(FAMILIES)
def test_holm_is_the_largest_multiple_up_to_its_rank_and_benjamini_and_hochberg_the_smallest_from_it_on(p_values):
    ranked = sorted(p_values)
    m = len(ranked)
    for p, by_holm, by_bh in zip(p_values, holm(p_values), benjamini_hochberg(p_values), strict=True):
        upto = [min(1, (m - place) * q) for place, q in enumerate(ranked) if q <= p]
        onward = [min(1, m / (place + 1) * q) for place, q in enumerate(ranked) if q >= p]
        assert by_holm == pytest.approx(max(upto), rel=1e-13, abs=0)
        assert by_bh == pytest.approx(min(onward), rel=1e-13, abs=0)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
@given(p_values=st.lists(st.none() | st.floats(0, 1), max_size=20))
def test_none_stays_in_its_place_and_is_not_in_the_family(adjust, p_values):
    found = adjust(p_values)
    assert [p is None for p in found] == [p is None for p in p_values]
    assert [p for p in found if p is not None] == adjust([p for p in p_values if p is not None])


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
@given(p_values=FAMILIES)
def test_an_adjusted_p_value_is_no_smaller_no_more_than_one_and_keeps_the_ranks(adjust, p_values):
    found = adjust(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, found, strict=True))
    in_order = [q for _, q in sorted(zip(p_values, found, strict=True))]
    assert in_order == sorted(in_order)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_a_family_of_one_or_none_is_left_alone(adjust):
    assert adjust([]) == []
    assert adjust([None, None]) == [None, None]
    assert adjust([None, 0.03]) == [None, 0.03]
