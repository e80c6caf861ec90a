"""What each value of `semantics` sets, what goes before it, and all of them at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from funnelcli.config import PRESETS, definition
from funnelcli.errors import UsageError
from tests.config.reader import SHOP, funnel, loaded

DAY = timedelta(days=1)
THREE = """
funnel: Shop
stages:
  - Visit: page_view
  - {name: Cart, events: add_to_cart, within: 12h}
  - Paid: purchase
window: 1d
exclude: [refund, {events: chargeback, effect: stop}, {events: fraud, effect: remove}]
"""
DEFAULTS = {
    "entry": "earliest",
    "range": "entry",
    "window": DAY,
    "within": (None, DAY / 2, None),
    "effects": ("stop", "stop", "remove"),
}
TABLE: dict[str, dict[str, Any]] = {
    "amplitude": {},
    "clickhouse": {},
    "mixpanel": {"entry": "first"},
    "mixpanel-reentry": {"entry": "latest"},
    "posthog": {"entry": "latest", "range": "all", "effects": ("remove", "stop", "remove")},
    "ga4": {"window": None, "within": (None, DAY / 2, DAY)},
}


def in_force(text: str, **options: object) -> dict[str, Any]:
    """The keys that a preset may set, as they are in the funnel."""
    read = funnel(text, **options)
    return {
        "entry": read.entry,
        "range": read.range,
        "window": read.window,
        "within": tuple(stage.within for stage in read.stages),
        "effects": tuple(each.effect for each in read.exclude),
    }


def test_the_presets_stand_in_the_order_of_the_table() -> None:
    assert tuple(TABLE) == PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_sets_its_keys_and_nothing_else(preset: str) -> None:
    text = f"{THREE}semantics: {preset}"
    assert in_force(text) == {**DEFAULTS, **TABLE[preset]}
    plain, read = funnel(THREE), funnel(text)
    same = read.model_dump(exclude={"semantics", "entry", "range", "window", "stages", "exclude"})
    assert same.items() <= plain.model_dump().items()
    assert read.semantics == definition(read)["semantics"] == preset


@pytest.mark.parametrize("preset", PRESETS)
def test_a_key_of_the_file_or_an_option_goes_before_the_preset(preset: str) -> None:
    text = f"{THREE}semantics: {preset}\n"
    for mine in (in_force(text + "entry: earliest\nrange: entry"), in_force(text, entry="earliest", range="entry")):
        assert (mine["entry"], mine["range"]) == ("earliest", "entry")


def test_a_preset_may_be_shared_by_funnels_with_keys_of_their_own() -> None:
    text = "semantics: posthog\nstages: [{A: a}, {B: b}]\nfunnels: [{funnel: X}, {funnel: Y, entry: first}]"
    assert [each.entry for each in loaded(text).funnels] == ["latest", "first"]


def test_the_option_replaces_the_preset_of_the_file() -> None:
    assert in_force(THREE + "semantics: posthog", semantics="ga4") == {**DEFAULTS, **TABLE["ga4"]}


def test_a_window_of_the_command_line_becomes_within_under_ga4() -> None:
    wanted = {**DEFAULTS, "window": None, "within": (None, DAY / 2, 7 * DAY)}
    assert in_force(THREE, semantics="ga4", window="7d") == wanted


def test_exclusions_of_the_command_line_remove_under_posthog() -> None:
    assert in_force(THREE, semantics="posthog", exclude=("refund",))["effects"] == ("remove",)


def test_all_is_the_funnel_under_each_preset() -> None:
    read = loaded(THREE + "semantics: posthog", semantics="all")
    assert read.funnels == tuple(funnel(THREE, semantics=preset) for preset in PRESETS)
    assert [each.semantics for each in read.funnels] == list(PRESETS)
    assert read.notes == ()


def test_a_preset_that_the_funnel_cannot_have_is_noted_and_left_out() -> None:
    read = loaded(SHOP + "order: any\nrange: all", semantics="all")
    assert [each.semantics for each in read.funnels] == [*PRESETS[:-1]]
    assert read.notes == (
        "Shop: `range: all` changes nothing without `since` or `until`",
        (
            "ga4 is left out: `semantics: ga4`, which limits the time from the stage before, means nothing with "
            "`order: any`; remove one of them"
        ),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "stages: [{A: a}, {B: b}]\nfunnels: [{funnel: X}, {funnel: Y}]",
            "--semantics: all needs one funnel; pick with --funnel: 'X', 'Y'",
        ),
        (SHOP + "start: open", "--semantics: `semantics` means nothing with `start: open`; remove one of them"),
    ],
)
def test_all_needs_one_funnel_that_can_have_a_preset(text: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        loaded(text, semantics="all")
    assert str(raised.value) == message


def test_all_takes_the_funnel_that_is_picked() -> None:
    text = "stages: [{A: a}, {B: b}]\nfunnels: [{funnel: X}, {funnel: Y}]"
    assert {each.name for each in loaded(text, semantics="all", funnel=("Y",)).funnels} == {"Y"}
