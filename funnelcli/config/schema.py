"""The grammar as a JSON Schema (draft 2020-12), which editors use to complete and check a config while it is typed.

Derived from the models in `grammar`, whose fields carry the descriptions. It accepts every file that the reader
accepts; the reader alone knows what joins several keys, such as that a stage's name is there once.
"""

from __future__ import annotations

from typing import Any

from funnelcli.config.grammar import FunnelKeys
from funnelcli.config.reading import MAX_FUNNELS


def schema() -> dict[str, Any]:
    """The JSON Schema of a config file."""
    derived = _plain(FunnelKeys.model_json_schema(by_alias=True))
    definitions, keys = derived["$defs"], derived["properties"]
    definitions["Funnel"] = {
        "description": "One of several funnels: its own keys, over those it shares with the others.",
        "type": "object",
        "properties": keys,
        "required": ["funnel"],
        "additionalProperties": False,
    }
    several = {
        "description": "Several funnels that share the keys above; a funnel's own key replaces a shared one.",
        "type": "array",
        "items": {"$ref": "#/$defs/Funnel"},
        "minItems": 1,
        "maxItems": MAX_FUNNELS,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "funnelcli config",
        "description": derived["description"],
        "type": "object",
        "properties": {**keys, "funnels": several},
        "additionalProperties": False,
        "oneOf": [
            {"required": ["funnel", "stages"], "properties": {"funnels": False}},
            {"required": ["funnels"], "properties": {"funnel": False}},
        ],
        "$defs": definitions,
    }


def _plain(schema: Any) -> Any:
    """The schema without titles, which repeat the keys, and without null, which no key may be."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema if each != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: {name: _plain(each) for name, each in value.items()} if key in ("properties", "$defs") else _plain(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "default" and (value in (None, []) or isinstance(value, dict)))
    }
    # A single alternative is left where the other was null.
    return {**kept.pop("anyOf")[0], **kept} if len(kept.get("anyOf", ())) == 1 else kept
