"""Tables made by hand, as a report would make them: a shop with segments in several scripts, an empty funnel, and a
table of hostile text. Formats are tested on these, so that they need no engine.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import sqrt
from statistics import NormalDist
from typing import Any

from funnelcli.tables.table import Cell, Column, Kind, Section, Table

STAGES = (
    Column("Stage", "text"),
    Column("Reached", "count"),
    Column("of entered", "rate"),
    Column("", "bar", 2),
    Column("95 % interval", "interval", 4),
    Column("of stage before", "rate", 1),
    Column("Dropped", "count", 1),
    Column("Open", "count", 5),
    Column("Drop-off", "rate", 3),
    Column("Median time", "seconds", 3),
    Column("p90 time", "seconds", 6),
)

SEGMENTS = (
    Column("channel", "text"),
    Column("Entered", "count"),
    Column("Converted", "count"),
    Column("Conversion", "rate"),
    Column("", "bar", 2),
    Column("95 % interval", "interval", 1),
    Column("Median time", "seconds", 3),
)

FIELDS: tuple[tuple[str, Kind], ...] = (
    ("breakdown", "text"),
    ("segment", "text"),
    ("stage", "text"),
    ("position", "count"),
    ("optional", "flag"),
    ("reached", "count"),
    ("conversion_rate", "rate"),
    ("stage_rate", "rate"),
    ("dropped", "count"),
    ("median_seconds", "seconds"),
    ("first_reached_at", "time"),
)

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def wilson(count: int, of: int) -> tuple[float, float] | None:
    """The 95 % interval of count out of `of`; None out of none."""
    if not of:
        return None
    z, p = NormalDist().inv_cdf(0.975), count / of
    middle, half = p + z * z / (2 * of), z * sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = (middle - half) / (1 + z * z / of), (middle + half) / (1 + z * z / of)
    return low if count else 0.0, high if count < of else 1.0


def share(count: int, of: int) -> float | None:
    return count / of if of else None


def stages(*lines: tuple[str, int, int, float | None, float | None]) -> Section:
    """The main section, of lines (stage, reached, still open from the stage before, median, p90)."""
    entered = lines[0][1]
    rows: list[tuple[Cell, ...]] = []
    for position, (name, reached, still_open, median, p90) in enumerate(lines):
        rate = share(reached, entered)
        before = lines[position - 1][1] if position else None
        bar = None if rate is None else (rate, share(before, entered) or rate) if before else rate
        onward: tuple[Cell, ...] = (None, None, None, None)
        if before is not None:
            stage_rate = share(reached, before)
            drop_off = None if stage_rate is None else 1 - stage_rate
            onward = stage_rate, before - reached - still_open, still_open, drop_off
        rows.append((name, reached, rate, bar, wilson(reached, entered), *onward, median, p90))
    return Section("", STAGES, tuple(rows))


def segments(*lines: tuple[str, int, int, float | None]) -> Section:
    rows = tuple(
        (name, entered, converted, *[share(converted, entered)] * 2, wilson(converted, entered), median)
        for name, entered, converted, median in lines
    )
    return Section("By channel", SEGMENTS, rows)


def record(name: str, **keys: Any) -> dict[str, Any]:
    start = {"format": 1, "report": "conversion", "funnel": name, "definition": {"window": 604800, "since": FIRST}}
    return start | {"data": {"rows_read": 204_815, "first_time": FIRST.replace(microsecond=250_000)}} | keys


SHOP = Table(
    title="Online shop",
    summary=(
        "1,048 of 18,214 users converted within 7 d: 5.8 % (5.4–6.1 %).",
        "Half of them did so within 2 d 4 h. 312 users are still open.",
    ),
    record=record(
        "Online shop",
        entered=18_214,
        conversion_rate=1048 / 18_214,
        stages=[{"stage": "Visit", "reached": 18_214}, {"stage": "购买", "reached": 1048, "median_seconds": None}],
        segments=[{"segment": {"channel": "e-mail"}, "entered": 9071}, {"segment": {"channel": None}, "entered": 2}],
    ),
    fields=FIELDS,
    rows=(
        (None, None, "Visit", 1, False, 18_214, 1.0, None, None, None, FIRST),
        (None, None, "Köp, nu", 2, True, 4210, 4210 / 18_214, 4210 / 18_214, None, 192.25, FIRST.replace(second=5)),
        (None, None, "购买", 3, False, 1048, 1048 / 18_214, 1048 / 4210, 3162, 187_200, FIRST.replace(microsecond=1)),
        ("channel", "e-mail", "Visit", 1, False, 9071, 1.0, None, None, None, FIRST),
        ("channel", "(none)", "购买", 3, False, 0, 0.0, None, 0, None, None),
    ),
    sections=(
        stages(
            ("Visit", 18_214, 0, None, None),
            ("Cart", 4210, 128, 192.25, 5400),
            ("Köp", 1530, 90, 40, 611),
            ("购买", 1048, 94, 9000.5, 187_200),
        ),
        segments(
            ("e-mail", 9071, 811, 86_400),
            ("Поиск", 5000, 236, 187_200),
            ("إعلان", 4100, 1, 0.35),
            ("hospodářské noviny, příloha o vzdělávání", 41, 0, None),
            ("(none)", 2, 0, None),
        ),
    ),
    notes=(
        "Counted: users, who did Visit → Cart → Köp → 购买 in this order within 7 d; the earliest entry counts.",
        "Data: 204,815 rows from 2026-01-01 00:00 to 2026-01-31 23:59 UTC, entry in all of it.",
        "Skipped: 1,204 rows (1,190 other_event, 14 bad_time).",
    ),
)

EMPTY = Table(
    title="Sales",
    summary=("Nobody entered.",),
    record=record("Sales", entered=0, conversion_rate=None),
    fields=FIELDS,
    rows=(
        (None, None, "Lead", 1, False, 0, None, None, None, None, None),
        (None, None, "Won", 2, False, 0, None, None, 0, None, None),
    ),
    sections=(stages(("Lead", 0, 0, None, None), ("Won", 0, 0, None, None)),),
)

HOSTILE_NAMES = (
    "[/x] [bold]loud[/bold] :smile:",
    "\x1b[31mred\x1b[0m\x9b2J\x07",
    "two\nlines\r\tand a tab\x00",
    "abc\u202egpj.exe\u2066",
    "zero\u200bwidth\ufeff",
    "lone \udc80 surrogate",
    "a|b \\| `code` <b>html</b> &amp; *x* _y_ ~z~ [link](http://example.org) #1 @me https://example.org",
    "=1+2",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    '"quoted", with comma',
    "",
    "  ",
    "e\u0301",
    "👩\u200d💻",
)

HOSTILE = Table(
    title="[/x] :smile:\x1b[31m",
    summary=("# a summary\nof <b>two</b> lines",),
    record=record("[/x] :smile:\x1b[31m", names=list(HOSTILE_NAMES)),
    fields=(("name", "text"), ("=cmd|calc", "text"), ("reached", "count")),
    rows=tuple((name, name, number) for number, name in enumerate(HOSTILE_NAMES)),
    sections=(
        Section(
            "[beta] \x1b[1mby name",
            (Column("[/name]", "text"), Column("Reached", "count")),
            tuple((name, number) for number, name in enumerate(HOSTILE_NAMES)),
        ),
    ),
    notes=("- a note\x1b[2J with [/x] and :smile:",),
)
