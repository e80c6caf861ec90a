from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from funnelcli.errors import Bug
from funnelcli.render import plain, terminal
from funnelcli.render.spark import sparkline
from funnelcli.tables.table import Column, Section, Table

Golden = Callable[[str, str], None]

SHARES = st.lists(st.none() | st.floats(0, 1), max_size=40).map(tuple)
HEIGHTS = {"utf-8": "▁▂▃▄▅▆▇█", "ascii": "_.:-=+*#"}
DAYS = tuple(None if day % 9 == 4 else ((day * 7) % 13) / 50 for day in range(60))
TABLE = Table(
    "Trend",
    {},
    (),
    (),
    (
        Section("", (Column("", "sparkline"), Column("Lowest to highest", "interval")), ((DAYS, (0.0, 0.24)),)),
        Section(
            "By channel",
            (Column("channel", "text"), Column("Over time", "sparkline"), Column("Lowest to highest", "interval")),
            (("email", DAYS[:9], (0.0, 0.24)), ("ads", (), None), ("(none)", (None, 0.5), (0.5, 0.5))),
        ),
    ),
)


@pytest.mark.parametrize("encoding", HEIGHTS)
@given(shares=SHARES)
def test_a_line_has_a_sign_per_share_and_a_higher_one_never_for_a_lower_share(
    encoding: str, shares: tuple[float | None, ...]
) -> None:
    drawn = sparkline(shares, None, encoding)
    assert len(drawn) == cell_len(drawn) == len(shares)
    heights = HEIGHTS[encoding]
    assert [sign in heights for sign in drawn] == [share is not None for share in shares]
    pairs = sorted((share, heights.index(sign)) for share, sign in zip(shares, drawn, strict=True) if share is not None)
    assert [height for _, height in pairs] == sorted(height for _, height in pairs)
    if pairs and pairs[0][0] < pairs[-1][0]:
        assert (pairs[0][1], pairs[-1][1]) == (0, 7)


def test_steps_are_of_the_same_size_and_equal_shares_lie_in_the_middle() -> None:
    assert sparkline(tuple(step / 8 for step in range(9)), None, "utf-8") == "▁▂▃▄▅▆▇██"
    assert sparkline((0.2, 0.2, None), None, "utf-8") == "▄▄·"
    assert sparkline((None, None), None, "ascii") == "  "


@pytest.mark.parametrize("encoding", [*HEIGHTS, "cp437", "latin-1"])
@given(shares=SHARES, width=st.integers(1, 40))
def test_where_there_is_no_room_the_last_shares_are_drawn_after_a_sign(
    encoding: str, shares: tuple[float | None, ...], width: int
) -> None:
    whole, cut = sparkline(shares, None, encoding), sparkline(shares, width, encoding)
    cut.encode(encoding)
    if len(shares) <= width:
        assert cut == whole
    else:
        assert cut[0] in "…<"
        assert len(cut) == width
        assert whole.endswith(cut[1:])


def test_unknown_is_no_line_and_what_is_none_is_a_bug() -> None:
    assert sparkline(None, 5, "utf-8") == ""
    with pytest.raises(Bug):
        sparkline(0.5, 5, "utf-8")


@pytest.mark.parametrize("width", [60, 100])
def test_lines_over_time_on_a_terminal(width: int, golden: Golden) -> None:
    golden(f"render/spark-{width}.txt", terminal([TABLE], width=width, color=False))


@pytest.mark.parametrize("encoding", HEIGHTS)
@pytest.mark.parametrize("width", range(44, 201, 4))
def test_a_line_over_time_fits_the_terminal_and_has_its_scale_beside_it(width: int, encoding: str) -> None:
    output = terminal([TABLE], width=width, color=False, encoding=encoding)
    assert max(map(cell_len, output.splitlines())) <= width
    line = next(line for line in output.splitlines() if line.endswith("24.0 %"))
    assert sparkline(DAYS, min(60, width - 11), encoding).rstrip() in line
    assert "Left out" not in output


def test_formats_without_pictures_leave_lines_out() -> None:
    assert plain([TABLE]).splitlines()[2:4] == ["Lowest to highest", "         0–24.0 %"]


def test_a_line_in_colour_is_the_same_line() -> None:
    assert sparkline(DAYS, None, "utf-8") in terminal([TABLE], width=120, color=True)
