"""`mature`, `value`, `targets` and `checks`: what may be written, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from funnelcli.config import Check
from funnelcli.config.rates import number, rate
from funnelcli.errors import UsageError
from tests.config.reader import SHOP, funnel, loaded, told


def test_nothing_is_asked_for_by_default() -> None:
    read = funnel(SHOP)
    assert (read.mature, read.value, read.targets, read.checks) == (False, None, (), ())


def test_every_form_is_read() -> None:
    read = funnel(
        SHOP
        + """
mature: true
value: revenue
targets: {Paid: 12.5 %}
checks:
  - {name: Floor, get: "stages[Paid].stage_rate", min: 20%}
  - {name: Band, get: entered, min: -1, max: 1e3}
  - {name: Fall, fall: Paid}
  - {name: By month, fall: Paid, every: 1mo}
  - {name: Fresh, fresh: 2d}
  - {name: Clean, max_skipped: 0.01}
"""
    )
    assert (read.mature, read.value, read.targets) == (True, "revenue", (("Paid", 0.125),))
    assert read.checks == (
        Check(name="Floor", get="stages[Paid].stage_rate", min=0.2),
        Check(name="Band", get="entered", min=-1.0, max=1000.0),
        Check(name="Fall", fall="Paid"),
        Check(name="By month", fall="Paid", every="1mo"),
        Check(name="Fresh", fresh=timedelta(days=2)),
        Check(name="Clean", max_skipped=0.01),
    )


@pytest.mark.parametrize(
    ("written", "share"),
    [
        ("20%", 0.2), ("20 %", 0.2), ("0.2", 0.2), (0.2, 0.2), (".5", 0.5), ("0%", 0.0), (0, 0.0), ("0", 0.0),
        ("100%", 1.0), ("100.0 %", 1.0), (1, 1.0), ("1.0", 1.0), ("12.3%", 0.123), ("0.1%", 0.001),
    ],
)  # fmt: skip
def test_a_rate_is_a_percentage_or_a_share(written: object, share: float) -> None:
    assert rate(written) == share


@pytest.mark.parametrize(
    "text", ["", "%", "-1%", "100.1%", "1.5%%", "1,5%", "20%\n", "٢٠%", "nan", "1e-1", True, -0.1, 101]
)
def test_nothing_else_is_a_rate(text: object) -> None:
    with pytest.raises(ValueError, match=r"is not a rate; write one from 0% to 100%, such as 20% or 0\.2$"):
        rate(text)


@pytest.mark.parametrize(
    ("written", "meant"), [(20, "20% or 0.2"), ("20", "20% or 0.2"), (1.5, "1.5% or 0.015"), (100, "100% or 1")]
)
def test_a_percentage_without_its_sign_is_told_both_ways(written: object, meant: str) -> None:
    with pytest.raises(ValueError, match=rf"^'{written}' is not a rate; write {meant}$"):
        rate(written)


def test_a_limit_of_a_check_is_any_number() -> None:
    assert [number(each) for each in (0, -2, 1.5, "150%", "-0.5 %")] == [0, -2, 1.5, 1.5, -0.005]


def test_the_first_stage_may_fall_only_where_a_unit_can_enter_elsewhere() -> None:
    first = "checks: [{name: Visits, fall: Visit}]\n"
    assert "comes first" in told(SHOP + first)[0]
    assert told(SHOP + "start: open\n" + first) == []


def test_a_line_of_stages_in_any_order_may_fall() -> None:
    assert told(SHOP + "order: any\nchecks: [{name: Both, fall: 2 stages}]") == []


def test_the_command_line_is_blamed_for_an_order_in_which_a_key_means_nothing() -> None:
    for keys, message in (
        ("value: revenue", "`value` means nothing with `order: any`; remove one of them"),
        ("targets: {Paid: 20%}", "`targets` means nothing with `order: any`; remove one of them"),
        (
            "checks: [{name: Sales, fall: Paid}]",
            "'Paid' is not a line of the report with `order: any`; name one of '2 stages'",
        ),
    ):
        with pytest.raises(UsageError) as raised:
            funnel(SHOP + keys, order="any")
        assert str(raised.value) == f"--order: {message}"


def test_a_key_that_is_wrong_is_the_only_one_complained_about() -> None:
    assert told(SHOP + "checks: [{name: Sales, get: , min: 1}]") == [
        "3:28: get: nothing is written after it; give it a value or remove the key"
    ]
    assert told(SHOP + "checks: [{name: Sales, fall: '', every: 1d}]") == ["3:30: fall: the name is empty; write one"]


def test_several_funnels_share_value_and_have_their_own_targets() -> None:
    text = """
value: revenue
stages: [{Visit: page_view}, {Paid: purchase}]
targets: {Paid: 20%}
funnels:
  - funnel: One
  - {funnel: Two, targets: {Paid: 0.3}}
"""
    assert [(each.value, each.targets) for each in loaded(text).funnels] == [
        ("revenue", (("Paid", 0.2),)),
        ("revenue", (("Paid", 0.3),)),
    ]


@pytest.mark.parametrize("keys", ["mature: true", "mature: true\nwindow: 7d\nsemantics: ga4"])
def test_mature_without_a_window_is_noted(keys: str) -> None:
    assert loaded(SHOP + keys).notes == ("Shop: `mature` changes nothing without a window",)
    assert loaded(SHOP + "mature: true\nwindow: 7d").notes == ()
