"""From the command line to journeys: which config is meant, what replaces its keys, what there is to say.

Here is also what makes sure that nothing that is read is written over (`spare`).
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelcli.cli.streams import say
from funnelcli.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from funnelcli.cli.options import Output, Selection
    from funnelcli.config.funnel import Funnel
    from funnelcli.engine import Journeys
    from funnelcli.events import Account, Events, Log, Survey
    from funnelcli.reports.counting import Line


def funnels(selection: Selection, output: Output, *, presets: bool = False) -> tuple[Funnel, ...]:
    """The funnels to count, as the config and the options have them; notes on them are said.

    With `presets`, --semantics may be all: then the one funnel is there under each preset.

    Raises:
        UsageError: --semantics is all where it may not be, --get has several to choose from, or --output is a file
            that is read.
    """
    from funnelcli.config import Options, load

    if selection.semantics == "all" and not presets:
        raise UsageError("--semantics: all is for `report`; name one preset")

    config, logs = split(selection.paths or ())
    typed = {field.name: getattr(selection, field.name) for field in fields(Options)}
    given: dict[str, Any] = {
        name: tuple(text) if isinstance(text, list) else text for name, text in typed.items() if text is not None
    }
    given["logs"] = (*logs, *(selection.logs or ()))
    with step("read the config", output):
        loaded = load(config, options=Options(**given), now=datetime.now(UTC))
    if output.get is not None and selection.semantics != "all":
        one("--get", loaded.funnels)
    notes(loaded.notes, quiet=output.quiet)
    spare(
        output.output,
        configs=() if loaded.path is None else (loaded.path,),
        logs=[log for each in loaded.funnels for log in each.logs],
    )
    return loaded.funnels


def spare(target: str, *, configs: Iterable[Path] = (), logs: Iterable[str] = ()) -> None:
    """Nothing, if the file that is to be written is none of those that are read, by any name, link, glob or folder.

    Raises:
        UsageError: it is one of them.
        DataError: a log names no file.
    """
    target_file = _file(target)
    if target == "-" or target_file is None:
        return
    if any(_file(config) == target_file for config in configs):
        raise UsageError(f"--output: {target} is the config that is read; name another file")
    check_surroundings()
    from funnelcli.events.files import paths

    for log in dict.fromkeys(logs):
        if any(_file(0 if path == "-" else path) == target_file for path in paths(log)):
            raise UsageError(f"--output: {target} is one of the logs that are read; name another file")


def _file(path: str | Path | int) -> tuple[int, int] | None:
    """What tells a file from all others, whatever its name; None if there is none, or what is there is no file."""
    try:
        status = os.stat(path)  # noqa: PTH116 - also of a descriptor
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def without_segments(who: str, selection: Selection) -> None:
    """Refuse the options that split by a column, for a command that does not.

    Raises:
        UsageError: one of them is given.
    """
    for option, given in (("--by", selection.by), ("--segment-from", selection.segment_from)):
        if given:
            raise UsageError(f"{option}: {who} has no segments; leave it out, or take some rows with --where")


def one(who: str, found: tuple[Funnel, ...]) -> tuple[Funnel, ...]:
    """The funnels, if they are one.

    Raises:
        UsageError: there are several, which `who` cannot take.
    """
    if len(found) != 1:
        raise UsageError(f"{who} needs one funnel; pick with --funnel: {', '.join(funnel.name for funnel in found)}")
    return found


def journeys(found: Sequence[Funnel], output: Output) -> Iterator[tuple[Funnel, Journeys, Account]]:
    """Each funnel with its journeys and the account of its rows; notes on the logs are said."""
    for funnel in found:
        rows = events(funnel, output)
        yield funnel, walked(rows, funnel, output), rows.account


def start(output: Output) -> None:
    """Import Polars, and what reads and walks with it."""
    check_surroundings()
    with step("started Polars", output):
        import_module("funnelcli.events")
        import_module("funnelcli.engine")


def events(
    funnel: Funnel,
    output: Output,
    *,
    units: bool = False,
    columns: tuple[str, ...] = (),
    everything: bool = False,
    only: tuple[tuple[str, ...], ...] | None = None,
    log: Log | None = None,
) -> Events:
    """The events of the funnel's logs, with what is asked for (see `events.load`); notes on them are said."""
    from funnelcli.events import load

    with step(f"read the logs of {funnel.name}", output):
        found = load(funnel, units=units, columns=columns, everything=everything, only=only, log=log)
    notes(found.notes, quiet=output.quiet)
    return found


def walked(found: Events, funnel: Funnel, output: Output) -> Journeys:
    """The journeys of the events."""
    from funnelcli import engine

    with step(f"found the journeys of {funnel.name}", output):
        return engine.journeys(found, funnel)


def came_between(funnel: Funnel, first: Line, last: Line, output: Output) -> tuple[pl.DataFrame, Events, Journeys]:
    """The rows between two stages (see `events.inside`), the events of the stages, and their journeys.

    The log is read twice, so that all that anybody did is never held.
    """
    from funnelcli.engine import door
    from funnelcli.events import inside, opened

    named = (funnel.columns.event,) if last.position - first.position > 1 else ()
    with opened(funnel, named) as log:
        rows = events(funnel, output, units=True, columns=named, log=log)
        found = walked(rows, funnel, output)
        with step(f"read what came between in {funnel.name}", output):
            spans = door.spans(found, funnel, first.position, last.position)
            return inside(log, funnel, rows, spans), rows, found


def split(paths: Sequence[str]) -> tuple[Path | None, tuple[str, ...]]:
    """The config, if the first argument is one, and the logs.

    >>> split(["shop.yaml", "a.csv", "-"])
    (PosixPath('shop.yaml'), ('a.csv', '-'))

    Raises:
        UsageError: a config stands where a log is expected.
    """
    config, logs = (Path(paths[0]), paths[1:]) if paths and is_config(paths[0]) else (None, paths)
    for log in logs:
        if is_config(log):
            raise UsageError(f"{log} is a config where a log is expected; name one config, before the logs")
    return config, tuple(logs)


def is_config(path: str) -> bool:
    """Whether the name is a YAML file's."""
    return path.lower().endswith((".yaml", ".yml"))


def surveyed(logs: Sequence[str], columns: str | None, timezone: str | None, *, target: str) -> Survey:
    """What is in these logs, with the columns as they are named, else guessed.

    Raises:
        UsageError: `target`, the file that is to be written, is one of the logs.
    """
    from funnelcli.config import Options, load

    spare(target, logs=logs)
    # The options are those of a funnel, so a funnel reads them.
    options = Options(stage=("A=a", "B=b"), columns=columns, timezone=timezone)
    (funnel,) = load(None, options=options, now=datetime.now(UTC)).funnels
    check_surroundings()
    from funnelcli import events

    return events.survey(logs, None if columns is None else funnel.columns, funnel.timezone)


def notes(sentences: Sequence[str], *, quiet: bool) -> None:
    """Say each sentence on standard error, unless --quiet."""
    if not quiet:
        for sentence in sentences:
            say("note", sentence)


def check_surroundings() -> None:
    """Before Polars is imported: what would make it panic later.

    Raises:
        UsageError: the number of threads it is told to use is none.
    """
    threads = os.environ.get("POLARS_MAX_THREADS", "")
    if threads.isdecimal() and int(threads) == 0:
        raise UsageError(f"POLARS_MAX_THREADS is {threads}; set it to 1 or more, or unset it")


@contextmanager
def step(what: str, output: Output) -> Iterator[None]:
    """With --verbose, say afterwards what was done and how long it took."""
    start = time.perf_counter()
    yield
    if output.verbose:
        say("done", f"{what} in {time.perf_counter() - start:.3f} s")
