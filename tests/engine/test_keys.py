"""Every key that changes what is counted, against the oracle: each alone, in pairs, and many at once.

Alone in all logs of up to four rows (`-m slow`: five), in pairs in all logs of up to three (four), and in seeded
random logs for three keys and more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import worlds
from tests.engine.agreement import assert_agrees
from tests.keys import KEYS, PAIRS, STAGES, drawn, funnel

if TYPE_CHECKING:
    from tests.worlds import World

MANY = drawn(60, seed=3)
MORE = drawn(600, seed=4)


@pytest.fixture(scope="module")
def three() -> list[World]:
    return worlds.worlds(3, ordered=True)


@pytest.fixture(scope="module")
def four() -> list[World]:
    return worlds.worlds(4, ordered=True)


@pytest.fixture(scope="module")
def four_as_sets() -> list[World]:
    return worlds.worlds(4)


@pytest.fixture(scope="module")
def five() -> list[World]:
    return worlds.worlds(5)


@pytest.mark.parametrize("stages", STAGES)
@pytest.mark.parametrize("name", KEYS)
def test_each_key_alone_gives_the_journeys_of_the_definition(
    name: str, stages: str, four: list[World], four_as_sets: list[World]
) -> None:
    keys = KEYS[name]
    assert_agrees(four if keys.get("ties") == "row" else four_as_sets, funnel(stages, keys))


@pytest.mark.slow
@pytest.mark.parametrize("stages", STAGES)
@pytest.mark.parametrize("name", KEYS)
def test_each_key_alone_gives_the_journeys_of_the_definition_in_longer_logs(
    name: str, stages: str, five: list[World]
) -> None:
    assert_agrees(five, funnel(stages, KEYS[name]))


@pytest.mark.parametrize("pair", PAIRS, ids=" + ".join)
def test_each_pair_of_keys_gives_the_journeys_of_the_definition(pair: tuple[str, str], three: list[World]) -> None:
    number = list(PAIRS).index(pair)
    assert_agrees(three, funnel(STAGES[number % len(STAGES)], PAIRS[pair]))


@pytest.mark.slow
@pytest.mark.parametrize("stages", STAGES)
@pytest.mark.parametrize("pair", PAIRS, ids=" + ".join)
def test_each_pair_of_keys_gives_the_journeys_of_the_definition_in_longer_logs(
    pair: tuple[str, str], stages: str, four: list[World]
) -> None:
    assert_agrees(four, funnel(stages, PAIRS[pair]))


@pytest.mark.parametrize("names", MANY, ids=" + ".join)
def test_many_keys_together_give_the_journeys_of_the_definition(names: tuple[str, ...]) -> None:
    number = list(MANY).index(names)
    packed = worlds.random_worlds(150, 7, instants=5, names="ABC", seed=number)
    assert_agrees(packed, funnel(STAGES[number % len(STAGES)], MANY[names]))


@pytest.mark.slow
@pytest.mark.parametrize("names", MORE, ids=" + ".join)
def test_more_combinations_of_many_keys_give_the_journeys_of_the_definition(names: tuple[str, ...]) -> None:
    number = list(MORE).index(names)
    packed = worlds.random_worlds(200, 8, instants=6, names="ABC", seed=number + 1000)
    assert_agrees(packed, funnel(STAGES[number % len(STAGES)], MORE[names]))
