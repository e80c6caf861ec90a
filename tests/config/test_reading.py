"""What a YAML file becomes."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from funnelcli.config import Columns, Condition, Exclusion, Funnel, Match, Options, Stage, load
from funnelcli.errors import ConfigError, UsageError
from tests.config.reader import NOW, SHOP, funnel, loaded, told, written


def test_every_key_arrives_in_the_funnel() -> None:
    read = funnel("""
        funnel: Online shop
        logs: [/logs/*.csv, s3://bucket/shop.parquet]
        columns: {user: user_id, event: event_name, timestamp: {column: ts, unit: ms}}
        timezone: Europe/Stockholm
        window: 7d
        stages:
          - Visit: page_view
          - Cart: [add_to_cart, quick_buy]
          - name: Purchase
            events: [renewal, {event: purchase, where: {plan: pro}}, upgrade]
            where: {revenue: {gt: 0, le: 10.5}, country: [SE, DK]}
            first: match
            within: 2d
            after: 1h
          - {name: Thanks, events: thanks, optional: true}
        breakdowns: [channel, "channel, device", [a, "b,c"]]
        where: {test: false}
        unit: [user_id, item]
        order: loose
        start: first
        count: units
        same: [shop, till]
        session: visit
        exclude:
          - refund
          - {events: [{event: chargeback, where: {test: false}}], where: {a: 1}, between: [Visit, Cart], effect: remove}
        semantics: clickhouse
        ties: strict
        entry: latest
        range: all
        since: 2026-01-01
        until: 2026-02-01T12:30+01:00
        as_of: 2026-02-28T09:00:00.5
        segment_from: Cart
        """)
    assert read == Funnel(
        name="Online shop",
        logs=("/logs/*.csv", "s3://bucket/shop.parquet"),
        columns=Columns(user="user_id", event="event_name", timestamp="ts", time_unit="ms"),
        timezone="Europe/Stockholm",
        window=timedelta(days=7),
        stages=(
            Stage(name="Visit", matches=(Match(events=("page_view",)),)),
            Stage(name="Cart", matches=(Match(events=("add_to_cart", "quick_buy")),)),
            Stage(
                name="Purchase",
                matches=(
                    Match(events=("renewal", "upgrade")),
                    Match(events=("purchase",), where=(Condition(column="plan", operator="eq", operand="pro"),)),
                ),
                where=(
                    Condition(column="revenue", operator="gt", operand=0),
                    Condition(column="revenue", operator="le", operand=10.5),
                    Condition(column="country", operator="in", operand=("SE", "DK")),
                ),
                first="match",
                within=timedelta(days=2),
                after=timedelta(hours=1),
            ),
            Stage(name="Thanks", matches=(Match(events=("thanks",)),), optional=True),
        ),
        breakdowns=(("channel",), ("channel", "device"), ("a", "b,c")),
        where=(Condition(column="test", operator="eq", operand=False),),
        unit=("user_id", "item", "visit"),
        same=("shop", "till"),
        session="visit",
        exclude=(
            Exclusion(matches=(Match(events=("refund",)),)),
            Exclusion(
                matches=(
                    Match(events=("chargeback",), where=(Condition(column="test", operator="eq", operand=False),)),
                ),
                where=(Condition(column="a", operator="eq", operand=1),),
                between=("Visit", "Cart"),
                effect="remove",
            ),
        ),
        semantics="clickhouse",
        ties="strict",
        entry="latest",
        range="all",
        since=datetime(2025, 12, 31, 23, tzinfo=UTC),
        until=datetime(2026, 2, 1, 11, 30, tzinfo=UTC),
        as_of=datetime(2026, 2, 28, 8, 0, 0, 500_000, tzinfo=UTC),
        segment_from="Cart",
    )


def test_the_shortest_config_has_the_defaults() -> None:
    assert funnel(SHOP) == Funnel(
        name="Shop",
        stages=(
            Stage(name="Visit", matches=(Match(events=("page_view",)),)),
            Stage(name="Paid", matches=(Match(events=("purchase",)),)),
        ),
    )


def test_the_unit_is_the_user_column_unless_it_is_given() -> None:
    assert funnel(SHOP + "columns: {user: uid}").unit == ("uid",)
    assert funnel(SHOP + "columns: {user: uid}\nunit: [uid, item]").unit == ("uid", "item")


@pytest.mark.parametrize(
    ("written_as", "operand"),
    [
        ("NO", "NO"), ("on", "on"), ("yes", "yes"), ("y", "y"), ("1:30", "1:30"), ("1_000", "1_000"),
        ("2026-02-30", "2026-02-30"), ("2026-01-01", "2026-01-01"), ("0b1", "0b1"), ("=", "="), ("'12'", "12"),
        ("12", 12), ("012", 12), ("0o14", 12), ("0xC", 12), ("+12", 12), ("-12", -12), ("1.5", 1.5), (".5", 0.5),
        ("1e3", 1000.0), ("true", True), ("False", False), ("!!str 12", "12"), ("!!float 1", 1.0), ("''", ""),
        ('"\\ud83d\\ude00"', "😀"),
    ],
)  # fmt: skip
def test_scalars_are_read_by_yaml_1_2(written_as: str, operand: object) -> None:
    (condition,) = funnel(f"{SHOP}where: {{a: {written_as}}}").where
    assert condition.operand == operand
    assert type(condition.operand) is type(operand)


def test_anchors_and_aliases_are_the_values_they_stand_for() -> None:
    read = funnel("funnel: S\nstages:\n - A: &e [a, b]\n - {name: B, events: *e, where: &w {x: 1}}\nwhere: *w")
    assert read.stages[1].matches == read.stages[0].matches
    assert read.where == read.stages[1].where


def test_logs_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = "logs: [a/*.csv, ../b.parquet, '-', 'https://x.org/y.csv', /abs/*.csv]\n"
    (tmp_path / "conf[1]").mkdir()
    (tmp_path / "conf[1]" / "shop.yaml").write_text(SHOP + logs)
    (tmp_path / "shop.yaml").write_text(SHOP + logs)
    monkeypatch.chdir(tmp_path)
    rest = ("-", "https://x.org/y.csv", "/abs/*.csv")
    (below,) = load(Path("conf[1]/shop.yaml"), options=Options(), now=NOW).funnels
    assert below.logs == ("conf[[]1]/a/*.csv", "conf[[]1]/../b.parquet", *rest), "only the log's own * is a pattern"
    (here,) = load(Path("shop.yaml"), options=Options(), now=NOW).funnels
    assert here.logs == ("a/*.csv", "../b.parquet", *rest)


THREE = """
window: 7d
stages: [{Visit: page_view}, {Paid: purchase}]
funnels:
  - funnel: North
    where: {country: NO}
  - funnel: South
    window: 2w
  - funnel: Deep
    stages: [{Visit: page_view}, {Cart: add}, {Paid: purchase}]
"""


def test_funnels_share_the_keys_above_them_and_replace_them_by_their_own() -> None:
    read = loaded(THREE)
    assert [(each.name, each.window, len(each.stages), len(each.where)) for each in read.funnels] == [
        ("North", timedelta(days=7), 2, 1),
        ("South", timedelta(days=14), 2, 0),
        ("Deep", timedelta(days=7), 3, 0),
    ]
    assert read.notes == ()


def test_funnel_picks_by_name_in_the_order_of_the_file() -> None:
    assert [each.name for each in loaded(THREE, funnel=("Deep", "North")).funnels] == ["North", "Deep"]


def test_options_are_laid_over_the_picked_funnels_only() -> None:
    assert [each.window for each in loaded(THREE, funnel=("South",), window="1h").funnels] == [timedelta(hours=1)]
    assert loaded(THREE, funnel=("Deep",), segment_from="Cart").funnels[0].segment_from == "Cart"


def test_an_unknown_funnel_is_told_with_the_names_there_are() -> None:
    with pytest.raises(UsageError, match=r"--funnel: 'West' is not in .*; there are 'North', 'South', 'Deep'$"):
        loaded(THREE, funnel=("West",))


def test_a_shared_key_that_nobody_uses_is_noted() -> None:
    read = loaded(SHOP.partition("\n")[2] + "window: 7d\nfunnels: [{funnel: A, window: 1d}, {funnel: B, window: 2d}]")
    (note,) = read.notes
    assert note.endswith(":2: every funnel has its own `window`; the shared one is not used")


@pytest.mark.parametrize(
    ("written_as", "session"),
    [
        ("30m", timedelta(minutes=30)), ("visit", "visit"), ("m30", "m30"), ("'{x}'", "{x}"), ("購買", "購買"),
        ("{column: 30m}", "30m"), ("{column: visit}", "visit"),
    ],
)  # fmt: skip
def test_a_session_is_a_length_or_a_column(written_as: str, session: timedelta | str) -> None:
    assert funnel(f"{SHOP}session: {written_as}").session == session


@pytest.mark.parametrize("written_as", ["refund", "[refund]", "[{events: refund}]", "[{events: [refund]}]"])
def test_an_exclusion_has_short_forms(written_as: str) -> None:
    assert funnel(f"{SHOP}exclude: {written_as}").exclude == (Exclusion(matches=(Match(events=("refund",)),)),)


STAGES = "funnel: Shop\nstages:\n- {name: Visit, events: page_view%s}\n- {name: Paid, events: purchase%s}\n"


@pytest.mark.parametrize(
    "text",
    [
        STAGES % ("", "") + "exclude: [{events: purchase, where: {refund: true}}]",
        STAGES % ("", ", where: {revenue: {gt: 0}}") + "exclude: purchase",
        STAGES % ("", "") + "- Thanks: thanks\n" + "exclude: [{events: thanks, between: [Visit, Paid]}]",
        STAGES % ("", ", within: 1d, after: 1d"),
        STAGES % (", first: event", ", first: match"),
        STAGES % ("", ", where: {page_view: 1}") + "where: {purchase: 2, event: [purchase, page_view]}",
        SHOP + "window: 1d\norder: any\nexclude: refund\nentry: latest",
        SHOP + "start: open\nwindow: 1d\nties: strict\nsession: 30m",
        SHOP + "count: attempts\norder: any\nsame: item\nsemantics: amplitude",
    ],
)
def test_what_may_mean_something_is_not_refused(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (SHOP + "range: all", "`range: all` changes nothing without `since` or `until`"),
        (
            STAGES % ("", ", within: 8d") + "window: 7d",
            "`within: 8d` of 'Paid' is longer than the window, 7d, and changes nothing",
        ),
        (
            SHOP + "session: visit\nunit: [visit, user]",
            "the unit has the session column 'visit' already; it is not added again",
        ),
        (SHOP + "same: user", "`same: user` changes nothing: the column is part of the unit"),
        (
            STAGES.replace("purchase", "[purchase, page_view]") % ("", "") + "order: strict",
            "`order: strict`: an event that is repeated can complete 'Visit' and 'Paid', which overlap",
        ),
        (
            "funnel: Shop\nstages: [{A: [a, b]}, {B: b}, {C: [b, c]}]\norder: strict",
            (
                "`order: strict`: an event that is repeated can complete 'A' and 'B', which overlap, and 2 more pairs "
                "of stages"
            ),
        ),
    ],
)
def test_what_deserves_a_second_look_is_noted(text: str, note: str) -> None:
    assert loaded(text).notes == (f"Shop: {note}",)


@pytest.mark.parametrize(
    "text",
    [
        SHOP + "range: all\nsince: 30d",
        SHOP + "semantics: posthog",
        STAGES % ("", ", within: 7d") + "window: 7d",
        STAGES % ("", ", within: 8d") + "window: 7d\nsemantics: ga4",
        SHOP + "order: strict",
        STAGES.replace("page_view", "purchase") % (", where: {a: 1}", ", where: {a: {gt: 1}}") + "order: strict",
    ],
)
def test_what_is_as_usual_is_not_noted(text: str) -> None:
    assert loaded(text).notes == ()


def test_conditions_of_the_command_line_that_leave_a_stage_without_rows_are_noted() -> None:
    (note,) = loaded(STAGES % ("", ", where: {plan: pro}"), where=("plan=free",)).notes
    assert note == "Shop: with `--where`, no row satisfies all conditions on 'plan', so 'Paid' is never reached"


def test_a_replaced_value_is_checked_all_the_same() -> None:
    with pytest.raises(ConfigError, match="window: '3 days' is not a duration; write 3d"):
        loaded(SHOP + "window: 3 days", window="3d")


def test_values_that_are_replaced_need_not_agree_with_each_other() -> None:
    read = funnel(SHOP + "since: 30d\nuntil: 2025-02-01\n", since="2025-01-01", as_of="2025-03-01")
    assert read.since == datetime(2025, 1, 1, tzinfo=UTC)


def test_without_a_path_the_config_is_funnel_yaml_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^no config: name one .*, or define stages with --stage Name=event$"):
        load(None, options=Options(), now=NOW)
    Path("funnel.yaml").write_text(SHOP)
    read = load(None, options=Options(), now=NOW)
    assert (read.path, read.notes) == (Path("funnel.yaml"), ("no config given; using funnel.yaml",))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("none.yaml", "none.yaml: no such file; check the path, or write one with `funnelcli init LOGS`"),
        (".", ".: cannot be opened (Is a directory); name a YAML file"),
        ("a\0b.yaml", "a\0b.yaml: cannot be opened (not a path); name a YAML file"),
    ],
)
def test_a_file_that_cannot_be_opened_is_no_problem_in_a_file(path: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(Path(path), options=Options(), now=NOW)
    assert (str(raised.value), raised.value.problems) == (message, ())


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    path = written(b"\xef\xbb\xbf" + SHOP.replace("\n", "\r\n").encode())
    assert load(path, options=Options(), now=NOW).funnels[0].name == "Shop"
    path.unlink()
    assert told("\ufefffunel: 1\r\n\r\nstages: 1")[0].startswith("1:1: ")


def test_configs_are_read_without_polars() -> None:
    code = "import sys, funnelcli.config as c; c.schema(); sys.exit('polars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
