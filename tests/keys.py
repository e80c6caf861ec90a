"""The keys that change what is counted, one by one, in pairs and many at once: what tests of every key run through."""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

from tests import worlds
from tests.worlds import HOUR

STAGES = ("A,B,A", "A|B,B|C,A|C", "A,A|B,B,C")
BREAKDOWNS = (("channel",), ("channel", "device"))

Key = dict[str, Any]
"""What a key sets: keys of the funnel, and under a stage's name (s1, s2, …) keys of that stage."""

KEYS: dict[str, Key] = {
    "loose": {},
    "strict": {"order": "strict"},
    "any": {"order": "any"},
    "within": {"s2": {"within": 1 * HOUR}},
    "within last": {"s3": {"within": 1 * HOUR}},
    "after": {"s3": {"after": 1 * HOUR}},
    "optional": {"s2": {"optional": True}},
    "optional last": {"s3": {"optional": True}},
    "first event": {"s1": {"first": "event", "where": {"channel": "x"}}},
    "first match": {"s2": {"first": "match", "where": {"channel": ["x", "y"]}}},
    "stop": {"exclude": [{"events": "C"}]},
    "stop between": {"exclude": [{"events": "B", "where": {"device": "p"}, "between": ["s1", "s3"]}]},
    "remove": {"exclude": [{"events": "C", "effect": "remove"}]},
    "remove between": {"exclude": [{"events": "A", "effect": "remove", "between": ["s1", "s3"]}]},
    "open": {"start": "open"},
    "attempts": {"count": "attempts"},
    "same": {"same": ["channel"]},
    "session": {"session": 1 * HOUR},
    "ties strict": {"ties": "strict"},
    "ties row": {"ties": "row"},
    "entry latest": {"entry": "latest"},
    "entry first": {"entry": "first"},
    "window": {"window": 1 * HOUR},
    "since": {"since": 1 * HOUR},
    "range all": {"since": 0, "until": 2 * HOUR, "range": "all"},
    "as of": {"as_of": 1 * HOUR},
    "segment any": {"segment_from": "any"},
    "segment last": {"segment_from": "last"},
    "segment stage": {"segment_from": "s1"},
}


def clashes(keys: dict[str, Any]) -> bool:
    """Whether the keys mean nothing together, by the definition's list of combinations that are errors."""
    stages = [keys.get(name, {}) for name in ("s1", "s2", "s3")]
    optional = any(stage.get("optional") for stage in stages)
    exclusions = keys.get("exclude", [])
    order = keys.get("order", "loose")
    attempts, is_open = keys.get("count") == "attempts", keys.get("start") == "open"
    ends_nowhere = any(
        keys.get(name, {}).get("optional") for exclusion in exclusions for name in exclusion.get("between", ())
    )
    return (
        ends_nowhere
        or (order == "any" and (optional or any("between" in exclusion for exclusion in exclusions)))
        or (order == "any" and (any({"within", "after"} & stage.keys() for stage in stages)))
        or (order == "any" and keys.get("segment_from") == "s1")
        or (order == "strict" and optional)
        or (attempts and any(exclusion.get("effect") == "remove" for exclusion in exclusions))
        or ((attempts or is_open) and keys.get("entry", "earliest") != "earliest")
        or (is_open and (order != "loose" or attempts or optional or bool(exclusions) or "same" in keys))
        or (is_open and any("first" in stage for stage in stages))
    )


def merged(*names: str) -> dict[str, Any] | None:
    """The keys together; None if two of them set the same key or they clash."""
    together: dict[str, Any] = {}
    for name in names:
        for key, value in KEYS[name].items():
            if isinstance(value, dict):
                if together.get(key, {}).keys() & value.keys():
                    return None
                together[key] = together.get(key, {}) | value
            elif key == "exclude":
                together[key] = together.get(key, []) + value
            elif key in together:
                return None
            else:
                together[key] = value
    return None if clashes(together) else together


def funnel(stages: str, keys: dict[str, Any]) -> dict[str, Any]:
    """The funnel with those keys, its stages and its breakdowns."""
    found = worlds.funnel(stages, breakdowns=BREAKDOWNS)
    for stage in found["stages"]:
        stage.update(keys.get(stage["name"], {}))
    return found | {key: value for key, value in keys.items() if key not in ("s1", "s2", "s3")}


PAIRS = {pair: keys for pair in combinations(KEYS, 2) if (keys := merged(*pair)) is not None}


def drawn(count: int, *, seed: int) -> dict[tuple[str, ...], dict[str, Any]]:
    """So many legal combinations of three to five keys, the same on every run."""
    draw = random.Random(seed)
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    while len(found) < count:
        names = tuple(sorted(draw.sample(list(KEYS)[1:], draw.randint(3, 5))))
        keys = merged(*names)
        if keys is not None:
            found[names] = keys
    return found
