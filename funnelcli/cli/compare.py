"""`funnelcli compare`: segments or two periods side by side, with intervals and tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from funnelcli.cli.choosing import ADJUST
from funnelcli.cli.comparing import baseline_label, comparable, two_periods, weights
from funnelcli.cli.deliver import one_of, writer
from funnelcli.cli.load import events, funnels, start, step, walked
from funnelcli.cli.options import FUNNEL, OUTPUT, Output, Selection, Top, command, option
from funnelcli.errors import DONE

if TYPE_CHECKING:
    from funnelcli.reports.comparing import Rates

RATES: tuple[Rates, ...] = ("entered", "stage")

Periods = Annotated[
    tuple[str, str] | None,
    option("--periods", metavar="PERIOD PERIOD", group=FUNNEL,
           help="Two periods of entry: 2026-10, 2026-W44, 2026-10-01..2026-10-14, last-week, previous-week."),
]  # fmt: skip
Baseline = Annotated[
    str | None,
    option("--baseline", metavar="SEGMENT", group=FUNNEL,
           help="Hold the others against this one: a segment (else all others), or the later period (else the "
           "earlier)."),
]  # fmt: skip
ByRates = Annotated[
    str,
    option("--rates", metavar="RATES", group=OUTPUT,
           help="entered (shares of who entered; the default), or stage (of who reached the stage before)."),
]  # fmt: skip
ByAdjust = Annotated[
    str,
    option("--adjust", metavar="METHOD", group=OUTPUT,
           help="For how many comparisons are tested: holm (the default), bh or none."),
]  # fmt: skip
ExpectedSplit = Annotated[
    str | None,
    option("--expected-split", metavar="SHARES", group=FUNNEL,
           help="Check an experiment's split: 50/50, of the segments sorted by name, or A=50,B=50."),
]  # fmt: skip


@command
def compare(
    selection: Selection,
    output: Output,
    *,
    periods: Periods = None,
    baseline: Baseline = None,
    rates: ByRates = "entered",
    adjust: ByAdjust = "holm",
    expected_split: ExpectedSplit = None,
    top: Top = None,
) -> int:
    """Segments (--by), or two periods of entry (--periods), side by side: differences, intervals and tests."""
    of, by = one_of("--rates", rates, RATES), one_of("--adjust", adjust, ADJUST)
    expected = None if expected_split is None else weights(expected_split)
    write = writer(output)
    found = funnels(selection, output)
    now = datetime.now(UTC)
    for funnel in found:
        comparable(funnel, periods, baseline, expected_split, selection.mature)
        if periods is not None:
            baseline_label(baseline, periods, two_periods(periods, funnel, now), funnel, now)

    start(output)
    from funnelcli.reports.cohorts import cohorts
    from funnelcli.reports.compare import by_period, by_segment
    from funnelcli.tables.compare import table

    tables = []
    for funnel in found:
        rows = events(funnel, output)
        if periods is None:
            journeys = walked(rows, funnel, output)
            report = by_segment(
                journeys, funnel, rows.account, rates=of, adjust=by, baseline=baseline, expected=expected, top=top
            )
        else:
            both = two_periods(periods, funnel, now)
            base = baseline_label(baseline, periods, both, funnel, now)
            with step(f"found the journeys of {funnel.name}", output):
                journeys, members = cohorts(rows, funnel, both)
            report = by_period(journeys, members, funnel, rows.account, rates=of, adjust=by, baseline=base, top=top)
        tables.append(table(report))
    with step("wrote the report", output):
        write(tables)
    return DONE
