from __future__ import annotations

import json

import pytest

from funnelcli.cli.gates import Gate, gates
from funnelcli.config import Funnel, Match, Stage
from funnelcli.errors import UsageError

FUNNEL = Funnel(
    name="Shop", stages=tuple(Stage(name=name, matches=(Match(events=("x",)),)) for name in ("Visit", "a=b"))
)


@pytest.mark.parametrize(
    ("text", "stage", "floor"),
    [
        ("Visit=20%", "Visit", 0.2),
        ("Visit=0.2", "Visit", 0.2),
        (" Visit = 29 % ", "Visit", 0.29),
        ("a=b=100%", "a=b", 1.0),
    ],
)
def test_a_gate_is_a_stage_and_a_rate(text, stage, floor):
    (gate,) = gates([text], [FUNNEL])
    assert (gate.stage, gate.floor) == (stage, floor)


@pytest.mark.parametrize("text", ["Visit", "Visit=", "=20%", "20%"])
def test_what_is_no_stage_and_rate_is_refused(text):
    with pytest.raises(UsageError) as raised:
        gates([text], [FUNNEL])
    assert str(raised.value) == f"--fail-under: {text!r} is not a stage and a rate; write for example 'Purchase=20%'"


@pytest.mark.parametrize("rate", ["-1%", "101%", "nan", "x%", "1/5"])
def test_what_is_no_rate_is_refused(rate):
    with pytest.raises(UsageError) as raised:
        gates([f"Visit={rate}"], [FUNNEL])
    hint = "write one from 0% to 100%, such as 20% or 0.2"
    assert str(raised.value) == f"--fail-under: {rate!r} is not a rate; {hint}"


def test_a_rate_without_its_sign_is_told_what_is_meant():
    with pytest.raises(UsageError, match=r"^--fail-under: '20' is not a rate; write 20% or 0\.2$"):
        gates(["Visit=20"], [FUNNEL])


@pytest.mark.parametrize(
    ("text", "hint"), [("Vist=1%", "did you mean 'Visit'?"), ("Nothing=1%", "the stages are Visit, a=b")]
)
def test_a_gate_for_no_stage_is_refused(text, hint):
    with pytest.raises(UsageError) as raised:
        gates([text], [FUNNEL])
    assert str(raised.value) == f"--fail-under: no stage {text.partition('=')[0]!r}; {hint}"


def test_the_rate_itself_is_not_under_it():
    assert gates(["Visit=20%"], [FUNNEL]) == [Gate("Visit", 1 / 5, "20%")]


def test_a_failed_gate_still_writes_the_report(cli, shop):
    outcome = cli(
        "report", shop / "funnel.yaml", "-f", "json", "--fail-under", "Cart=66%", "--fail-under", "Purchase=50%"
    )
    assert outcome.code == 1
    assert outcome.err == "funnelcli: gate: Shop: 1 of 3 reached Purchase, under 50%\n"
    assert json.loads(outcome.out)["entered"] == 3


def test_a_rate_over_nobody_fails_its_gate(cli, shop):
    outcome = cli("report", shop / "funnel.yaml", "--since", "2030-01-01", "--fail-under", "Visit=0%")
    assert outcome.code == 1
    assert outcome.err == "funnelcli: gate: Shop: nobody entered, so Visit has no rate to hold against 0%\n"


def test_a_gate_on_stages_in_any_order_names_how_many(cli, shop):
    config = shop / "funnel.yaml"
    outcome = cli("report", config, "--order", "any", "--fail-under", "2 stages=90%")
    assert (outcome.code, outcome.err) == (1, "funnelcli: gate: Shop: 2 of 3 reached 2 stages, under 90%\n")
    outcome = cli("report", config, "--order", "any", "--fail-under", "Visit=1%")
    assert (outcome.code, outcome.out) == (2, "")
