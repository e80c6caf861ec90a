"""`check`: each kind of check passes and fails, and what it says is what `report` says."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Outcome

CONFIG = """\
funnel: Shop
logs: log.csv
window: 1d
stages: [{Visit: view}, {Cart: cart}, {Purchase: buy}]
checks:
"""
NOBODY, FROM, SO = "Purchase: nobody entered from", "entered from", "there is nothing to compare"
GET = "stages[Cart].conversion_rate"


@pytest.fixture
def checked(shop, cli):
    """What `check` prints for the lines of `checks:`, as JSON."""

    def run(*lines, code, options=()):
        shop.joinpath("check.yaml").write_text(CONFIG + "".join(f"  - {line}\n" for line in lines))
        outcome = cli("check", shop / "check.yaml", "-f", "json", *options)
        assert outcome.code == code, outcome.err
        return json.loads(outcome.out)

    return run


@pytest.mark.parametrize(
    ("limits", "limit", "passed"),
    [
        ("min: 66%", 0.66, True),
        ("min: 67%", 0.67, False),
        ("max: 67%", 0.67, True),
        ("max: 66%", 0.66, False),
        ("min: 0.5, max: 0.6", 0.6, False),
        ("min: 0.5, max: 0.7", 0.5, True),
        ("min: 0.7, max: 0.8", 0.7, False),
    ],
)
def test_a_number_of_the_report_has_a_floor_and_a_ceiling(limits, limit, passed, checked):
    found = checked(f'{{name: carts, get: "{GET}", {limits}}}', code=0 if passed else 1)
    assert found["passed"] is passed
    (line,) = found["checks"]
    assert (line["check"], line["value"], line["limit"], line["passed"]) == ("carts", 2 / 3, limit, passed)
    assert line["reason"].startswith(f"{GET} is 66.7 %; it must be at ")


def test_a_number_that_is_the_limit_passes(checked):
    assert checked("{name: people, get: entered, min: 3, max: 3}", code=0)["passed"]


def test_an_unknown_number_fails(checked):
    (line,) = checked('{name: first, get: "stages[Visit].stage_rate", min: 0}', code=1)["checks"]
    assert (line["value"], line["passed"]) == (None, False)
    assert line["reason"] == "stages[Visit].stage_rate is unknown; it must be at least 0 %"


def test_the_age_of_the_data_counts_back_from_as_of(checked):
    fresh = "{name: fresh, fresh: 90m}"
    (line,) = checked(fresh, code=0, options=("--as-of", "2026-01-01T13:30:00Z"))["checks"]
    assert (line["value"], line["limit"]) == (5400.0, 5400.0)
    (line,) = checked(fresh, code=1, options=("--as-of", "2026-01-01T13:30:01Z"))["checks"]
    assert line["reason"] == "the age of the last row is 1 h 30 min; it must be at most 1 h 30 min"
    checked(fresh, code=1)  # by the clock the log is old


def test_rows_that_could_not_be_counted_are_those_with_a_fault(checked, shop):
    with shop.joinpath("log.csv").open("a") as log:
        log.write("dan,view,yesterday,ads\n,view,2026-01-01T12:00:00Z,ads\neva,other,2026-01-01T12:00:00Z,ads\n")
    (line,) = checked("{name: clean, max_skipped: 10%}", code=1)["checks"]
    assert line["value"] == 2 / 9
    assert checked("{name: clean, max_skipped: 30%}", code=0)["passed"]


def weeks(*cohorts):
    """Two users' rows or more: each week so many enter, and so many of them buy at once."""
    lines = ["user,event,timestamp"]
    for week, (entered, bought) in enumerate(cohorts):
        day = f"2026-01-{5 + 7 * week:02}"
        for user in range(entered):
            lines.append(f"w{week}u{user},view,{day}T10:00:00Z")
            if user < bought:
                lines += [f"w{week}u{user},cart,{day}T10:01:00Z", f"w{week}u{user},buy,{day}T10:02:00Z"]
    return "\n".join([*lines, ""])


@pytest.mark.parametrize(
    ("cohorts", "passed"),
    [
        (((100, 50), (100, 20), (1, 0)), False),
        (((100, 50), (100, 45), (1, 0)), True),
        (((100, 20), (100, 50), (1, 0)), True),
        (((100, 50), (100, 50), (100, 0)), True),  # the last week is not over
    ],
)
def test_a_fall_is_judged_between_the_last_two_complete_periods(cohorts, passed, checked, shop):
    shop.joinpath("log.csv").write_text(weeks(*cohorts))
    as_of = ("--as-of", "2026-01-20T12:00:00Z")
    (line,) = checked("{name: fall, fall: Purchase}", code=0 if passed else 1, options=as_of)["checks"]
    assert line["passed"] is passed
    assert line["passed"] is (line["value"] >= line["limit"])
    assert f"{cohorts[1][1]}.0 % of the 100 who entered from 2026-01-12" in line["reason"]


@pytest.mark.parametrize(
    ("cohorts", "as_of", "reason"),
    [
        ((), "2026-01-20", "Purchase: the data do not go back two complete periods of 1w"),
        (((10, 5),), "2026-01-13", "Purchase: the data do not go back two complete periods of 1w"),
        (((10, 5), (10, 5)), "2026-01-19", "Purchase: the data do not go back two complete periods of 1w"),
        (
            ((10, 5),),
            "2026-01-20",
            f"{NOBODY} 2026-01-12 00:00, against 50.0 % of the 10 who {FROM} 2026-01-05 00:00; {SO}",
        ),
        (((10, 5), (10, 5)), "2126-01-20", f"{NOBODY} 2126-01-07 00:00, against nobody {FROM} 2125-12-31 00:00; {SO}"),
    ],
)
def test_of_two_periods_in_which_nobody_entered_no_fall_is_known(cohorts, as_of, reason, checked, shop):
    shop.joinpath("log.csv").write_text(weeks(*cohorts))
    options = ("--as-of", as_of)
    (line,) = checked("{name: fall, fall: Purchase, every: 1w}", code=1, options=options)["checks"]
    assert (line["value"], line["passed"]) == (None, False)
    assert line["reason"] == reason


@pytest.mark.parametrize("times", [("0050-01-01", "0060-01-01"), ("0001-01-01", "0001-06-01")])
def test_in_the_first_years_no_period_is_complete(times, checked, shop):
    first, last = times
    shop.joinpath("log.csv").write_text(f"user,event,timestamp\nann,view,{first}\nann,cart,{last}\n")
    (line,) = checked("{name: fall, fall: Purchase}", code=1, options=("--window", "36500d"))["checks"]
    assert line["reason"] == "Purchase: the data do not go back two complete periods of 1w"


def test_data_without_a_period_after_them_are_too_far_away(shop, cli):
    shop.joinpath("check.yaml").write_text(f"{CONFIG.replace('window: 1d', '')}  - {{name: fall, fall: Purchase}}\n")
    shop.joinpath("log.csv").write_text("user,event,timestamp\nann,view,2026-01-01\nann,cart,9999-12-31\n")
    assert cli("check", shop / "check.yaml", "-q") == Outcome(
        2, "", "funnelcli: error: the check 'fall': 9999-12-10 to 9999-12-31 is too far away; take dates from 1900 on\n"
    )


def test_a_fall_among_few_says_so(checked, shop):
    shop.joinpath("log.csv").write_text(weeks((10, 8), (10, 5)))
    (line,) = checked("{name: fall, fall: Purchase}", code=0, options=("--as-of", "2026-01-20"))["checks"]
    assert line["reason"].endswith("not under 0.025, too few to say much")


def test_a_last_row_in_the_future_is_fresh(checked):
    (line,) = checked("{name: fresh, fresh: 1h}", code=0, options=("--as-of", "2025-01-01"))["checks"]
    assert line["value"] == 0


@pytest.mark.parametrize(
    ("limits", "passed", "said"),
    [
        ("get: conversion_rate, max: 200%", True, "conversion_rate is 33.3 %; it must be at most 200 %"),
        ("get: conversion_rate, min: -1", True, "conversion_rate is 33.3 %; it must be at least -100 %"),
        ("get: p90_seconds_to_convert, min: -1", True, "p90_seconds_to_convert is 10 min; it must be at least -1 s"),
        (
            "get: p90_seconds_to_convert, max: 1e300",
            True,
            "p90_seconds_to_convert is 10 min; it must be at most 1e+300 s",
        ),
        ("get: entered, min: 1e300", False, "entered is 3; it must be at least 1e+300"),
    ],
)
def test_a_limit_may_be_one_that_the_number_never_comes_to(limits, passed, said, checked):
    (line,) = checked(f"{{name: odd, {limits}}}", code=0 if passed else 1)["checks"]
    assert (line["passed"], line["reason"]) == (passed, said)


def test_a_reason_for_which_no_row_was_skipped_is_0(checked):
    (line,) = checked("{name: times, get: data.rows_skipped.bad_time, max: 5}", code=0)["checks"]
    assert line["value"] == 0


def test_a_segment_that_is_not_there_fails_its_check_and_no_other(checked):
    lines = ('{name: tv, get: "segments[channel=tv].entered", min: 1}', "{name: people, get: entered, min: 1}")
    found = checked(*lines, code=1, options=("--by", "channel"))["checks"]
    assert [(line["check"], line["value"], line["passed"]) for line in found] == [
        ("tv", None, False),
        ("people", 3, True),
    ]


def test_what_failed_is_told_on_standard_error(shop, cli):
    lines = "".join(f"  - {{name: c{at}, get: entered, min: {at}}}\n" for at in (3, 4, 5))
    shop.joinpath("check.yaml").write_text(CONFIG + lines)
    outcome = cli("check", shop / "check.yaml")
    assert outcome.code == 1
    said = [f"funnelcli: gate: Shop: c{least}: entered is 3; it must be at least {least}\n" for least in (4, 5)]
    assert outcome.err == "".join(said)
    assert outcome.out.startswith("Shop\n2 of 3 checks failed.\n")


def test_without_checks_there_is_nothing_to_check(shop, cli):
    outcome = cli("check", shop / "funnel.yaml")
    assert (outcome.code, outcome.out) == (2, "")
    assert "check: the config has no checks" in outcome.err


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("conversion_rat", "leads nowhere; there is no 'conversion_rat'; did you mean 'conversion_rate'?"),
        ("data.rows_skipped.bad_tim", "leads nowhere; there is no 'bad_tim'; did you mean 'bad_time'?"),
        ("data.last_time", "is 2026-01-01T12:00:00Z, which is no number; name one"),
        ("funnel", "is Shop, which is no number; name one"),
        ("stages", "is a list; go on with [Visit], [Cart], [Purchase]"),
    ],
)
def test_a_path_that_leads_to_no_number_is_an_error(path, said, shop, cli):
    shop.joinpath("check.yaml").write_text(f'{CONFIG}  - {{name: odd, get: "{path}", min: 1}}\n')
    outcome = cli("check", shop / "check.yaml")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"funnelcli: error: the check 'odd': {path!r} {said}\n"


def test_get_prints_one_value_of_any_report(shop, cli):
    shop.joinpath("check.yaml").write_text(f"{CONFIG}  - {{name: people, get: entered, min: 1}}\n")
    outcome = cli("check", shop / "check.yaml", "--get", "checks[people].value")
    assert (outcome.code, outcome.out, outcome.err) == (0, "3\n", "")
