"""What the benchmarks share: a log made by rule, and command lines run in turn as whole processes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

STAGES = ("visit", "signup", "cart", "checkout", "purchase")
SHARES = (0.10, 0.06, 0.04, 0.025, 0.015)
OTHERS = 15
DAYS = 60


def log(rows: int) -> pl.DataFrame:
    """A log in the order of time: a twelfth as many users as rows, a quarter of the rows in the funnel."""
    number = pl.int_range(rows, dtype=pl.UInt64, eager=True).alias("number").to_frame()
    share = (pl.col("number").hash(2) % 1_000_000) / 1_000_000
    return number.select(
        user=pl.format("user-{}", pl.col("number").hash(1) % max(1, rows // 12)),
        event=_event(share),
        timestamp=pl.lit(1_767_225_600_000_000) + pl.col("number") * (DAYS * 86_400_000_000 // rows),
        channel=pl.format("channel-{}", pl.col("number").hash(4) % 5),
    ).with_columns(pl.col("timestamp").cast(pl.Datetime("us", "UTC")))


def _event(share: pl.Expr) -> pl.Expr:
    limit, event = 0.0, pl.when(False).then(pl.lit(""))
    for name, part in zip(STAGES, SHARES, strict=True):
        limit += part
        event = event.when(share < limit).then(pl.lit(name))
    return event.otherwise(pl.format("other_{}", pl.col("number").hash(3) % OTHERS))


@contextmanager
def written(millions: float) -> Iterator[list[str]]:
    """A log of so many million rows in a file, as the options that name it and its funnel."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "log.parquet")
        log(int(millions * 1_000_000)).write_parquet(path)
        stages = [text for name in STAGES for text in ("--stage", f"{name}={name}")]
        yield ["--logs", str(path), *stages, "--window", "7d"]


def medians(cases: Mapping[str, Sequence[str]], runs: int) -> dict[str, float]:
    """The median seconds of each case's arguments, run in turn, as whole processes."""
    taken: dict[str, list[float]] = {case: [] for case in cases}
    for _ in range(runs):
        for case, arguments in cases.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-m", "funnelcli", *arguments], check=True, capture_output=True)
            taken[case].append(time.perf_counter() - start)
    return {case: statistics.median(durations) for case, durations in taken.items()}


def told(found: Mapping[str, float], base: str, title: str) -> str:
    """A table of the medians, and of their ratios to that of the case `base`."""
    lines = [f"{'':<24} {'median':>8} {f'÷ {base}':>10}   {title}"]
    return "\n".join(
        [*lines, *(f"{case:<24} {median:>6.2f} s {median / found[base]:>10.2f}" for case, median in found.items())]
    )
