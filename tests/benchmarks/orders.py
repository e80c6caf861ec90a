"""How long each way of counting takes on one log, as whole processes beside the default.

Run it on a quiet machine: python tests/benchmarks/orders.py [MILLIONS_OF_ROWS [RUNS]]
The target: `strict`, `any` and an exclusion take at most three times as long as `loose` on twenty million rows.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

STAGES = ("visit", "signup", "cart", "checkout", "purchase")
SHARES = (0.10, 0.06, 0.04, 0.025, 0.015)
OTHERS = 15
DAYS = 60
CASES: dict[str, list[str]] = {
    "loose": [],
    "loose, by channel": ["--by", "channel"],
    "exclude": ["--exclude", "other_1"],
    "strict": ["--order", "strict"],
    "any": ["--order", "any"],
    "attempts": ["--count", "attempts"],
    "within": ["--semantics", "ga4"],
}


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


def main(millions: float, runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.parquet")
        log(int(millions * 1_000_000)).write_parquet(path)
        stages = [text for name in STAGES for text in ("--stage", f"{name}={name}")]
        program = [sys.executable, "-m", "funnelcli", "report", "--logs", str(path), *stages, "--window", "7d"]
        taken: dict[str, list[float]] = {case: [] for case in CASES}
        for _ in range(runs):
            for case, options in CASES.items():
                start = time.perf_counter()
                subprocess.run([*program, "-f", "json", *options], check=True, capture_output=True)
                taken[case].append(time.perf_counter() - start)
        loose = statistics.median(taken["loose"])
        print(f"{'way':<18} {'median':>8} {'÷ loose':>8}   {millions:g} million rows, {runs} runs")
        for case, durations in taken.items():
            median = statistics.median(durations)
            print(f"{case:<18} {median:>6.2f} s {median / loose:>8.2f}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20, int(sys.argv[2]) if len(sys.argv) > 2 else 3)
