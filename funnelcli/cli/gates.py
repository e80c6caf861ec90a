"""Gates: what `--fail-under` asks of a report, and what it has to say when the report falls short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from funnelcli.config.funnel import line_names
from funnelcli.config.rates import rate
from funnelcli.errors import UsageError

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.reports.conversion import Conversion


@dataclass(frozen=True)
class Gate:
    """A stage and the conversion rate (0..1) it must not be under; `written` is the rate as it was typed."""

    stage: str
    floor: float
    written: str


def gates(texts: Sequence[str], funnels: Sequence[Funnel]) -> list[Gate]:
    """The gates of `--fail-under`; every stage must be in one of the funnels at least.

    Raises:
        UsageError: a text is not `STAGE=RATE`, or no funnel has the stage.
    """
    found = [_gate(text) for text in texts]
    stages = [name for funnel in funnels for name in line_names([stage.name for stage in funnel.stages], funnel.order)]
    for gate in found:
        if gate.stage not in stages:
            near = get_close_matches(gate.stage, stages, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the stages are {', '.join(dict.fromkeys(stages))}"
            raise UsageError(f"--fail-under: no stage {gate.stage!r}; {hint}")
    return found


def failures(gates: Sequence[Gate], report: Conversion) -> list[str]:
    """One sentence for each gate that the report does not pass; a rate over nobody does not pass."""
    entered = report.whole.entered
    return [
        f"{report.head.funnel.name}: {stage.reached} of {entered} reached {gate.stage}, under {gate.written}"
        if entered
        else f"{report.head.funnel.name}: nobody entered, so {gate.stage} has no rate to hold against {gate.written}"
        for gate in gates
        for stage in report.whole.stages
        if stage.stage == gate.stage and (stage.conversion_rate is None or stage.conversion_rate < gate.floor)
    ]


def _gate(text: str) -> Gate:
    stage, equals, written = text.rpartition("=")
    stage, written = stage.strip(), written.strip()
    if not (equals and stage and written):
        raise UsageError(f"--fail-under: {text!r} is not a stage and a rate; write for example 'Purchase=20%'")
    try:
        return Gate(stage, rate(written), written)
    except ValueError as error:
        raise UsageError(f"--fail-under: {error}") from None
