from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelcli import display
from funnelcli.errors import Bug

SHARES = st.floats(0, 1, allow_subnormal=False)
DURATIONS = st.floats(0, 1e10)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0 %"),
        (0.0, "0 %"),
        (5e-324, "<0.1 %"),
        (0.0001, "<0.1 %"),
        (0.0005, "0.1 %"),
        (0.5815, "58.2 %"),
        (0.0015, "0.2 %"),
        (0.5, "50.0 %"),
        (0.9994, "99.9 %"),
        (0.9995, ">99.9 %"),
        (0.9997, ">99.9 %"),
        (1 - 2**-53, ">99.9 %"),
        (1, "100 %"),
        (None, "—"),
    ],
)
def test_a_rate_is_a_percentage_rounded_half_up_to_one_decimal(share: float | None, words: str) -> None:
    assert display.rate(share) == words


@given(SHARES)
def test_0_percent_means_none_and_100_percent_means_all(share: float) -> None:
    assert (display.rate(share) == "0 %") == (share == 0)
    assert (display.rate(share) == "100 %") == (share == 1)


@given(SHARES, SHARES)
def test_a_larger_rate_never_reads_smaller(one: float, other: float) -> None:
    def order(words: str) -> tuple[float, int]:
        number = words.removesuffix(" %")
        return float(number.lstrip("<>")), {"<": -1, ">": 1}.get(number[0], 0)

    low, high = sorted((one, other))
    assert order(display.rate(low)) <= order(display.rate(high))


@given(st.integers(0, 2000))
def test_every_twentieth_of_a_percent_is_rounded_as_its_decimals_say(step: int) -> None:
    tenths = (step + 1) // 2
    expected = "0" if step == 0 else "100" if step == 2000 else ">99.9" if tenths == 1000 else f"{tenths / 10}"
    assert display.rate(step / 2000) == f"{expected} %"


@pytest.mark.parametrize("share", [-0.001, 1.0000000000000002, float("nan"), float("inf")])
def test_what_is_no_share_is_a_bug(share: float) -> None:
    with pytest.raises(Bug):
        display.rate(share)


def test_an_interval_words_its_ends_as_rates() -> None:
    assert display.interval((0.571, 0.592)) == "57.1–59.2 %"
    assert display.interval((0, 0.2775)) == "0–27.8 %"
    assert display.interval((0.99987, 1)) == ">99.9–100 %"
    assert display.interval(None) == "—"


def test_a_line_is_told_by_its_lowest_and_highest_share() -> None:
    assert display.line((0.3, None, 0, 0.12)) == "0–30.0 %"
    assert display.line((None,)) == "—"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0 s"),
        (0.0, "0 s"),
        (0.000001, "<1 ms"),
        (0.0005, "1 ms"),
        (0.35, "350 ms"),
        (0.9996, "1 s"),
        (1.25, "1.3 s"),
        (45, "45 s"),
        (59.94, "59.9 s"),
        (59.95, "1 min"),
        (192, "3 min 12 s"),
        (192.5, "3 min 13 s"),
        (3599.5, "1 h"),
        (5400, "1 h 30 min"),
        (86369, "23 h 59 min"),
        (86370, "1 d"),
        (187_200, "2 d 4 h"),
        (8_640_000, "100 d"),
        (31_536_000, "365 d"),
        (315_360_000, "3,650 d"),
        (None, "—"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(value: float | None, words: str) -> None:
    assert display.seconds(value) == words


@given(DURATIONS, DURATIONS)
def test_a_longer_duration_never_reads_shorter(one: float, other: float) -> None:
    units = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}

    def told(words: str) -> float:
        if words == "<1 ms":
            return 0.0005
        parts = words.replace(",", "").split()
        return sum(float(many) * units[unit] for many, unit in zip(parts[::2], parts[1::2], strict=True))

    low, high = sorted((one, other))
    assert told(display.seconds(low)) <= told(display.seconds(high))
    assert (told(display.seconds(low)) == 0) == (low == 0)


def test_a_time_shows_as_much_as_it_has() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert display.time(moment) == "2026-01-01 00:00"
    assert display.time(moment.replace(second=5)) == "2026-01-01 00:00:05"
    assert display.time(moment.replace(microsecond=250_000)) == "2026-01-01 00:00:00.250000"
    assert display.time(moment, ZoneInfo("Europe/Stockholm")) == "2026-01-01 01:00"
    assert display.time(None) == "—"
    with pytest.raises(Bug):
        display.time(moment.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (1048, "1,048"),
        (-3.0, "-3"),
        (1e16, "10,000,000,000,000,000"),
        (1234.565, "1,234.57"),
        (0.5, "0.500"),
        (0.00123456, "0.00123"),
        (-0.00123456, "-0.00123"),
        (0.9996, "1.000"),
        (1.23456e-12, "1.23e-12"),
        (None, "—"),
    ],
)
def test_other_numbers_keep_three_digits_or_two_decimals(value: float | None, words: str) -> None:
    assert display.number(value) == words


def test_every_kind_has_words_for_null() -> None:
    kinds: list[Any] = ["text", "count", "rate", "interval", "bar", "sparkline", "seconds", "time", "number", "flag"]
    assert {display.words(kind, None) for kind in kinds} == {"—"}
    assert (display.words("flag", True), display.words("flag", False)) == ("yes", "no")
    assert (display.words("count", 1_234_567), display.words("text", "[/x]")) == ("1,234,567", "[/x]")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0 pts"),
        (0.123, "+12.3 pts"),
        (-0.0515, "−5.2 pts"),
        (0.0001, "<+0.1 pts"),
        (-0.0001, ">−0.1 pts"),
        (0.9999, ">+99.9 pts"),
        (-0.9999, "<−99.9 pts"),
        (1, "+100 pts"),
        (-1.0, "−100 pts"),
        (None, "—"),
    ],
)
def test_a_difference_of_shares_is_told_in_points_with_its_sign(value: float | None, words: str) -> None:
    assert display.words("points", value) == words


def test_a_range_of_differences_has_both_signs() -> None:
    assert display.words("points_interval", (-0.012, 0.034)) == "−1.2 to +3.4"
    assert display.words("points_interval", None) == "—"
    assert display.points(0.026) == "2.6 points"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "<0.001"),
        (0.00099, "<0.001"),
        (0.001, "0.001"),
        (0.0042, "0.004"),
        (0.0494, "0.049"),
        (0.0496, "<0.05"),
        (0.05, "0.050"),
        (0.0504, ">0.05"),
        (0.0506, "0.051"),
        (0.0994, "0.099"),
        (0.0996, "0.10"),
        (0.255, "0.26"),
        (0.99, "0.99"),
        (0.9901, ">0.99"),
        (1, ">0.99"),
        (None, "—"),
    ],
)
def test_a_p_value_never_reads_as_on_the_wrong_side_of_a_twentieth(value: float | None, words: str) -> None:
    assert display.words("p", value) == words


@given(SHARES, SHARES)
def test_a_larger_p_value_never_reads_smaller(one: float, other: float) -> None:
    def order(words: str) -> tuple[float, int]:
        return float(words.lstrip("<>")), {"<": -1, ">": 1}.get(words[0], 0)

    low, high = sorted((one, other))
    assert order(display.p_value(low)) <= order(display.p_value(high))


def test_what_is_no_p_value_is_a_bug() -> None:
    with pytest.raises(Bug):
        display.p_value(1.1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b2J\x07\x00", r"\x9b2J\x07\x00"),
        ("a\r\n\tb", r"a\r\n\tb"),
        ("abc\u202egpj.exe\u2066", r"abc\u202egpj.exe\u2066"),
        ("zero\u200bwidth\ufeff\u00ad\u3164", r"zero\u200bwidth\ufeff\xad\u3164"),
        ("line\u2028paragraph\u2029", r"line\u2028paragraph\u2029"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("lone \udc80\ud800", r"lone \udc80\ud800"),
        ("Köp 购买 e\u0301 إعلان ☃ 👍 C:\\new", "Köp 购买 e\u0301 إعلان ☃ 👍 C:\\new"),
    ],
)
def test_hostile_text_is_shown_and_does_nothing(text: str, shown: str) -> None:
    assert display.printable(text) == shown


@given(st.text(st.characters()))
def test_printable_text_has_nothing_that_acts_or_hides_and_stays_so(text: str) -> None:
    shown = display.printable(text)
    assert not {"Cc", "Cf", "Cs", "Zl", "Zp"} & set(map(unicodedata.category, shown))
    assert display.printable(shown) == shown
    shown.encode()


def test_a_name_that_would_show_nothing_is_quoted() -> None:
    assert display.text("") == '""'
    assert display.text("  ") == '"  "'
