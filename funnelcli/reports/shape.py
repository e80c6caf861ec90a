"""What every report has: its head, and the account of rows as the cli passes it on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from funnelcli.config import definition
from funnelcli.config.frames import instant

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel


class Account(Protocol):
    """Where every row of the logs went. Times are UTC µs."""

    @property
    def rows_read(self) -> int:
        """All rows of the logs."""
        ...

    @property
    def rows_used(self) -> int:
        """The rows that take part."""
        ...

    @property
    def skipped(self) -> dict[str, int]:
        """The rows that take no part, by reason."""
        ...

    @property
    def first_time(self) -> int | None:
        """The first readable time of all rows."""
        ...

    @property
    def last_time(self) -> int | None:
        """The last readable time of all rows."""
        ...


@dataclass(frozen=True)
class Head:
    """The keys with which every report begins: which report, of which funnel, how defined, from which rows.

    `definition` holds the YAML's keys that were in force; `end` is the end of the data.
    """

    report: str
    funnel: Funnel
    definition: dict[str, object]
    rows_read: int
    rows_used: int
    rows_skipped: dict[str, int]
    first_time: datetime | None
    last_time: datetime | None
    end: datetime | None


def head(report: str, funnel: Funnel, account: Account, end: int | None) -> Head:
    """The head of a report on `funnel`; `end` in UTC µs."""
    return Head(
        report=report,
        funnel=funnel,
        definition=definition(funnel),
        rows_read=account.rows_read,
        rows_used=account.rows_used,
        rows_skipped=account.skipped,
        first_time=instant(account.first_time),
        last_time=instant(account.last_time),
        end=instant(end),
    )
