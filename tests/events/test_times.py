# ruff: noqa: DTZ001
"""Naive times are what is tested here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, localcontext
from itertools import product
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelcli.config.frames import micros
from funnelcli.config.funnel import Columns, TimeUnit
from funnelcli.errors import ConfigError, DataError
from funnelcli.events import load
from funnelcli.events.times import reading
from tests.events.building import funnel, parquet, us, written

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = Columns()
ZONES = ("UTC", "Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")


def read(
    values: list[object] | pl.Series, zone: str = "UTC", columns: Columns = PLAIN, sample: str | None = None
) -> list[int | None]:
    """The µs of each value; the quick reading, where there is one, is checked to give the same or nothing."""
    series = values if isinstance(values, pl.Series) else pl.Series(values, strict=False)
    frame = series.alias("t").to_frame()
    how = reading(pl.col("t"), series.dtype, columns, zone, sample)
    times = frame.lazy().select(how.time.alias("time")).collect()["time"].to_list()
    if how.quick is not None:
        quick = frame.lazy().select(how.quick.alias("time")).collect()["time"].to_list()
        assert all(one in (None, other) for one, other in zip(quick, times, strict=True))
        if sample is not None and sample in values:
            at = list(values).index(sample)
            assert (quick[at] is None) == (times[at] is None), "the form of the sample is read"
    return times


def placed(local: datetime, zone: str) -> int | None:
    """µs of what a clock shows, by zoneinfo: None where it is skipped, the earlier where it is shown twice."""
    here = local.replace(tzinfo=ZoneInfo(zone), fold=0)
    try:
        if here.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local:
            return None
        return micros(here.astimezone(UTC))
    except OverflowError:
        return None


instants = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)) | st.datetimes(
    datetime(2025, 1, 1), datetime(2027, 1, 1)
)
offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59)


@settings(max_examples=400, deadline=None)
@given(
    local=instants,
    blank=st.sampled_from("Tt "),
    precision=st.sampled_from(["day", "minute", "second", *range(1, 10)]),
    offset=st.none() | st.sampled_from(["Z", "z", " UTC", "UTC", " Z"]) | offsets,
    style=st.sampled_from(["{:+03d}:{:02d}", "{:+03d}{:02d}", "{:+03d}"]),
    zone=st.sampled_from(ZONES),
    tail=st.integers(0, 999),
    other=st.sampled_from(
        [None, "2026-01-01T00:00:00", "2026-01-01 00:00:00.123Z", "2026-01-01T00:00:00.123456+01:00"]
    ),
)
def test_every_iso_form_is_the_instant_that_python_says(
    local: datetime,
    blank: str,
    precision: str | int,
    offset: str | int | None,
    style: str,
    zone: str,
    tail: int,
    other: str | None,
) -> None:
    day, clock = f"{local.year:04d}-{local:%m-%d}", f"{local:%H:%M}"
    if precision == "day":
        text, offset, local = day, None, datetime.combine(local.date(), datetime.min.time())
    elif precision == "minute":
        text, local = f"{day}{blank}{clock}", local.replace(second=0, microsecond=0)
    elif precision == "second":
        text, local = f"{day}{blank}{local:%H:%M:%S}", local.replace(microsecond=0)
    else:
        digits = f"{local.microsecond:06d}{tail:03d}"[: int(precision)]
        text = f"{day}{blank}{local:%H:%M:%S}.{digits}"
        local = local.replace(microsecond=int(digits.ljust(6, "0")[:6]))
    if isinstance(offset, str):
        text += offset
        distance = timedelta(0)
    elif offset is not None:
        sign = -1 if offset < 0 else 1
        hours, minutes = divmod(abs(offset), 60)
        minutes = minutes if "{:02d}" in style else 0
        hours_text = style.format(sign * hours, minutes)
        text += hours_text if hours or sign > 0 else "-" + hours_text[1:]
        distance = sign * timedelta(hours=hours, minutes=minutes)
    expected: int | None
    if offset is None and not 1970 <= local.year < 2038:  # there the databases of zones differ
        zone = "UTC"
    if offset is None:
        expected = placed(local, zone)
    else:
        try:
            expected = micros((local - distance).replace(tzinfo=UTC))
        except OverflowError:
            expected = None
    if expected is not None and not micros(datetime.min.replace(tzinfo=UTC)) <= expected <= 253_402_300_799_999_999:
        expected = None
    assert read([text, "nothing", None], zone, sample=text) == [expected, None, None]
    assert read([text, other], zone, sample=other)[0] == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30", "2026-13-01", "2026-00-01", "2026-1-1", "26-01-01", "20260101", "01/02/2026", "2026/01/02",
        "0000-01-01", "2026-01-01T24:00", "2026-01-01T10:60", "2026-01-01T10:00:60", "2026-01-01T10", "2026-01-01T",
        "2026-01-01 10:00:00.", "2026-01-01 10:00:00.1234567890", "2026-01-01 10:00+24:00", "2026-01-01 10:00+1",
        "2026-01-01+01:00", "2026-01-01T10:00 EST", " 2026-01-01", "2026-01-01 ", "2026-01-01T10:00:00Zulu",
        "2026-01-01  10:00", "2026-01-01T1:00", "2026-W01-1", "2026-001", "1767225600", "now", "", "２０２６-01-01",
        "2026-01-01\n", "+2026-01-01", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00",
    ],
)  # fmt: skip
def test_what_is_no_iso_form_is_no_time(text: str) -> None:
    assert read([text]) == [None]
    assert read([text, "2026-01-01T10:00:00"], sample="2026-01-01T10:00:00") == [None, us("2026-01-01T10:00")]


def test_naive_and_zoned_times_and_days_may_stand_in_one_column() -> None:
    texts = ["2026-07-01T12:00", "2026-07-01T12:00Z", "2026-07-01T12:00-07:00", "2026-07-01"]
    expected = [us("2026-07-01T10:00"), us("2026-07-01T12:00"), us("2026-07-01T19:00"), us("2026-06-30T22:00")]
    assert read(texts, "Europe/Stockholm") == expected
    for sample in texts:
        assert read(texts, "Europe/Stockholm", sample=sample) == expected


def test_a_skipped_hour_is_no_time_and_a_repeated_one_is_the_earlier() -> None:
    texts = ["2026-03-29T01:59:59", "2026-03-29T02:00:00", "2026-03-29T02:59:59", "2026-03-29T03:00:00"]
    assert read(texts, "Europe/Stockholm") == [us("2026-03-29T00:59:59"), None, None, us("2026-03-29T01:00")]
    assert read(["2026-10-25T02:30", "2026-10-25T03:00"], "Europe/Stockholm") == [
        us("2026-10-25T00:30"),
        us("2026-10-25T02:00"),
    ]


@pytest.mark.parametrize("kind", ["text", "datetime"])
def test_times_in_a_repeated_hour_are_noted_and_those_in_a_skipped_one_counted(tmp_path: Path, kind: str) -> None:
    table = [
        ("ann", "visit", "2026-10-25T02:30:00"),
        ("bob", "visit", "2026-10-25T12:30:00"),
        ("cid", "visit", "2026-03-29T02:30:00"),
    ]
    log = written(tmp_path / "a.csv", table)
    if kind == "datetime":
        rows = [(*row[:2], datetime.fromisoformat(row[2])) for row in table]
        frame = pl.DataFrame(rows, schema=["user", "event", "timestamp"], orient="row")
        frame.write_parquet(log)
    events = load(funnel(log, timezone="Europe/Stockholm"))
    assert events.account.skipped == {"bad_time": 1}
    assert events.notes[-1] == (
        "times in an hour that the clocks of Europe/Stockholm repeat: 1; each was read as the earlier of the two"
    )


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_naive_datetimes_are_read_in_the_timezone_and_zoned_ones_as_they_are(unit: TimeUnit, zone: str) -> None:
    hours = [datetime(2026, month, 1, hour, 30) for month, hour in product(range(1, 13), range(24))]
    naive = pl.Series(hours, dtype=pl.Datetime(unit))  # type: ignore[arg-type]
    assert read(naive, zone) == [placed(hour, zone) for hour in hours]
    aware = naive.dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo")
    assert read(aware, zone) == [micros(hour.replace(tzinfo=UTC)) for hour in hours]


def test_a_date_is_its_midnight_in_the_timezone() -> None:
    days = pl.Series([date(2026, 7, 1), None, date(1, 1, 2), date(9999, 12, 31)])
    assert read(days, "America/New_York")[:2] == [us("2026-07-01T04:00"), None]
    assert read(days, "UTC")[2:] == [us("0001-01-02"), us("9999-12-31")]


def test_nanoseconds_are_rounded_down_also_before_1970() -> None:
    assert read(pl.Series([-1, 999, 1000, -1001]).cast(pl.Datetime("ns"))) == [-1, 0, 1, -2]
    assert read([-1, 999, 1000, -1001], columns=Columns(time_unit="ns")) == [-1, 0, 1, -2]
    assert read(["1969-12-31T23:59:59.999999999"]) == [-1]


def test_years_outside_1_to_9999_are_no_times() -> None:
    assert read(pl.Series([2**62, -(2**62)]).cast(pl.Datetime("us"))) == [None, None]
    assert read(pl.Series([2**62, -(2**62)]).cast(pl.Datetime("ms"))) == [None, None]
    assert read(pl.Series([2**31 - 1, -(2**31)], dtype=pl.Int32).cast(pl.Date)) == [None, None]
    for unit in ("s", "ms", "us"):
        assert read([2**62, -(2**62)], columns=Columns(time_unit=unit)) == [None, None]
        assert read([1e300, float("nan")], columns=Columns(time_unit=unit)) == [None, None]


@settings(max_examples=200, deadline=None)
@given(
    time=st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999),
    unit=st.sampled_from(["s", "ms", "us", "ns"]),
    digits=st.integers(0, 9),
)
def test_epoch_times_in_every_unit_are_exact_as_integers_and_as_text(time: int, unit: TimeUnit, digits: int) -> None:
    columns = Columns(time_unit=unit)
    per_us = {"s": Decimal("1e-6"), "ms": Decimal("1e-3"), "us": Decimal(1), "ns": Decimal(1000)}[unit]
    with localcontext(prec=40):
        exact = (Decimal(time) * per_us).quantize(Decimal(1).scaleb(-digits), rounding="ROUND_FLOOR")
    expected = int((exact / per_us).to_integral_value("ROUND_FLOOR"))
    text = f"{exact:f}"
    if len(text.partition(".")[0].lstrip("-")) <= 19 and expected >= -62_135_596_800_000_000:
        assert read([text], columns=columns) == [expected]
    if exact == exact.to_integral_value() and -(2**63) <= int(exact) < 2**63 and expected >= -62_135_596_800_000_000:
        assert read([int(exact)], columns=columns) == [expected]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 4_102_444_800_000_000), st.sampled_from(["s", "ms"]))
def test_a_float_gives_the_microsecond_that_it_was_made_from(time: int, unit: TimeUnit) -> None:
    assert read([time / {"s": 1e6, "ms": 1e3}[unit]], columns=Columns(time_unit=unit)) == [time]


def test_floats_are_rounded_down_where_they_are_fine_enough() -> None:
    assert read([1.9999999, -0.0000015], columns=Columns(time_unit="s")) == [1_999_999, -2]
    assert read(["1.7e9", "nan", "inf", "x"], columns=Columns(time_unit="s")) == [
        1_700_000_000_000_000,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("%d/%m/%Y %H:%M", "03/08/2026 09:30", "2026-08-03T07:30"),
        ("%m/%d/%Y %I:%M %p", "03/08/2026 09:30 PM", "2026-03-08T20:30"),
        ("%m/%d/%Y %I:%M:%S %p", "12/31/2026 12:00:00 AM", "2026-12-30T23:00"),
        ("%d.%m.%Y", "31.12.2026", "2026-12-30T23:00"),
        ("%Y%m%d", "20260801", "2026-07-31T22:00"),
        ("%d %b %Y %H:%M:%S%.f", "01 Aug 2026 00:00:00.1234567", "2026-07-31T22:00:00.123456"),
        ("%Y-%m-%d %H:%M:%S %z", "2026-08-01 00:00:00 -0500", "2026-08-01T05:00"),
        ("%d/%m/%Y %H:%M", "31/02/2026 09:30", None),
        ("%d/%m/%Y %H:%M", "03/08/26 09:30", None),
        ("%d/%m/%Y %H:%M", "03/08/2026", None),
        ("%d/%m/%Y %H:%M", "29/03/2026 02:30", None),
    ],
)
def test_a_format_is_the_only_form_that_is_read(form: str, text: str, expected: str | None) -> None:
    assert read([text], "Europe/Stockholm", Columns(time_format=form)) == [us(expected) if expected else None]


def test_a_format_reads_numbers_as_text_and_leaves_real_times_alone() -> None:
    assert read([20260801], columns=Columns(time_format="%Y%m%d")) == [us("2026-08-01")]
    assert read([datetime(2026, 8, 1)], columns=Columns(time_format="%Y%m%d", time_unit=None)) == [us("2026-08-01")]


@pytest.mark.parametrize("form", ["%Y-%m-%d %H", "%Y-%m-%d %H:%M %Z"])
def test_a_format_that_reads_no_time_is_an_error(form: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(["x"], columns=Columns(time_format=form))
    assert str(raised.value) == (
        f"columns.timestamp.format: {form!r} does not read a time;"
        ' write one such as "%d/%m/%Y %H:%M", with %z for the offset from UTC'
    )


def test_the_first_and_last_time_are_over_all_rows_whatever_their_event_and_form(tmp_path: Path) -> None:
    table = [
        ("ann", "visit", "2026-01-05T10:00:00"),
        ("ann", "other", "2026-01-01T02:00:00+05:00"),
        ("bob", "other", "2026-01-09"),
        ("bob", "other", "never"),
        ("", "other", "2026-01-10T01:00:00.5Z"),
    ]
    account = load(funnel(written(tmp_path / "a.csv", table))).account
    assert (account.first_time, account.last_time) == (us("2025-12-31T21:00"), us("2026-01-10T01:00:00.5"))


@settings(max_examples=60, deadline=None)
@given(
    days=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 86_399), st.booleans()), min_size=1, max_size=12),
    zone=st.sampled_from(ZONES),
    kind=st.sampled_from(
        ["text", "zoned text", "date", "ms", "us", "ns", "aware", "s", "epoch ms", "epoch ns", "float"]
    ),
)
def test_the_extent_is_exact_for_every_type_of_time(tmp_path_factory: pytest.TempPathFactory, days, zone, kind) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("logs") / "a.parquet"
    moments = [datetime(2026, 5, 1) + timedelta(days=day, seconds=second) for day, second, _ in days]
    columns = Columns()
    values: list[object]
    if kind == "text":
        values = [moment.isoformat() for moment in moments]
    elif kind == "zoned text":
        values = [
            moment.replace(tzinfo=timezone(timedelta(hours=second % 15))).isoformat()
            for moment, (_, second, _) in zip(moments, days, strict=True)
        ]
    elif kind in ("s", "epoch ms", "epoch ns", "float"):
        columns = Columns(time_unit=kind.removeprefix("epoch ") if kind != "float" else "s")  # type: ignore[arg-type]
        scale = {"s": 1, "epoch ms": 1000, "epoch ns": 10**9, "float": 1.0}[kind]
        values = [int(moment.replace(tzinfo=UTC).timestamp()) * scale for moment in moments]
    else:
        values = [moment.date() if kind == "date" else moment for moment in moments]
    frame = pl.DataFrame(
        {"user": "ann", "event": ["visit" if used else "other" for *_, used in days], "timestamp": values}
    )
    if kind in ("ms", "us", "ns"):
        frame = frame.with_columns(pl.col("timestamp").cast(pl.Datetime(kind)))  # type: ignore[arg-type]
    if kind == "aware":
        frame = frame.with_columns(pl.col("timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo"))
    frame.write_parquet(path)
    account = load(funnel(path, timezone=zone, columns=columns)).account
    expected = [time for time in read(frame["timestamp"], zone, columns) if time is not None]
    assert (account.first_time, account.last_time) == (min(expected, default=None), max(expected, default=None))


def test_integers_without_a_unit_are_refused_with_the_key_to_set(tmp_path: Path) -> None:
    log = parquet(tmp_path / "a.parquet", [("ann", "visit", "1767225600")], timestamp=pl.Int64())
    with pytest.raises(DataError, match=r"holds numbers; set columns\.timestamp\.unit to s, ms, us or ns"):
        load(funnel(log))
