"""Presets of meaning: what each value of `semantics` sets, where neither the file nor an option says otherwise.

| preset | sets |
|---|---|
| `amplitude`, `clickhouse` (its `strict_once`) | nothing: these are the defaults |
| `mixpanel` | `entry: first` |
| `mixpanel-reentry` | `entry: latest` |
| `posthog` | `entry: latest`, `range: all`, every `exclude` with `effect: remove` |
| `ga4` | the `window` becomes `within` of every stage after the first, and no window |
"""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

from funnelcli.config.funnel import Effect, Semantics

PRESETS: tuple[Semantics, ...] = get_args(Semantics)
"""The names of the presets, in the order of the table."""

_KEYS: dict[Semantics, dict[str, str]] = {
    "mixpanel": {"entry": "first"},
    "mixpanel-reentry": {"entry": "latest"},
    "posthog": {"entry": "latest", "range": "all"},
}


def preset_keys(semantics: object) -> dict[str, str]:
    """The keys of the funnel that a preset sets; none where it is no preset."""
    return next((keys for name, keys in _KEYS.items() if name == semantics), {})


def effect_of(semantics: Semantics | None) -> Effect:
    """The effect of an exclusion that has none of its own."""
    return "remove" if semantics == "posthog" else "stop"


def window_of(semantics: Semantics | None, window: timedelta | None) -> timedelta | None:
    """The conversion window that is left under a preset."""
    return None if semantics == "ga4" else window


def within_of(semantics: Semantics | None, window: timedelta | None) -> timedelta | None:
    """The `within` of a stage after the first that has none of its own."""
    return window if semantics == "ga4" else None
