"""`funnelcli compare`: whole outputs, what is the same as in `report`, and options that do not go together."""

from __future__ import annotations

import json

import pytest
from rich.cells import cell_len

SHOP = "configs/shop.yaml"
pytestmark = pytest.mark.usefixtures("checkout")
CASES = {
    "compare": ["--by", "device", "--expected-split", "desktop=6,mobile=12,tablet=2"],
    "compare-periods": ["--by", "device", "--periods", "2026-01", "2026-02"],
}


@pytest.mark.parametrize("form", ["table", "json", "csv"])
@pytest.mark.parametrize("case", CASES)
def test_a_comparison_of_the_shop(cli, golden, monkeypatch, case, form):
    monkeypatch.delenv("COLUMNS", raising=False)
    outcome = cli("compare", SHOP, *CASES[case], "-f", form)
    assert (outcome.code, outcome.err) == (0, "")
    golden(f"cli/{case}.{form}", outcome.out)


def told(outcome):
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


def test_the_files_breakdowns_are_the_default_and_agree_with_report(cli):
    compared = told(cli("compare", SHOP, "-f", "json"))
    report = told(cli("report", SHOP, "-f", "json"))
    assert compared["segments"] == report["segments"]
    assert (compared["report"], compared["data"], compared["definition"]) == (
        "compare",
        report["data"],
        report["definition"],
    )


def test_periods_agree_with_report_of_mature_units_in_these_dates(cli):
    spans = (("2026-01-05", "2026-01-12"), ("2026-01-12", "2026-01-19"))
    compared = told(cli("compare", SHOP, "--periods", "2026-W03", "2026-W02", "-f", "json"))
    assert [each["period"] for each in compared["periods"]] == ["2026-W02", "2026-W03"]
    found = {tuple(part["segment"].values()): part for part in compared["segments"]}
    for (since, until), period in zip(spans, compared["periods"], strict=True):
        report = told(cli("report", SHOP, "--since", since, "--until", until, "--mature", "-f", "json"))
        assert (period["since"], period["until"]) == (f"{since}T00:00:00Z", f"{until}T00:00:00Z")
        for part in [report | {"segment": {}}, *report["segments"]]:
            ours = found[(period["period"], *part["segment"].values())]
            assert {key: part[key] for key in ours if key != "segment"} == {
                key: ours[key] for key in ours if key != "segment"
            }


def test_relative_periods_count_from_as_of_and_are_told_as_absolute_ones(cli):
    arguments = ["--periods", "last-week", "previous-week", "--as-of", "2026-02-20"]
    record = told(cli("compare", SHOP, *arguments, "-f", "json"))
    assert [each["period"] for each in record["periods"]] == ["2026-W06", "2026-W07"]
    assert {each["baseline"]["period"] for each in record["comparisons"]} == {"2026-W06"}
    for name in ("last-week", "2026-W07"):
        record = told(cli("compare", SHOP, *arguments, "--baseline", name, "-f", "json"))
        assert {each["baseline"]["period"] for each in record["comparisons"]} == {"2026-W07"}


def test_periods_are_cut_to_the_dates_of_the_funnel_and_are_days_of_its_timezone(cli):
    arguments = ["--since", "2026-01-10T12:00", "--until", "2026-02-03", "--timezone", "Europe/Stockholm"]
    record = told(cli("compare", SHOP, "--periods", "2026-01", "2026-02", *arguments, "-f", "json"))
    assert [(each["since"], each["until"]) for each in record["periods"]] == [
        ("2026-01-10T11:00:00Z", "2026-01-31T23:00:00Z"),
        ("2026-01-31T23:00:00Z", "2026-02-02T23:00:00Z"),
    ]


def test_several_funnels_are_several_reports(cli, shop):
    shop.joinpath("funnel.yaml").write_text(
        "logs: log.csv\nstages: [Visit: view, Cart: cart]\nfunnels: [{funnel: A}, {funnel: B, window: 1h}]\n"
    )
    record = told(cli("compare", shop / "funnel.yaml", "--by", "channel", "--baseline", "ads", "-f", "json"))
    assert [report["report"] for report in record["reports"]] == ["compare", "compare"]


def test_get_prints_one_value(cli):
    outcome = cli("compare", SHOP, "--by", "device", "--get", "comparisons[1].stage")
    assert (outcome.code, outcome.out, outcome.err) == (0, "Product\n", "")


LONG = """\
funnel: Shop
logs: log.csv
window: 1d
stages:
  - The very first page of the shop that a person looks at: view
  - Averyverylongnameofastagewithoutanyspacesinitwhatsoeverreally: cart
  - Anotherverylongnameofastagewithoutanyspacesinitwhatsoever: buy
breakdowns: [the_channel_that_brought_them, [the_channel_that_brought_them, device]]
"""
NAMES = ("x" * 70, "\x1b[31mred \u202e and quite a long name of a segment", "漢字" * 30, "a")


@pytest.fixture
def hostile(tmp_path):
    """A config whose names are long, and segments that are long or would act on a terminal."""
    rows = ["user,event,timestamp,the_channel_that_brought_them,device"]
    for number in range(96):
        month, name = number // 4 % 2 + 1, NAMES[number % 4]
        for hour, event in enumerate(["view", "cart", "buy"][: 1 + number % 3]):
            rows.append(f'{number},{event},2026-0{month}-10T0{hour}:00,"{name}",{number % 5}')
    rows.append("last,other,2026-03-01T00:00,a,1")
    tmp_path.joinpath("log.csv").write_text("\n".join(rows), encoding="utf-8")
    tmp_path.joinpath("funnel.yaml").write_text(LONG, encoding="utf-8")
    return tmp_path / "funnel.yaml"


LABELS = ["--periods", "2026-01-01..2026-01-31", "2026-02-01..2026-02-28"]


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("arguments", [[], ["--baseline", "a"], ["--periods", "2026-01", "2026-02"], LABELS])
def test_names_however_long_leave_room_for_difference_interval_and_p(cli, hostile, monkeypatch, width, arguments):
    monkeypatch.setenv("COLUMNS", str(width))
    outcome = cli("compare", hostile, *arguments, "-f", "table")
    assert (outcome.code, outcome.err) == (0, "")
    assert max(map(cell_len, outcome.out.splitlines())) <= width
    _, _, left_out = outcome.out.partition(f"Left out at a width of {width}")
    hidden = " ".join(left_out.split())
    assert not any(f"{name} (" in hidden for name in ("Difference", "95 % interval", "p adjusted", "Together"))


@pytest.mark.parametrize("width", range(60, 121, 4))
def test_the_shares_in_two_periods_are_both_shown_or_neither(cli, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    outcome = cli("compare", SHOP, "--by", "device", *LABELS, "-f", "table")
    assert (outcome.code, outcome.err) == (0, "")
    hidden = " ".join(outcome.out.partition("Left out at a width of")[2].split())
    assert hidden.count("Share in ") in {0, 2}
    assert width > 60 or hidden.count("Share in ") == 2


NO_BY = ["--periods", "2026-01", "2026-02"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--by", "device", "--rates", "stages"], "--rates: no 'stages'; did you mean stage?"),
        (["--by", "device", "--adjust", "bonferroni"],
         "--adjust: no 'bonferroni'; it is one of holm, bh, none"),
        (["--by", "device", "--baseline", "moble"], "--baseline: no segment 'moble'; did you mean 'mobile'?"),
        (["--by", "device", "--baseline", "mobile", "--segment-from", "any"],
         "--baseline: with segment_from any a unit can be in both; leave one of the two out"),
        (["--periods", "2026-01", "2026-W02"], "--periods: 2026-01 and 2026-W02 overlap; name two that do not"),
        ([*NO_BY, "--no-mature"],
         "--no-mature: periods are always compared by units whose window is over; leave it out"),
        (["--periods", "2026-13", "2026-01"],
         "--periods: '2026-13' is not in the calendar; a year has the months 01 to 12"),
        (["--periods", "2026-01", "2026-02", "--until", "2026-02-01"],
         "--periods: 2026-02 lies outside the dates of since and until; change one of them"),
        ([*NO_BY, "--baseline", "2026-03"], "--baseline: no period '2026-03'; there is '2026-01' and '2026-02'"),
        ([*NO_BY, "--expected-split", "1/1"],
         "--expected-split: is of segments, and --periods compares periods; leave one out"),
        (["--expected-split", "1/1"],
         "--expected-split: is of one breakdown, and there are channel and device; name one with --by"),
        (["--by", "device", "--expected-split", "half"],
         "--expected-split: 'half' is no split; write 50/50, 1/1/2 or A=50,B=50"),
        (["--by", "device", "--expected-split", "0/1/1"],
         "--expected-split: a part is 0; leave these units out with --where"),
        (["--by", "device", "--expected-split", "1/1"],
         "--expected-split: 2 parts, and there are 3 segments: 'desktop', 'mobile', 'tablet'; write one each"),
        (["--by", "device", "--expected-split", "1/1", "--segment-from", "any"],
         "--expected-split: with segment_from any a unit can be in several segments; leave it out"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_a_usage_error(cli, arguments, message):
    outcome = cli("compare", SHOP, *arguments)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"funnelcli: error: {message}\n")


def test_without_segments_or_periods_there_is_nothing_to_compare(cli, shop):
    outcome = cli("compare", shop / "funnel.yaml")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "funnelcli: error: compare: nothing to compare; name a column with --by, or two periods with --periods\n"
    )


def test_a_column_named_period_cannot_stand_beside_periods(cli, shop):
    log = shop / "log.csv"
    log.write_text(log.read_text().replace("channel", "period"))
    arguments = ["--by", "period", "--periods", "2025", "2026"]
    outcome = cli("compare", shop / "funnel.yaml", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "funnelcli: error: --by: with --periods the output has a column 'period' of its own; rename the log's\n"
    )
    assert cli("compare", shop / "funnel.yaml", "--by", "period").code == 0
