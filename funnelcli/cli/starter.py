"""The YAML that `funnelcli init` writes: columns and stages guessed from what is in the logs, and comments.

What comes in is a survey of the logs; what goes out is text that `config` reads as it stands.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from funnelcli.display import count, printable

if TYPE_CHECKING:
    from funnelcli.config.funnel import Columns

LADDER = (
    r"session_?start|first_?(open|visit)|landing|visit|page_?view|screen_?view|impression|open(ed)?$",
    r"view_?(item|product|content)|product|catalog|search|browse|content",
    r"sign_?up|regist|create_?account|lead",
    r"mql|trial|activat|onboard",
    r"sql|qualif|demo|meeting",
    r"cart|basket|opportunit",
    r"checkout|shipping|proposal|quote|offer",
    r"purchase|payment|paid|order|won|convert|transaction|subscri|contract|sale",
)
"""Words in event names, from the top of a funnel to its end; each rung is one stage, by its most frequent event."""

MOST_STAGES = 6
LISTED = 20
"""How many event names the comment lists."""

_PLAIN = re.compile(r"(?:\.{1,2}/|/)*[^\W\d][\w /().*+-]*(?<! )")
_NOT_TEXT = re.compile(r"null|true|false|~", re.IGNORECASE)


def starter(
    logs: Sequence[str],
    columns: Columns,
    timezone: str | None,
    *,
    events: Mapping[str, int],
    others: Sequence[str],
    target: str,
) -> str:
    """The YAML for these logs, to be written at `target` (`-` for standard output, which stands for this folder).

    No timezone is UTC. `events` maps each event name to its number of rows, most first; there is one name at least.
    `others` are the logs' other columns.
    """
    named = "funnel.yaml" if target == "-" else target
    paths = [relative(log, Path(named).parent) for log in logs if log != "-"]
    lines = [
        f"# Guessed by `funnelcli init`. Check the stages, then run: funnelcli report {printable(named)}",
        "# An editor with a YAML language server helps with the keys after `funnelcli schema -o funnelcli.schema.json`",
        "# and this first line: # yaml-language-server: $schema=funnelcli.schema.json",
        f"funnel: {quoted(_title(logs))}",
        "",
        *_logs(paths),
        "",
        "# The columns of who did what and when.",
        "columns:",
        f"  user: {quoted(columns.user)}",
        f"  event: {quoted(columns.event)}",
        f"  timestamp: {_timestamp(columns)}",
        "",
        "# Of times without an offset, and of calendar days.",
        f"timezone: {quoted(timezone or 'UTC')}",
        "",
        "# The longest time from completing the first stage to completing another: 30m, 12h, 7d, 2w.",
        "# window: 7d",
        "",
        *_events(events),
        "stages:",
        *(f"  - {quoted(name)}: {quoted(event)}" for name, event in stages(events)),
        "",
        *_breakdowns(others),
    ]
    return "\n".join(lines) + "\n"


def _breakdowns(others: Sequence[str]) -> list[str]:
    if not others:
        return ["# The logs have no other column to split the report by."]
    return [
        "# Split the report by columns of the logs; also --by on the command line.",
        f"# breakdowns: [{', '.join(map(quoted, others[:2]))}]",
    ]


def stages(events: Mapping[str, int]) -> list[tuple[str, str]]:
    """A name and an event for each stage guessed, two at least, from event counts, most first.

    Events that say where in a funnel they stand, in that order; where fewer than two do, the most frequent events.

    >>> stages({"page_view": 9, "purchase": 2, "logout": 2, "add_to_cart": 4})
    [('Page view', 'page_view'), ('Add to cart', 'add_to_cart'), ('Purchase', 'purchase')]
    """
    usable = [event for event in events if event.strip()]
    rungs: dict[int, str] = {}
    for event in usable:
        rung = next((number for number, words in enumerate(LADDER) if re.search(words, event, re.IGNORECASE)), None)
        if rung is not None:
            rungs.setdefault(rung, event)
    chosen = [rungs[number] for number in sorted(rungs)][-MOST_STAGES:]
    if len(chosen) < 2:
        chosen = usable[:4]
    if len(chosen) == 1:
        chosen *= 2
    names: list[str] = []
    for event in chosen:
        name = spoken(event)
        names.append(name if name not in names else f"{name} {len(names) + 1}")
    return list(zip(names, chosen, strict=True))


def spoken(name: str) -> str:
    """A name as a person writes it, fit for a stage or a title.

    >>> spoken("add_to_cart"), spoken("Köp"), spoken("first"), spoken("--")
    ('Add to cart', 'Köp', 'First', '--')
    """
    words = printable(re.sub(r"[\s_.-]+", " ", name).strip() or name)
    return words[:1].upper() + words[1:]


def quoted(text: str) -> str:
    r"""The text as a YAML scalar that is read back as this text: as it stands if it can, else in double quotes.

    >>> print(quoted("page_view"), quoted("no: 1"), quoted("true"), quoted("7"), quoted("a\n😀"))
    page_view "no: 1" "true" "7" "a\n😀"
    """
    if _PLAIN.fullmatch(text) and not _NOT_TEXT.fullmatch(text):
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


def relative(log: str, folder: Path) -> str:
    """A log as a config in `folder` names it; what is absolute, or has a scheme, stays as it is.

    >>> relative("data/*.csv", Path("configs"))
    '../data/*.csv'
    """
    if Path(log).is_absolute() or "://" in log:
        return log
    path = os.path.relpath(log, folder)
    return path + "/" if log.endswith("/") else path


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    point = ord(character)
    if character == "\n":
        return "\\n"
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _title(logs: Sequence[str]) -> str:
    """The first log's name without its folder and suffixes."""
    stem = Path(logs[0]).name.partition(".")[0]
    return spoken(stem) if re.search(r"\w", stem) else "Funnel"


def _logs(logs: Sequence[str]) -> list[str]:
    about = "# A path, a glob or a list, relative to this file. LOGS on the command line replace them."
    if not logs:
        return [
            about,
            "# The logs came from standard input: name LOGS on the command line, or here.",
            "# logs: log.csv",
        ]
    return (
        [about, f"logs: {quoted(logs[0])}"]
        if len(logs) == 1
        else [about, "logs:", *(f"  - {quoted(log)}" for log in logs)]
    )


def _timestamp(columns: Columns) -> str:
    parts = {"column": columns.timestamp, "unit": columns.time_unit, "format": columns.time_format}
    given = {key: text for key, text in parts.items() if text is not None}
    if len(given) == 1:
        return quoted(columns.timestamp)
    return "{" + ", ".join(f"{key}: {quoted(text)}" for key, text in given.items()) + "}"


def _events(events: Mapping[str, int]) -> list[str]:
    """The comment that lists the event names with their counts."""
    listed = list(events.items())[:LISTED]
    names = [quoted(event) for event, _ in listed]
    width = max(map(len, names))
    more = len(events) - len(listed)
    return [
        "# Two stages or more, in their order: `Name: event` or `Name: [event, event]`.",
        "# The events in the logs, and their rows:",
        *(f"#   {name:<{width}}  {count(rows):>10}" for name, (_, rows) in zip(names, listed, strict=True)),
        *([f"#   and {count(more)} more; see funnelcli inspect"] if more else []),
    ]
