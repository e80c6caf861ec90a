"""Makes the logs beside this file: an online shop and a B2B sales pipeline, the same bytes on every run.

    python sample_data/make.py [FOLDER]

Each log is two files in two formats, a CSV and a Parquet. Beside the story that a report tells (channels and devices
differ, one step is weak), they hold on purpose what makes counting hard: repeated events, equal times, a unit exactly
on the window and one just beyond it, units that never enter, rows out of order, no value in a column, ids that
differ only in leading zeros, and names in several scripts. The people and the companies are made up.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

import polars as pl

T = TypeVar("T")

SEED = 2026

SHOP_START = datetime(2026, 1, 1, tzinfo=UTC)
SHOP_CUT = datetime(2026, 2, 1, tzinfo=UTC)
SHOP_END = datetime(2026, 3, 1, tzinfo=UTC)
SHOP_WINDOW = timedelta(days=7)

PIPELINE_START = datetime(2025, 1, 1)  # noqa: DTZ001 - the pipeline's times are naive, of Europe/Berlin
PIPELINE_CUT = datetime(2025, 7, 1)  # noqa: DTZ001
PIPELINE_END = datetime(2026, 1, 1)  # noqa: DTZ001
PIPELINE_WINDOW = timedelta(days=120)


class Action(NamedTuple):
    """One row of the shop's log."""

    user_id: str
    event_name: str
    event_time: datetime
    channel: str | None
    device: str
    country: str
    revenue: float | None = None


class Activity(NamedTuple):
    """One row of the pipeline's log."""

    account_id: str
    activity: str
    occurred_at: datetime
    source: str | None
    region: str
    size: str
    deal_value: int | None = None


class Dice:
    """Draws that only use `random()`, whose sequence is the same in every version of Python."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)  # noqa: S311 - nothing here is a secret

    def happens(self, chance: float) -> bool:
        """True with this chance."""
        return self._draw.random() < chance

    def below(self, limit: int) -> int:
        """A whole number from 0, smaller than the limit."""
        return int(self._draw.random() * limit)

    def pick(self, weights: Mapping[T, int]) -> T:
        """One of the keys, each as often as its weight."""
        ticket = self.below(sum(weights.values()))
        for value, weight in weights.items():
            ticket -= weight
            if ticket < 0:
                return value
        raise AssertionError

    def wait(self, longest: timedelta) -> timedelta:
        """A time in whole seconds up to the longest; most are short."""
        share = self._draw.random()
        return timedelta(seconds=1 + int(longest.total_seconds() * share * share * share))


# --- The shop -------------------------------------------------------------------------------------------------

CHANNELS: dict[str | None, int] = {"search": 34, "ads": 26, "social": 16, "email": 14, None: 10}
DEVICES = {"mobile": 55, "desktop": 37, "tablet": 8}
COUNTRIES = {"SE": 34, "PL": 22, "DE": 20, "CN": 14, "NO": 10}
BUYS = {"SE": "Köp", "PL": "zakup", "CN": "购买"}
"""Each country's shop names the purchase in its own language; the others say purchase."""

LOOKS = {"email": 0.82, "search": 0.74, None: 0.66, "social": 0.6, "ads": 0.52}
FILLS = {"email": 0.58, "search": 0.5, None: 0.44, "social": 0.36, "ads": 0.3}
CHECKS_OUT = {"desktop": 0.72, "tablet": 0.6, "mobile": 0.34}
"""The weak step: on a telephone few get from the cart to the checkout."""
PAYS = {"desktop": 0.8, "tablet": 0.74, "mobile": 0.68}


def shop(dice: Dice) -> list[Action]:
    """All rows of the shop's two months, in no particular order."""
    rows = shop_corners()
    for number in range(1, 701):
        user = f"u{number:04}"
        channel, device, country = dice.pick(CHANNELS), dice.pick(DEVICES), dice.pick(COUNTRIES)
        start = SHOP_START + timedelta(seconds=dice.below(int((SHOP_END - SHOP_START).total_seconds())))
        if dice.happens(0.07):
            rows.append(Action(user, "newsletter_open", start, "email", device, country))
            continue
        if dice.happens(0.03):
            rows.append(Action(user, "view_item", start, channel, device, country))
            continue
        for visit in range(1 + dice.below(3)):
            rows += visit_rows(dice, Action(user, "page_view", start, channel, device, country))
            start += timedelta(hours=8) + dice.wait(timedelta(days=9))
            channel = channel if dice.happens(0.6) else dice.pick(CHANNELS)
            device = device if visit or dice.happens(0.8) else dice.pick(DEVICES)
    return [row for row in rows if row.event_time < SHOP_END]


def visit_rows(dice: Dice, first: Action) -> list[Action]:
    """One visit, from the page view as far as the visitor gets."""
    rows = [first]
    now = first.event_time
    while dice.happens(0.3):
        now += dice.wait(timedelta(minutes=12))
        rows.append(first._replace(event_time=now))
    if not dice.happens(LOOKS[first.channel]):
        return rows
    now += timedelta() if dice.happens(0.1) else dice.wait(timedelta(minutes=20))
    rows.append(first._replace(event_name="view_item", event_time=now))
    while dice.happens(0.35):
        now += dice.wait(timedelta(minutes=15))
        rows.append(first._replace(event_name="view_item", event_time=now))
    if not dice.happens(FILLS[first.channel]):
        return rows
    now += dice.wait(timedelta(minutes=30))
    cart = "quick_buy" if dice.happens(0.15) else "add_to_cart"
    rows.append(first._replace(event_name=cart, event_time=now))
    if dice.happens(0.2):
        rows.append(first._replace(event_name="add_to_cart", event_time=now))
    if not dice.happens(CHECKS_OUT[first.device]):
        return rows
    now += dice.wait(timedelta(hours=30))
    rows.append(first._replace(event_name="begin_checkout", event_time=now))
    if not dice.happens(PAYS[first.device]):
        return rows
    now += timedelta() if dice.happens(0.08) else dice.wait(timedelta(hours=2))
    paid = round(19 + dice.below(48_000) / 100, 2)
    rows.append(first._replace(event_name=bought(first.country), event_time=now, revenue=paid))
    if dice.happens(0.1):
        rows.append(rows[-1]._replace(event_name="refund", event_time=now + dice.wait(timedelta(days=5))))
    return rows


def bought(country: str) -> str:
    """What the shop of that country calls a purchase."""
    return BUYS.get(country, "purchase")


def shop_corners() -> list[Action]:
    """Visitors made by hand: on the window's edge, beyond it, in one instant, and with ids like numbers."""
    start = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
    stages = ("page_view", "view_item", "add_to_cart", "begin_checkout", "Köp")

    def walk(user: str, moments: Sequence[timedelta]) -> list[Action]:
        return [
            Action(user, stage, start + moment, "email", "desktop", "SE", 250.0 if stage == "Köp" else None)
            for stage, moment in zip(stages, moments, strict=True)
        ]

    hours = [timedelta(hours=hour) for hour in range(4)]
    return [
        *walk("edge-on", [*hours, SHOP_WINDOW]),
        *walk("edge-over", [*hours, SHOP_WINDOW + timedelta(seconds=1)]),
        *reversed(walk("one-instant", [timedelta()] * len(stages))),
        *walk("007", [*hours, timedelta(hours=5)]),
        *walk("7", [*hours, timedelta(hours=6)])[:2],
    ]


# --- The pipeline ---------------------------------------------------------------------------------------------

SOURCES: dict[str | None, int] = {"inbound": 30, "outbound": 28, "webinar": 20, "partner": 14, None: 8}
REGIONS = {"DACH": 40, "Nordics": 24, "CEE": 20, "APAC": 16}
SIZES = {"small": 50, "mid": 34, "enterprise": 16}
OFFERS = {"DACH": "Angebot gesendet", "CEE": "oferta wysłana", "APAC": "发送报价"}

QUALIFIES = {"partner": 0.8, "inbound": 0.7, "webinar": 0.62, None: 0.5, "outbound": 0.42}
MEETS = {"partner": 0.78, "inbound": 0.72, None: 0.6, "outbound": 0.58, "webinar": 0.24}
"""The weak step: people who came by a webinar seldom take the meeting."""
WINS = {"small": 0.5, "mid": 0.4, "enterprise": 0.27}
DEALS = {"small": 6_000, "mid": 28_000, "enterprise": 140_000}


def pipeline(dice: Dice) -> list[Activity]:
    """All rows of the pipeline's year, in no particular order."""
    rows = pipeline_corners()
    days = (PIPELINE_END - PIPELINE_START).days
    for number in range(1, 561):
        account = f"acct-{number:03}"
        source, region, size = dice.pick(SOURCES), dice.pick(REGIONS), dice.pick(SIZES)
        first = Activity(account, "lead_created", office_hours(dice, dice.below(days)), source, region, size)
        if dice.happens(0.06):
            rows.append(first._replace(activity="call_logged"))
            continue
        rows += account_rows(dice, first)
    return [row for row in rows if row.occurred_at < PIPELINE_END]


def account_rows(dice: Dice, first: Activity) -> list[Activity]:
    """One account, from the lead as far as it gets."""
    rows, now = [first], first.occurred_at
    if dice.happens(0.25):
        rows.append(first._replace(activity="form_submitted"))
    calls = dice.below(4)
    rows += [first._replace(activity="call_logged", occurred_at=later(dice, now, 30)) for _ in range(calls)]
    if not dice.happens(QUALIFIES[first.source]):
        return rows
    now = later(dice, now, 25)
    rows.append(first._replace(activity="qualified", occurred_at=now))
    if not dice.happens(MEETS[first.source]):
        return rows
    now = later(dice, now, 40)
    rows.append(first._replace(activity="meeting_held", occurred_at=now))
    while dice.happens(0.4):
        rows.append(first._replace(activity="meeting_held", occurred_at=later(dice, now, 21)))
    if not dice.happens(0.72):
        return rows
    now = later(dice, now, 45)
    owner = first.source if dice.happens(0.9) else "partner"
    offer = first._replace(activity=OFFERS.get(first.region, "proposal_sent"), occurred_at=now, source=owner)
    rows.append(offer)
    while dice.happens(0.3):
        rows.append(offer._replace(occurred_at=later(dice, now, 30)))
    if not dice.happens(WINS[first.size]):
        return rows
    now = later(dice, now, 80 if first.size == "enterprise" else 45)
    value = DEALS[first.size] * (60 + dice.below(81)) // 100
    trial = dice.happens(0.12)
    rows.append(offer._replace(activity="contract_signed", occurred_at=now, deal_value=0 if trial else value))
    return rows


def office_hours(dice: Dice, day: int) -> datetime:
    """A quarter of an hour between 8:00 and 18:00 on that day of the year."""
    return PIPELINE_START + timedelta(days=day, hours=8, minutes=15 * dice.below(40))


def later(dice: Dice, after: datetime, days: int) -> datetime:
    """A time in office hours, from the same instant to so many days after."""
    if dice.happens(0.06):
        return after
    day = (after - PIPELINE_START).days + 1 + dice.wait(timedelta(days=days)).days
    return office_hours(dice, day)


def pipeline_corners() -> list[Activity]:
    """Accounts made by hand: exactly on the window, one second beyond, and signed before anything else happened."""
    start = datetime(2025, 4, 7, 9, 0)  # noqa: DTZ001 - naive, as the log is; 120 days later is still summer time
    stages = ("lead_created", "qualified", "meeting_held", "Angebot gesendet", "contract_signed")

    def walk(account: str, last: timedelta) -> list[Activity]:
        moments = [*(timedelta(days=10 * step) for step in range(4)), last]
        return [
            Activity(account, stage, start + moment, "inbound", "DACH", "mid", 24_000 if stage == stages[-1] else None)
            for stage, moment in zip(stages, moments, strict=True)
        ]

    return [
        *walk("Müller GmbH", PIPELINE_WINDOW),
        *walk("Łódź Sp. z o.o.", PIPELINE_WINDOW + timedelta(seconds=1)),
        walk("上海贸易", PIPELINE_WINDOW)[-1],
    ]


# --- Writing --------------------------------------------------------------------------------------------------


def frame(rows: Sequence[NamedTuple], late: int) -> pl.DataFrame:
    """The rows in the order of time, except that every `late`-th stands at the end, as if it was sent late."""
    fields = type(rows[0])._fields
    ordered = sorted(rows, key=lambda row: row[2])
    ordered = [row for n, row in enumerate(ordered, 1) if n % late] + ordered[late - 1 :: late]
    return pl.DataFrame(ordered, schema=list(fields), orient="row", infer_schema_length=None)


def write(folder: Path) -> None:
    """Writes both logs into the folder."""
    log = frame(shop(Dice(SEED)), late=97)
    (folder / "shop").mkdir(parents=True, exist_ok=True)
    log.filter(pl.col("event_time") < SHOP_CUT).write_csv(
        folder / "shop" / "january.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ", float_precision=2
    )
    log.filter(pl.col("event_time") >= SHOP_CUT).write_parquet(folder / "shop" / "february.parquet")

    log = frame(pipeline(Dice(SEED + 1)), late=89)
    (folder / "pipeline").mkdir(parents=True, exist_ok=True)
    log.filter(pl.col("occurred_at") < PIPELINE_CUT).write_csv(
        folder / "pipeline" / "2025-first-half.csv", datetime_format="%Y-%m-%d %H:%M:%S"
    )
    log.filter(pl.col("occurred_at") >= PIPELINE_CUT).write_parquet(folder / "pipeline" / "2025-second-half.parquet")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
