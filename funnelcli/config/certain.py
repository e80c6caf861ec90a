"""Conditions that no row can satisfy, found where it is certain.

Texts are compared with texts and numbers with numbers, as the log's readers do; a column may satisfy a
condition on its text and another on its number. Regular expressions are taken to match.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from funnelcli.config.conditions import conditions
from funnelcli.config.funnel import Condition

if TYPE_CHECKING:
    from funnelcli.config.stages import StageKeys


def unreachable(stage: StageKeys, where: tuple[Condition, ...], event_column: str) -> str | None:
    """A column on which no row can satisfy the stage and `where`; None if there may be such a row."""
    found = None
    for each in stage.events:
        event = Condition(column=event_column, operator="eq", operand=each.event)
        found = contradiction((*where, *conditions(stage.where), *conditions(each.where), event))
        if found is None:
            return None
    return found


def contradiction(given: Iterable[Condition]) -> str | None:
    """The first column whose conditions no value satisfies, null included.

    >>> contradiction([Condition(column="plan", operator="eq", operand=plan) for plan in ("pro", "free")])
    'plan'
    """
    columns: dict[str, list[Condition]] = {}
    for condition in given:
        columns.setdefault(condition.column, []).append(condition)
    return next((column for column, on_it in columns.items() if len(on_it) > 1 and _contradict(on_it)), None)


def _contradict(on_it: list[Condition]) -> bool:
    null = {condition.operand for condition in on_it if condition.operator == "is_null"}
    if True in null:
        return any(
            condition.operator not in ("ne", "not_in", "is_null") or condition.operand is False for condition in on_it
        )
    return any(_none([each for each in on_it if _kind(each.operand) == kind]) for kind in ("text", "number", "truth"))


def _kind(operand: Any) -> str | None:
    """What an operand is compared as; None for a list of several kinds."""
    if isinstance(operand, tuple):
        kinds = {_kind(each) for each in operand}
        return kinds.pop() if len(kinds) == 1 else None
    if isinstance(operand, bool):
        return "truth"
    return "text" if isinstance(operand, str) else "number"


def _none(on_it: list[Condition]) -> bool:
    """Whether no value of one kind satisfies conditions of that kind."""
    lists = [each.operand if isinstance(each.operand, tuple) else (each.operand,) for each in on_it
             if each.operator in ("eq", "in")]  # fmt: skip
    if lists:
        return not any(all(_holds(each, value) for each in on_it) for value in lists[0])
    low: Any = max((each.operand for each in on_it if each.operator in ("gt", "ge")), default=None)  # type: ignore[type-var]
    high: Any = min((each.operand for each in on_it if each.operator in ("lt", "le")), default=None)  # type: ignore[type-var]
    if low is None or high is None:
        return False
    itself = all(_holds(each, low) for each in on_it if each.operator in ("gt", "ge", "lt", "le"))
    return bool(low > high or (low == high and not itself))


_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
    "in": lambda value, operand: value in operand,
    "not_in": lambda value, operand: value not in operand,
    "contains": lambda value, operand: operand in value,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}


def _holds(condition: Condition, value: Any) -> bool:
    """Whether the value may satisfy the condition, which is of its kind."""
    return condition.operator not in _HOLDS or _HOLDS[condition.operator](value, condition.operand)
