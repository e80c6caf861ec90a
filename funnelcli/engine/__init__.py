"""The engine: events become journeys, one per unit that entered.

What a funnel is, to the letter. Each row of a unit matches a set of stages. A journey of depth d is d different
rows of one unit, the j-th matching stage j, in the order of their times, with

- the time of every row no more than `window` after the first (the limit counts; no window, no limit),
- for a stage with `within`, no more than that after the required stage before; with `after`, no less,
- no row that matches an `exclude` entry at a time strictly between its two stages (for a journey that stops between
  the two: strictly after the first of them and before the journey's last row).

Rows of the same instant may be used in whatever order the journey needs, each once (`ties: stage`); or each row
must be later than the one before (`strict`); or they stand in the order of the input (`row`). Only rows with since
≤ time < until may enter (`range: entry`), and with `entry: first` only those of the unit's first such instant.

Per unit one journey counts: the deepest; of those the one whose last row comes earliest; of those the one that
enters earliest (`entry: earliest`) or latest (`entry: latest`); of those the one whose second row is earliest, then
its third, and so on. "Earliest" compares times.

`order: strict` adds that no other row of the unit has a time strictly between the journey's first and last row. In
`order: any` a journey is d rows that complete different stages, in any order, all inside the window from the
earliest. Optional stages are no part of the chain. With `start: open` a unit may enter at any stage, with `count:
attempts` it may enter again when an attempt has ended.

A unit that entered has converted when it reached the last required stage; else it is open while entry + window is
later than the end of the data, else dropped. Without a window nobody is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelcli.engine.finding import found, judged
from funnelcli.engine.periods import by_period, entering
from funnelcli.engine.shape import STATUS, VALUE, Events, Journeys, Status, stage_columns

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel

__all__ = [
    "STATUS", "VALUE", "Events", "Journeys", "Status", "by_period", "entering", "journeys", "stage_columns",
]  # fmt: skip


def journeys(events: Events, funnel: Funnel) -> Journeys:
    """The journeys that count, by the definition above, with their segments."""
    return judged(found(events.rows, funnel), funnel, events.end)
