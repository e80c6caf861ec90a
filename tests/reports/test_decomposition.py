"""Differences split into parts: exact sums, changing sides, zeros as limits, and published examples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelcli.errors import Bug
from funnelcli.reports.decomposition import Share, assert_sum, kitagawa, logarithmic_mean, reverses, stages


def to_nobody(chain: list[int]) -> list[int]:
    """The chain, with nobody at its last stage."""
    return [*chain[:-1], 0]


@st.composite
def chains(draw: st.DrawFn, length: int) -> list[int]:
    """How many reached each stage, never more than the one before; somebody entered."""
    counts = [draw(st.integers(1, 10**7))]
    for _ in range(length - 1):
        counts.append(draw(st.integers(0, counts[-1])))
    return counts


PAIRS = st.integers(2, 7).flatmap(lambda length: st.tuples(chains(length), chains(length)))
ENDED = st.integers(2, 7).flatmap(lambda length: st.tuples(chains(length), chains(length).map(to_nobody)))
SHARES = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(lambda pair: (min(pair), max(pair)))
SIDES = st.integers(1, 8).flatmap(
    lambda size: st.tuples(*[st.lists(SHARES, min_size=size, max_size=size).filter(entered) for _ in range(2)])
)


def entered(side: Sequence[Share]) -> int:
    return sum(of for _, of in side)


def overall(side: Sequence[Share]) -> Fraction:
    return Fraction(sum(count for count, _ in side), entered(side))


# --- By stage -------------------------------------------------------------------------------------------------


@given(PAIRS)
def test_the_parts_of_the_stages_add_up_to_the_difference(pair: tuple[list[int], list[int]]) -> None:
    later, earlier = pair
    total = float(Fraction(later[-1], later[0]) - Fraction(earlier[-1], earlier[0]))
    assert math.fsum(stages(later, earlier)) == pytest.approx(total, abs=1e-9)


@given(PAIRS)
def test_when_the_sides_change_places_every_part_of_a_stage_changes_its_sign(pair: tuple[list[int], list[int]]) -> None:
    later, earlier = pair
    assert stages(later, earlier) == pytest.approx([-part for part in stages(earlier, later)], abs=1e-12)


@given(PAIRS)
def test_a_stage_whose_rate_rises_never_has_a_part_below_nought(pair: tuple[list[int], list[int]]) -> None:
    later, earlier = pair
    for part, (before, after), (before_then, after_then) in zip(
        stages(later, earlier), pairwise(later), pairwise(earlier), strict=True
    ):
        move = after * before_then - after_then * before
        assert abs(part) < 1e-12 or part * move > 0 or not before or not before_then


@given(ENDED)
def test_zeros_are_the_limit_of_rates_that_come_down_to_nought(pair: tuple[list[int], list[int]]) -> None:
    """Nobody is made one in 10^3000, and a stage that nobody was left for keeps the rate of the other side."""
    later, earlier = pair
    rates = [[Fraction(after, before) if before else None for before, after in pairwise(side)] for side in pair]
    tiny = Fraction(1, 10**3000)
    sides = []
    for own, other in (rates, rates[::-1]):
        sides.append([
            (there if there is not None else Fraction(1)) if here is None else here
            for here, there in zip(own, other, strict=True)
        ])  # fmt: skip
    logs = [[logarithm(rate or tiny) for rate in side] for side in sides]
    ends = [math.fsum(side) for side in logs]
    wholes = [math.exp(end) if end > -700 else 0.0 for end in ends]
    weight = 0.0 if ends[0] == ends[1] else (wholes[0] - wholes[1]) / (ends[0] - ends[1])
    limit = [weight * (now - then) for now, then in zip(*logs, strict=True)]
    assert stages(later, earlier) == pytest.approx(limit, abs=0.01)


def logarithm(value: Fraction) -> float:
    return math.log(value.numerator) - math.log(value.denominator)


def test_an_example_by_hand() -> None:
    # 50 % of 40 % became 25 % of 80 %: the same 20 %, and each half of it the other way.
    assert stages([100, 25, 20], [100, 50, 20]) == pytest.approx([0.2 * math.log(0.5), 0.2 * math.log(2)])
    # Nobody came to the last stage any more, though more came to the one before.
    assert stages([100, 60, 0], [100, 50, 20]) == [0.0, -0.2]
    # Nobody came even to the second, so the third has no rate and no part.
    assert stages([100, 0, 0], [100, 50, 20]) == [-0.2, 0.0]
    assert stages([100, 0, 0], [100, 50, 0]) == [0.0, 0.0]


@given(st.floats(1e-12, 1), st.floats(1e-12, 1))
def test_the_logarithmic_mean_lies_between_the_two_and_is_the_same_both_ways(a: float, b: float) -> None:
    mean = logarithmic_mean(a, b)
    assert min(a, b) * (1 - 1e-12) <= mean <= max(a, b) * (1 + 1e-12)
    assert mean == logarithmic_mean(b, a)
    if abs(a - b) > 1e-3 * a:
        assert mean == pytest.approx((a - b) / math.log(a / b), rel=1e-9)


# --- By segment -----------------------------------------------------------------------------------------------


@given(SIDES)
def test_mix_and_rate_add_up_to_the_difference(sides: tuple[list[Share], list[Share]]) -> None:
    later, earlier = sides
    parts = [part for pair in kitagawa(later, earlier) for part in pair]
    assert math.fsum(parts) == pytest.approx(float(overall(later) - overall(earlier)), abs=1e-9)


@given(SIDES)
def test_when_the_sides_change_places_mix_and_rate_change_their_signs(sides: tuple[list[Share], list[Share]]) -> None:
    later, earlier = sides
    for ours, theirs in zip(kitagawa(later, earlier), kitagawa(earlier, later), strict=True):
        assert ours == pytest.approx([-part for part in theirs], abs=1e-12)


@given(SIDES)
def test_each_part_is_kitagawas(sides: tuple[list[Share], list[Share]]) -> None:
    later, earlier = sides
    for pair, (count, of), (count_then, of_then) in zip(kitagawa(later, earlier), later, earlier, strict=True):
        weight, weight_then = Fraction(of, entered(later)), Fraction(of_then, entered(earlier))
        if of and of_then:
            rate, rate_then = Fraction(count, of), Fraction(count_then, of_then)
            mix = (weight - weight_then) * (rate + rate_then) / 2
            own = (rate - rate_then) * (weight + weight_then) / 2
        else:
            known = Fraction(count, of) if of else Fraction(count_then, of_then) if of_then else Fraction(0)
            mix, own = (weight - weight_then) * known, Fraction(0)
        assert pair == pytest.approx((float(mix), float(own)), abs=1e-12)


@given(st.lists(SHARES.filter(lambda share: share[1] > 0), min_size=1, max_size=5), st.integers(2, 9))
def test_more_of_the_same_has_no_parts(side: list[Share], times: int) -> None:
    more = [(count * times, of * times) for count, of in side]
    assert kitagawa(more, side) == [pytest.approx((0, 0), abs=1e-12)] * len(side)
    assert not reverses(more, side)


@given(PAIRS, SIDES)
def test_nothing_is_never_minus_nothing(
    pair: tuple[list[int], list[int]], sides: tuple[list[Share], list[Share]]
) -> None:
    parts = [*stages(*pair), *(part for both in kitagawa(*sides) for part in both)]
    assert "-0.0" not in map(repr, parts)


def test_a_segment_that_shrinks_and_never_converts_has_no_part_and_no_sign() -> None:
    assert repr(kitagawa([(0, 1), (3, 9)], [(0, 5), (1, 3)])[0]) == "(0.0, 0.0)"


# Charig et al. (1986), British Medical Journal 292, 879–882: kidney stones, small and large, by two treatments.
OPEN_SURGERY = [(81, 87), (192, 263)]
NEPHROLITHOTOMY = [(234, 270), (55, 80)]


def test_kidney_stones_are_simpsons_paradox() -> None:
    assert reverses(NEPHROLITHOTOMY, OPEN_SURGERY)
    assert reverses(OPEN_SURGERY, NEPHROLITHOTOMY)
    parts = kitagawa(NEPHROLITHOTOMY, OPEN_SURGERY)
    assert all(rate < 0 for _, rate in parts)
    assert math.fsum(part for pair in parts for part in pair) == pytest.approx(289 / 350 - 273 / 350)


def test_it_takes_two_segments_that_move_and_a_total_that_moves_the_other_way() -> None:
    assert not reverses([(1, 2), (0, 5)], [(1, 3), (5, 5)])  # the one up, the other down
    assert not reverses(NEPHROLITHOTOMY[:1], OPEN_SURGERY[:1])
    assert not reverses([(1, 2), (0, 0)], [(1, 4), (9, 9)])  # one of the two is there on one side only
    assert not reverses([(1, 2), (2, 2)], [(1, 2), (1, 2)])  # one stands still
    assert not reverses([(2, 4), (3, 4)], [(1, 4), (1, 4)])  # all together


def test_parts_that_do_not_add_up_are_a_bug() -> None:
    with pytest.raises(Bug):
        assert_sum([0.1, 0.2], 0.300001)
