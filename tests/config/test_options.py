"""The command line's options: what they replace, how they are split, and what is said when they are wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from funnelcli.config import Columns, Condition, Match, Options, Stage, load
from funnelcli.errors import UsageError
from tests.config.reader import NOW, SHOP, funnel

FULL = (
    SHOP
    + """
logs: shop.csv
columns: {user: uid, event: what}
timezone: Europe/Stockholm
unit: [uid, item]
where: {country: SE}
window: 7d
ties: row
entry: first
range: all
since: 2026-01-01
until: 2026-02-01
as_of: 2026-02-01
segment_from: Paid
same: item
session: visit
exclude: [refund]
semantics: posthog
mature: true
breakdowns: [channel]
"""
)


def test_every_option_replaces_the_key_of_its_name() -> None:
    read = funnel(
        FULL,
        logs=("a.csv", "-"),
        columns="user=who,timestamp=ts,unit=ms",
        timezone="UTC",
        unit=("who,thing", "place"),
        window="30m",
        order="strict",
        ties="stage",
        entry="earliest",
        range="entry",
        start="first",
        count="attempts",
        same=("shop,till", "day"),
        session="45m",
        exclude=("refund,chargeback", "'a,b'"),
        semantics="ga4",
        since="2025-01-01",
        until="2025-02-01",
        as_of="2025-03-01",
        segment_from="any",
        mature=False,
        by=("device", "channel,campaign"),
    )
    assert read.model_dump(exclude={"name", "stages", "where"}, exclude_defaults=True) == {
        "logs": ("a.csv", "-"),
        "columns": {"user": "who", "timestamp": "ts", "time_unit": "ms"},
        "unit": ("who", "thing", "place"),
        "order": "strict",
        "count": "attempts",
        "same": ("shop", "till", "day"),
        "session": timedelta(minutes=45),
        "exclude": ({"matches": ({"events": ("refund", "chargeback")},)}, {"matches": ({"events": ("a,b",)},)}),
        "semantics": "ga4",
        "since": datetime(2025, 1, 1, tzinfo=UTC),
        "until": datetime(2025, 2, 1, tzinfo=UTC),
        "as_of": datetime(2025, 3, 1, tzinfo=UTC),
        "segment_from": "any",
        "breakdowns": (("device",), ("channel", "campaign")),
    }


def test_mature_is_replaced_either_way() -> None:
    assert funnel(SHOP, mature=True).mature
    assert not funnel(SHOP + "mature: true", mature=False).mature
    assert funnel(SHOP + "mature: true").mature


def test_an_option_is_blamed_for_what_the_file_cannot_have_with_it() -> None:
    text = """
        funnel: S
        stages: [{A: a}, {name: B, events: b, within: 2d, after: 1d}, {name: C, events: c, optional: true}, {D: d}]
        """
    for options, message in (
        ({"order": "any"}, "--order: `after` means nothing with `order: any`; remove one of them"),
        ({"order": "strict"}, "--order: `optional` means nothing with `order: strict`; remove one of them"),
        ({"start": "open"}, "--start: `optional` means nothing with `start: open`; remove one of them"),
        (
            {"window": "12h"},
            (
                "--window: 'B' can never be reached: it comes 1d or more after the first stage, and the window is 12h; "
                "shorten `after`, or widen the window"
            ),
        ),
    ):
        with pytest.raises(UsageError) as raised:
            funnel(text, **options)
        assert str(raised.value) == message


def test_a_session_is_a_length_or_a_column() -> None:
    assert funnel(SHOP, session="90m").session == timedelta(minutes=90)
    read = funnel(SHOP, session="visit id", unit=("shop",))
    assert (read.session, read.unit) == ("visit id", ("shop", "visit id"))


def test_where_adds_to_the_conditions_of_the_file() -> None:
    given = ("revenue>=10", "plan!=free", "country=SE", "country=DK")
    assert funnel(FULL, where=given).where == (
        Condition(column="country", operator="eq", operand="SE"),
        Condition(column="revenue", operator="ge", operand=10),
        Condition(column="plan", operator="ne", operand="free"),
        Condition(column="country", operator="eq", operand="DK"),
    )


@pytest.mark.parametrize(
    ("text", "column", "operator", "operand"),
    [
        ("a=b", "a", "eq", "b"),
        ("a = b c ", "a", "eq", "b c"),
        ("a!=1", "a", "ne", 1),
        ("a>1.5", "a", "gt", 1.5),
        ("a>=1", "a", "ge", 1),
        ("a<-1", "a", "lt", -1),
        ("a<=x", "a", "le", "x"),
        ("a=true", "a", "eq", True),
        ("a='true'", "a", "eq", "true"),
        ('a="007"', "a", "eq", "007"),
        ("a=NO", "a", "eq", "NO"),
        ("a=2026-01-01", "a", "eq", "2026-01-01"),
        ("a==b", "a", "eq", "=b"),
        ("a=b=c", "a", "eq", "b=c"),
        ("a=x, y", "a", "eq", "x, y"),
        ("a=[x]", "a", "eq", "[x]"),
        ("a=''", "a", "eq", ""),
        ("a='it''s'", "a", "eq", "it's"),
        ("a='b' c", "a", "eq", "'b' c"),
        ('"a=b"=c', "a=b", "eq", "c"),
        ('" a "=c', " a ", "eq", "c"),
        ('"a\\"b" = c', 'a"b', "eq", "c"),
        ("'a>b'<=3", "a>b", "le", 3),
        ('5"=x', '5"', "eq", "x"),
        ('"a"b=c', '"a"b', "eq", "c"),
        ("a!b=c", "a!b", "eq", "c"),
        ("properties.plan=pro", "properties.plan", "eq", "pro"),
    ],
)
def test_a_condition_is_cut_at_its_first_operator(text: str, column: str, operator: str, operand: object) -> None:
    (condition,) = funnel(SHOP, where=(text,)).where
    assert (condition.column, condition.operator, condition.operand) == (column, operator, operand)
    assert type(condition.operand) is type(operand)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("user=u", Columns(user="u")),
        ("event=e, timestamp=t", Columns(event="e", timestamp="t")),
        ("timestamp=t,unit=us", Columns(timestamp="t", time_unit="us")),
        ("unit=s", Columns(time_unit="s")),
        ("format=%d/%m/%Y %H:%M", Columns(time_format="%d/%m/%Y %H:%M")),
        ('timestamp=t,format="%d, %m, %Y=%H",user=u', Columns(user="u", timestamp="t", time_format="%d, %m, %Y=%H")),
        ("user='a,b',event=c=d", Columns(user="a,b", event="c=d")),
    ],
)
def test_columns_are_cut_at_commas_outside_quotes(text: str, columns: Columns) -> None:
    assert funnel(SHOP, columns=text).columns == columns


def test_stages_define_a_funnel_without_a_file() -> None:
    stages = ("Visit=page_view", "'A=B'=add, quick", 'Paid="a,b",c=d')
    (read,) = load(None, options=Options(stage=stages, logs=("a.csv",), window="1d"), now=NOW).funnels
    assert (read.name, read.logs, read.window) == ("Visit to Paid", ("a.csv",), timedelta(days=1))
    assert read.stages == (
        Stage(name="Visit", matches=(Match(events=("page_view",)),)),
        Stage(name="A=B", matches=(Match(events=("add", "quick")),)),
        Stage(name="Paid", matches=(Match(events=("a,b", "c=d")),)),
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": "3 days"}, "--window: '3 days' is not a duration; write 3d"),
        ({"window": ""}, "--window: '' is not a duration; write it like 30m, 12h or 7d"),
        ({"order": "lose"}, "--order: 'lose' is not one of loose, strict, any; did you mean 'loose'?"),
        (
            {"order": "any"},
            "--order: 'Paid' has no place of its own with `order: any`; write one of entry, first, last, any",
        ),
        ({"start": "opn"}, "--start: 'opn' is not one of first, open; did you mean 'open'?"),
        ({"start": "open"}, "--start: `exclude` means nothing with `start: open`; remove one of them"),
        ({"count": "attempt"}, "--count: 'attempt' is not one of units, attempts; did you mean 'attempts'?"),
        (
            {"count": "attempts"},
            (
                "--count: `effect: remove` of `semantics: posthog` means nothing with `count: attempts`; "
                "remove one of them"
            ),
        ),
        ({"same": ("item,item",)}, "--same: 'item' is listed twice"),
        ({"session": "30 min"}, "--session: '30 min' is not a duration; write 30m"),
        (
            {"semantics": "GA4"},
            (
                "--semantics: 'GA4' is not one of amplitude, clickhouse, mixpanel, mixpanel-reentry, posthog, ga4; "
                "did you mean 'ga4'?"
            ),
        ),
        ({"exclude": ("refund,",)}, "--exclude: 'refund,' has an empty name; put commas only between names"),
        ({"exclude": ("a,a",)}, "--exclude: 'a' is listed twice"),
        (
            {"exclude": ("purchase",)},
            (
                "--exclude: 'purchase' also completes 'Paid', a stage of the exclusion's own range; name other stages "
                "in `between`, or tell them apart with `where`"
            ),
        ),
        ({"ties": "no"}, "--ties: 'no' is not one of stage, strict, row"),
        ({"entry": "last"}, "--entry: 'last' is not one of earliest, latest, first; did you mean 'latest'?"),
        ({"range": "1"}, "--range: '1' is not one of entry, all"),
        ({"timezone": "Stokholm"}, "--timezone: 'Stokholm' is not a time zone; did you mean 'Europe/Stockholm'?"),
        (
            {"since": "1.1.2026"},
            ("--since: '1.1.2026' is not a date; write 2026-01-31, 2026-01-31T09:30, 30d, today, yesterday or now"),
        ),
        ({"as_of": "2026-02-30"}, "--as-of: '2026-02-30' is not in the calendar; write a day and a time that exist"),
        (
            {"since": "2026-03-01"},
            ("--since: the range ends at 2026-01-31T23:00:00Z, not later than it begins, 2026-02-28T23:00:00Z"),
        ),
        (
            {"until": "2025-03-01"},
            ("--until: the range ends at 2025-02-28T23:00:00Z, not later than it begins, 2025-12-31T23:00:00Z"),
        ),
        (
            {"segment_from": "payed"},
            ("--segment-from: 'payed' is neither a stage nor one of entry, first, last, any; did you mean 'Paid'?"),
        ),
        ({"by": ("a,,b",)}, "--by: 'a,,b' has an empty name; put commas only between names"),
        ({"by": ("a", "a")}, "--by: 'a' is listed twice"),
        ({"by": ('" "',)}, "--by: the name is empty; write one"),
        ({"unit": ("a,a",)}, "--unit: 'a' is listed twice"),
        ({"logs": ("a.csv", "a.csv")}, "LOGS: 'a.csv' is listed twice"),
        ({"logs": ("caf\udce9.csv",)}, "LOGS: 'caf\\udce9.csv' is not UTF-8; write it, or name the file, in UTF-8"),
        (
            {"columns": "uid"},
            ("--columns: 'uid' is not KEY=VALUE with a key we know; write user=…,event=…,timestamp=…,unit=…,format=…"),
        ),
        (
            {"columns": "user=a,b"},
            ("--columns: 'b' is not KEY=VALUE with a key we know; write user=…,event=…,timestamp=…,unit=…,format=…"),
        ),
        ({"columns": "user=a,user=b"}, "--columns: 'user' is given twice; keep one"),
        ({"columns": "user="}, "--columns: the name is empty; write one"),
        ({"columns": "unit=sec"}, "--columns: 'sec' is not one of s, ms, us, ns"),
        ({"where": ("country",)}, "--where: 'country' is not COL=V (or != > >= < <=); write 'country=SE'"),
        ({"where": ("=SE",)}, "--where: '=SE' is not COL=V (or != > >= < <=); write 'country=SE'"),
        ({"where": ('""=SE',)}, "--where: the name is empty; write one"),
        (
            {"where": ("coupon=",)},
            ("--where: nothing equals null; write {is_null: true} in the YAML, or 'null' in quotes for the word"),
        ),
        ({"where": ("a>true",)}, "--where: must be a number or a text to compare with, not true"),
        (
            {"where": ("id=99999999999999999999",)},
            ("--where: '99999999999999999999' is no number we can compare with; put it in quotes if it is text"),
        ),
        ({"stage": ("A=a",)}, "--stage: only ever defines a funnel without a config; leave out shop.yaml or --stage"),
    ],
)
def test_a_wrong_option_is_told_by_its_name(
    options: dict[str, object], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.yaml").write_text(FULL)
    with pytest.raises(UsageError) as raised:
        load(Path("shop.yaml"), options=Options(**options), now=NOW)  # type: ignore[arg-type]
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        (("A=a",), "--stage: a funnel needs two stages or more"),
        (("A=a", "A=b"), "--stage: a second stage 'A'; give every stage its own name"),
        (("A=a", "any=b"), "--stage: 'any' is a word of the program; give the stage another name"),
        (("A=a", "B"), "--stage: 'B' is not Name=event[,event]; write 'Visit=page_view'"),
        (("A=a", "B="), "--stage: 'B=' is not Name=event[,event]; write 'Visit=page_view'"),
        (("A=a", "=b"), "--stage: '=b' is not Name=event[,event]; write 'Visit=page_view'"),
        (("A=a", "B=b,"), "--stage: 'b,' has an empty name; put commas only between names"),
        (("A=a", "B=b,b"), "--stage: 'b' is listed twice"),
    ],
)
def test_a_wrong_stage_is_told(stages: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        load(None, options=Options(stage=stages), now=NOW)
    assert str(raised.value) == message


def test_a_stage_may_be_named_like_a_key() -> None:
    (read,) = load(None, options=Options(stage=("name=a", "events=b")), now=NOW).funnels
    assert [stage.name for stage in read.stages] == ["name", "events"]


def test_funnel_picks_only_from_a_file() -> None:
    with pytest.raises(UsageError, match="--funnel: picks from a config, and --stage means there is none"):
        load(None, options=Options(stage=("A=a", "B=b"), funnel=("A",)), now=NOW)
