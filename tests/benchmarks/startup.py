"""How long the program takes to start: medians of whole processes, with compiled bytecode.

Run it on a quiet machine: python tests/benchmarks/startup.py [RUNS]
The targets are 100 ms for --help, 180 ms for validate, 250 ms for report on a log of a thousand rows.
"""

from __future__ import annotations

import compileall
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import funnelcli

CONFIG = """\
funnel: Start-up
logs: log.csv
window: 7d
stages:
  - Visit: page_view
  - Cart: add_to_cart
  - Purchase: purchase
"""
EVENTS = ("page_view", "add_to_cart", "purchase", "logout")


def log(rows: int) -> str:
    lines = [
        f"u{row % 211},{EVENTS[row % 7 % 4]},2026-01-{1 + row // 48 % 28:02}T{row % 24:02}:00:00" for row in range(rows)
    ]
    return "\n".join(["user,event,timestamp", *lines, ""])


def median_ms(command: list[str], runs: int) -> float:
    """The median duration of so many runs, in milliseconds, after one that warms the caches."""
    durations = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        durations.append(1000 * (time.perf_counter() - start))
    return statistics.median(durations[1:])


def main(runs: int) -> None:
    compileall.compile_dir(Path(funnelcli.__file__).parent, quiet=1)
    program = [sys.executable, "-m", "funnelcli"]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "funnel.yaml")
        config.write_text(CONFIG)
        Path(folder, "log.csv").write_text(log(1000))
        cases = [("--help", 100), (f"validate {config}", 180), (f"report {config}", 250)]
        print(f"{'command':<10} {'median':>9} {'target':>9}   {runs} runs")
        for arguments, target in cases:
            median = median_ms([*program, *arguments.split(" ", 1)], runs)
            print(f"{arguments.split()[0]:<10} {median:>6.0f} ms {target:>6} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
