"""Conditions that contradict each other, and those that only look as if they did."""

from __future__ import annotations

import pytest

from funnelcli.config.certain import contradiction
from tests.config.reader import SHOP, funnel, told


@pytest.mark.parametrize(
    "where",
    [
        "{a: {eq: x, ne: x}}", "{a: {in: [x, y], not_in: [x, y]}}", "{a: {in: [x], eq: y}}", "{a: {gt: 2, lt: 1}}",
        "{a: {gt: 1, le: 1}}", "{a: {eq: 1, gt: 1.5}}", "{a: {gt: b, lt: a}}", "{a: {eq: x, contains: y}}",
        "{a: {in: [ab, ac], starts_with: b}}", "{a: {eq: ab, ends_with: a}}", "{a: {is_null: true, eq: x}}",
        "{a: {is_null: true, matches: x}}", "{a: {eq: true, ne: true}}",
    ],
)  # fmt: skip
def test_what_no_row_can_satisfy_is_refused(where: str) -> None:
    assert told(f"{SHOP}where: {where}") == ["3:8: where: no row satisfies all conditions on 'a'; change one"]


@pytest.mark.parametrize(
    "where",
    [
        "{a: {ge: 1, le: 1}}", "{a: {eq: 1, ne: '1'}}", "{a: {eq: '1', ge: 1}}", "{a: {in: [x, 1], ne: x}}",
        "{a: {in: [x, y], not_in: [x]}}", "{a: {is_null: true, ne: x, not_in: [y]}}", "{a: {is_null: false, eq: x}}",
        "{a: {eq: x, matches: y}}", "{a: {eq: true, ne: 1}}", "{a: {eq: 1, ne: true}}", "{a: {gt: 1, lt: a}}",
        "{a: {contains: x, starts_with: y, ends_with: z}}", "{a: {eq: abc, contains: b, gt: a}}",
    ],
)  # fmt: skip
def test_what_a_row_may_satisfy_is_read(where: str) -> None:
    assert contradiction(funnel(f"{SHOP}where: {where}").where) is None
