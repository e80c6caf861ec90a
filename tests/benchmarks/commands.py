"""How long each command takes on one log, as whole processes beside `report`.

Run it on a quiet machine: python -m tests.benchmarks.commands [MILLIONS_OF_ROWS [RUNS]]
The target: every command takes at most one and a half times as long as `report` on twenty million rows.
"""

from __future__ import annotations

import sys

from tests.benchmarks.making import medians, told, written

CASES: dict[str, list[str]] = {
    "report": ["report"],
    "report, by channel": ["report", "--by", "channel"],
    "compare, by channel": ["compare", "--by", "channel"],
    "compare, periods": ["compare", "--periods", "2026-01-05..2026-01-18", "2026-01-19..2026-02-01"],
    "bottlenecks": ["bottlenecks"],
    "bottlenecks, by channel": ["bottlenecks", "--by", "channel"],
    "trend, by day": ["trend", "--every", "1d"],
    "trend, by week": ["trend", "--every", "1w"],
    "timing": ["timing"],
    "timing, by channel": ["timing", "--by", "channel"],
    "drivers": ["drivers", "--between", "cart", "purchase"],
    "paths": ["paths", "--between", "cart", "purchase"],
}


def main(millions: float, runs: int) -> None:
    with written(millions) as log:
        cases = {case: [*arguments, *log, "-f", "json"] for case, arguments in CASES.items()}
        found = medians(cases, runs)
    print(told(found, "report", f"{millions:g} million rows, {runs} runs"))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20, int(sys.argv[2]) if len(sys.argv) > 2 else 3)
