"""Which columns of a log are the user, the event and the time, judged by their names and by a few of their values.

The rules, for each role in turn (time, event, user), over the columns that no role has taken yet:
1. the first of the role's usual names that a column has, whatever its case and punctuation (a time's values must be
   readable as times, if any column's are);
2. else, by values: for the time the first column of readable times; for the event the text column with the fewest
   different values that repeat; for the user the column called `…id`, else the one with the most different values.
A number is a time if it lies in the years 2000 to 2100 in one of the units s, ms, us and ns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from funnelcli.config.funnel import Columns, TimeUnit
from funnelcli.events.iso import any_form

USERS = (
    "user", "user_id", "uid", "customer", "customer_id", "visitor_id", "person_id", "distinct_id", "user_pseudo_id",
    "amplitude_id", "client_id", "account_id", "contact_id", "lead_id", "deal_id", "member_id", "anonymous_id",
    "case_id", "case", "patient", "device_id", "session_id", "id",
)  # fmt: skip
EVENTS = (
    "event",
    "event_name",
    "event_type",
    "activity",
    "action",
    "event_table_name",
    "handling",
    "step",
    "stage",
    "type",
    "status",
)
TIMES = (
    "timestamp", "event_time", "event_timestamp", "time", "datetime", "date_time", "ts", "occurred_at", "created_at",
    "happened_at", "server_time", "event_date", "date", "day", "created", "at",
)  # fmt: skip

_UNITS: tuple[tuple[TimeUnit, int], ...] = (("s", 1), ("ms", 1_000), ("us", 1_000_000), ("ns", 1_000_000_000))
_YEAR_2000, _YEAR_2100 = 946_684_800, 4_102_444_800


def guess(columns: Sequence[str], samples: pl.DataFrame) -> Columns | None:
    """The columns of user, event and time, and the time's unit; None when one of them cannot be told.

    `samples` holds some rows, its columns in the order of `columns`, under any names.

    >>> guess(["id", "Event Name", "at"], pl.DataFrame([["a", "b"], ["visit", "visit"], [1767225600, 1767225601]]))
    Columns(user='id', event='Event Name', timestamp='at', time_unit='s', time_format=None)
    """
    values = dict(zip(columns, samples.get_columns(), strict=True))
    free = [name for name in columns if not values[name].dtype.is_nested() and values[name].dtype != pl.Boolean]
    times = [name for name in free if _is_time(values[name])]
    time = _named(TIMES, times) or next(iter(times), None) or _named(TIMES, free)
    free = [name for name in free if name != time]
    event = _named(EVENTS, free) or _repeating(free, values)
    free = [name for name in free if name != event]
    user = (
        _named(USERS, free)
        or next((name for name in free if _bare(name).endswith("id")), None)
        or _varied(free, values)
    )
    if time is None or event is None or user is None:
        return None
    return Columns(user=user, event=event, timestamp=time, time_unit=_unit(values[time]))


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())


def _named(usual: Sequence[str], names: Sequence[str]) -> str | None:
    """The column that has the first of the usual names."""
    bare = {_bare(name): name for name in reversed(names)}
    return next((bare[_bare(each)] for each in usual if _bare(each) in bare), None)


def _is_time(values: pl.Series) -> bool:
    """Whether all values are times."""
    values = values.drop_nulls()
    if values.is_empty():
        return False
    if values.dtype.is_temporal():
        return values.dtype not in (pl.Time, pl.Duration)
    if _unit(values) is not None:
        return True
    if values.dtype != pl.String:
        return False
    return pl.DataFrame({"text": values}).select(any_form(pl.col("text")).local.is_not_null().all()).item() is True


def _unit(values: pl.Series) -> TimeUnit | None:
    """The unit in which all numbers lie in this century."""
    if not (values.dtype.is_numeric() or values.dtype == pl.String):
        return None
    numbers = values.drop_nulls().cast(pl.Float64, strict=False)
    if numbers.is_empty() or numbers.null_count():
        return None
    for unit, per_second in _UNITS:
        if numbers.is_between(_YEAR_2000 * per_second, _YEAR_2100 * per_second).all():
            return unit
    return None


def _repeating(names: Sequence[str], values: dict[str, pl.Series]) -> str | None:
    """The text column with the fewest different values, at least two, that come twice on average."""
    counts = {name: values[name].drop_nulls().n_unique() for name in names if _is_text(values[name])}
    fit = [name for name, count in counts.items() if 2 <= count <= values[name].len() / 2]
    return min(fit, key=lambda name: counts[name], default=None)


def _varied(names: Sequence[str], values: dict[str, pl.Series]) -> str | None:
    """The column of texts or integers with the most different values."""
    fit = [name for name in names if _is_text(values[name]) or values[name].dtype.is_integer()]
    return max(fit, key=lambda name: values[name].n_unique(), default=None)


def _is_text(values: pl.Series) -> bool:
    return isinstance(values.dtype, pl.String | pl.Categorical | pl.Enum)
