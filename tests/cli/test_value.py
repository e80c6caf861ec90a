from __future__ import annotations

from datetime import UTC, datetime

import pytest

from funnelcli.cli.value import value
from funnelcli.errors import UsageError

WRITE = "write for example 'stages[Purchase].conversion_rate', and a name with ] in double quotes"
RECORD = {
    "entered": 4,
    "conversion_rate": 0.25,
    "estimated_conversion_rate": None,
    "definition": {"funnel": "Online shop"},
    "data": {"last_time": datetime(2026, 1, 1, tzinfo=UTC)},
    "stages": [{"stage": "Visit", "reached": 4}, {"stage": "A] b", "reached": 2}, {"stage": "1", "reached": 1}],
    "segments": [
        {"segment": {"channel": "email"}, "stages": [{"stage": "Visit", "reached": 3}]},
        {"segment": {"channel": None}, "entered": 1},
        {"segment": {"channel": "ads", "device": "phone"}, "entered": 2},
    ],
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("entered", 4),
        ("conversion_rate", 0.25),
        ("estimated_conversion_rate", None),
        ("definition.funnel", "Online shop"),
        ("data.last_time", datetime(2026, 1, 1, tzinfo=UTC)),
        ("stages[Visit].reached", 4),
        ("stages[2].reached", 2),
        ("stages[1].reached", 1),
        ('stages["A] b"].reached', 2),
        ("segments[channel=email].stages[Visit].reached", 3),
        ("segments[channel=(none)].entered", 1),
        ("segments[channel=ads,device=phone].entered", 2),
    ],
)
def test_a_path_leads_to_one_raw_value(path, expected):
    assert value(RECORD, path) == expected


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", f"--get: '' is not a path; {WRITE}"),
        ("stages[", f"--get: 'stages[' is not a path; {WRITE}"),
        ("entred", "--get: 'entred' leads nowhere; there is no 'entred'; did you mean 'entered'?"),
        ("stages[Visti]", "--get: 'stages[Visti]' leads nowhere; there is no 'Visti'; did you mean 'Visit'?"),
        ("stages[9]", "--get: 'stages[9]' leads nowhere; there is no '9'; there is Visit, A] b, 1"),
        (r'stages["\x"]', r"""--get: 'stages["\\x"]' leads nowhere; there is no '"\\x"'; there is Visit, A] b, 1"""),
        ("stages", "--get: 'stages' is a list; go on with [Visit], [A] b], [1]"),
        ("stages[Visit]", "--get: 'stages[Visit]' holds several values; go on with .stage, .reached"),
        ("entered[Visit]", "--get: 'entered[Visit]' leads nowhere; there is no list before [Visit]"),
        ("entered.rate", "--get: 'entered.rate' leads nowhere; nothing stands below the value before .rate"),
    ],
)  # fmt: skip
def test_a_path_that_leads_nowhere_says_where_it_could(path, message):
    with pytest.raises(UsageError) as raised:
        value(RECORD, path)
    assert str(raised.value) == message


ENTRIES = {
    "comparisons": [
        {"stage": "Cart", "segment": {"channel": "ads"}, "p_value": 0.1},
        {"stage": "Cart", "segment": {"channel": None}, "p_value": 0.2},
        {"stage": "Paid", "segment": {"channel": "ads"}, "p_value": 0.3},
    ],
    "periods": [{"start": datetime(2026, 3, 9, 23, tzinfo=UTC), "entered": 4}],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("comparisons[stage=Cart,channel=ads].p_value", 0.1),
        ("comparisons[stage=Cart, channel=(none)].p_value", 0.2),
        ("comparisons[Paid].p_value", 0.3),
        ("comparisons[3].p_value", 0.3),
        ("periods[2026-03-09T23:00:00Z].entered", 4),
    ],
)
def test_an_entry_is_named_by_its_name_its_place_or_its_keys(path, found):
    assert value(ENTRIES, path) == found


def test_a_name_that_several_entries_have_is_refused():
    with pytest.raises(UsageError) as raised:
        value(ENTRIES, "comparisons[Cart].p_value")
    assert str(raised.value) == (
        "--get: 'comparisons[Cart].p_value' means 2 entries [Cart]; name one by its place, as [1], or by its keys,"
        " as [stage=Cart,p_value=0.1]"
    )
