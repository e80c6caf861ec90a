"""What the rules that join several keys are made of: what they see, and what they tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelcli.config.basics import nearest
from funnelcli.config.nodes import shown

if TYPE_CHECKING:
    from funnelcli.config.stages import StageKeys

Before = Mapping[str, Any]
"""The values of the keys before this one; one that was wrong is not there."""

Faults = Iterator["Fault"]
Stages = tuple["StageKeys", ...]


@dataclass(frozen=True)
class Fault:
    """What keys do not agree on, and the place of it, as the steps from the funnel's mapping.

    The last step may be `KEY`, for the key before it and not its value. If one of `keys` is an option of the command
    line, it is that which is at fault.
    """

    message: str
    at: tuple[int | str, ...]
    keys: tuple[str, ...] = ()


KEY = "[key]"


def apart(one: str, other: str, at: tuple[int | str, ...], *keys: str) -> Fault:
    """Two keys of which one means nothing with the other."""
    return Fault(f"{one} means nothing with {other}; remove one of them", at, keys)


def meant(name: str, stages: Sequence[str], *others: str) -> str:
    """What to write instead of a name that is no stage's: the stage or other word that was meant, else all stages."""
    near = nearest(name, (*others, *stages))
    return f"did you mean {shown(near)}?" if near else f"the stages are {', '.join(map(shown, stages))}"
