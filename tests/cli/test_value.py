from __future__ import annotations

from datetime import UTC, datetime

import pytest

from funnelcli.cli.value import value
from funnelcli.errors import UsageError

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
        ("", "--get: '' is not a path; write for example 'stages[Purchase].conversion_rate'"),
        ("stages[", "--get: 'stages[' is not a path; write for example 'stages[Purchase].conversion_rate'"),
        ("entred", "--get: 'entred' leads nowhere; there is no 'entred'; did you mean 'entered'?"),
        ("stages[Visti]", "--get: 'stages[Visti]' leads nowhere; there is no 'Visti'; did you mean 'Visit'?"),
        ("stages[9]", "--get: 'stages[9]' leads nowhere; there is no '9'; there is Visit, A] b, 1"),
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
