"""`funnelcli trend`: whole outputs, agreement with `report`, and options that cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

Cli = Callable[..., Outcome]

CONFIG = "configs/shop.yaml"
pytestmark = pytest.mark.usefixtures("checkout")
OWN = {"start", "end", "rolling_rate", "limit_low", "limit_high", "outside", "complete"}


@pytest.mark.parametrize("form", ["json", "csv", "plain", "markdown", "table"])
def test_weeks_of_the_shop(cli: Cli, golden: Callable[[str, str], None], form: str) -> None:
    arguments = ("--every", "1w", "--rolling", "3", "--by", "channel", "--top", "3")
    outcome = cli("trend", CONFIG, *arguments, "-f", form)
    assert (outcome.code, outcome.err) == (0, "")
    golden(f"cli/trend.{form}", outcome.out)


@pytest.mark.parametrize("columns", ["60", "120"])
def test_days_of_the_shop_on_a_narrow_and_a_wide_terminal(
    cli: Cli, golden: Callable[[str, str], None], columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    outcome = cli("trend", CONFIG, "--since", "2026-01-20T12:00", "--by", "device", "-f", "table")
    assert (outcome.code, outcome.err) == (0, "")
    assert max(map(len, outcome.out.splitlines())) <= int(columns)
    golden(f"cli/trend-{columns}.table", outcome.out)


@pytest.mark.parametrize(
    "options",
    [
        ("--every", "1mo"),
        ("--every", "1w", "--timezone", "America/New_York", "--since", "2026-01-07", "--until", "2026-02-20T15:00"),
        ("--every", "1w", "--order", "strict", "--window", "2d", "--entry", "latest"),
        ("--every", "1mo", "--count", "attempts", "--session", "1d"),
        ("--every", "1w", "--start", "open", "--as-of", "2026-02-01"),
    ],
    ids=" ".join,
)
def test_every_period_is_the_report_with_its_dates(cli: Cli, options: tuple[str, ...]) -> None:
    every, rest = options[:2], options[2:]
    told = json.loads(cli("trend", CONFIG, *every, *rest, "-f", "json").out)
    assert len(told["periods"]) > 1
    for number, period in enumerate(told["periods"]):
        dates = (f"--since={period['start']}", f"--until={period['end']}")
        report = json.loads(cli("report", CONFIG, *undated(rest), *dates, "-q", "-f", "json").out)
        assert {key: value for key, value in period.items() if key not in OWN} == {
            key: report[key] for key in period if key not in OWN
        }
        of_segments = {str(part["segment"]): part["periods"][number] for part in told["segments"]}
        for part in report["segments"]:
            here = of_segments[str(part["segment"])]
            assert {key: here[key] for key in part if key != "segment"} == {
                key: value for key, value in part.items() if key != "segment"
            }


def undated(options: tuple[str, ...]) -> list[str]:
    """The options without dates."""
    pairs = zip(options[::2], options[1::2], strict=True)
    return [word for pair in pairs if pair[0] not in {"--since", "--until"} for word in pair]


def test_days_are_the_default(cli: Cli, shop: Path) -> None:
    outcome = cli("trend", shop / "funnel.yaml", "-f", "json")
    told = json.loads(outcome.out)
    assert (told["every"], told["rolling"]) == ("1d", None)
    assert [(day["start"], day["end"], day["entered"]) for day in told["periods"]] == [
        ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 3)
    ]
    assert "segments" not in told


def test_nobody_there_is_an_empty_list(cli: Cli, shop: Path) -> None:
    arguments = ("trend", shop / "funnel.yaml", "--where", "channel=none", "-q")
    outcome = cli(*arguments, "-f", "json")
    assert (outcome.code, json.loads(outcome.out)["periods"]) == (0, [])
    outcome = cli(*arguments, "-f", "csv")
    assert (outcome.code, outcome.out.splitlines()[1:]) == (0, [])
    for form in ("table", "plain", "markdown"):
        outcome = cli(*arguments, "-f", form)
        assert outcome.code == 0
        assert "Nobody entered, so there are no periods; the logs go from 2026-01-01 10:00" in outcome.out


def test_several_funnels_are_several_reports(cli: Cli, shop: Path) -> None:
    shop.joinpath("funnel.yaml").write_text(
        "logs: log.csv\nstages: [Visit: view, Cart: cart]\nfunnels: [{funnel: A}, {funnel: B, window: 1h}]\n"
    )
    outcome = cli("trend", shop / "funnel.yaml", "-f", "json")
    assert outcome.err == ""
    assert [report["report"] for report in json.loads(outcome.out)["reports"]] == ["trend", "trend"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--every", "2d"], "--every: no '2d'; it is one of 1h, 1d, 1w, 1mo"),
        (["--rolling", "1"], "--rolling: it must be 2 or more"),
        (["--since", "1960-01-01"], "--every: there are more than 10,000 periods of 1d from 1960-01-01 to 2026-01-01"),
    ],
)
def test_options_that_cannot_be_are_a_usage_error(cli: Cli, shop: Path, arguments: list[str], message: str) -> None:
    outcome = cli("trend", shop / "funnel.yaml", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"funnelcli: error: {message}")
    assert outcome.err.count("\n") == 1
