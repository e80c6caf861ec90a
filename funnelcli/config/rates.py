"""Rates and other numbers as people write them, `20%` or `0.2`: text or number in, a number out.

Every function raises `ValueError` with the words for a person, and nothing else.
"""

from __future__ import annotations

import re
from decimal import Decimal

from funnelcli.config.times import said

RATE = r"((100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?) *%|1(\.0+)?|0|0?\.[0-9]+)"
PERCENTAGE = r"-?[0-9]+(\.[0-9]+)? *%"
_RATE, _PERCENTAGE = re.compile(RATE), re.compile(PERCENTAGE)
_NUMBER = re.compile(r"[0-9]{1,3}(\.[0-9]+)?")


def rate(value: object) -> float:
    """A share in 0..1: a percentage with its sign, or a number without one.

    >>> rate("20%"), rate("12.5 %"), rate(0.2)
    (0.2, 0.125, 0.2)
    """
    if isinstance(value, str) and _RATE.fullmatch(value):
        return _share(value) if value.endswith("%") else float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    text = str(value)
    if _NUMBER.fullmatch(text) and 1 < float(text) <= 100:
        raise ValueError(f"{said(value)} is not a rate; write {text}% or {Decimal(text) / 100}")
    raise ValueError(f"{said(value)} is not a rate; write one from 0% to 100%, such as 20% or 0.2")


def number(value: object) -> float:
    """Any number; a percentage is its share.

    >>> number(-3), number("150%")
    (-3.0, 1.5)
    """
    if isinstance(value, str) and _PERCENTAGE.fullmatch(value):
        return _share(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise ValueError(f"{said(value)} is neither a number nor a percentage; write it like 100 or 20%")


def _share(percentage: str) -> float:
    # In floats 12.3 / 100 is not 0.123.
    return float(Decimal(percentage.removesuffix("%").rstrip()) / 100)
