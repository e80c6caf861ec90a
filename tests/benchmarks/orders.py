"""How long each way of counting takes on one log, as whole processes beside the default.

Run it on a quiet machine: python -m tests.benchmarks.orders [MILLIONS_OF_ROWS [RUNS]]
The target: `strict`, `any` and an exclusion take at most three times as long as `loose` on twenty million rows.
"""

from __future__ import annotations

import sys

from tests.benchmarks.making import medians, told, written

CASES: dict[str, list[str]] = {
    "loose": [],
    "loose, by channel": ["--by", "channel"],
    "exclude": ["--exclude", "other_1"],
    "strict": ["--order", "strict"],
    "any": ["--order", "any"],
    "attempts": ["--count", "attempts"],
    "within": ["--semantics", "ga4"],
}


def main(millions: float, runs: int) -> None:
    with written(millions) as log:
        found = medians({case: ["report", *log, "-f", "json", *options] for case, options in CASES.items()}, runs)
    print(told(found, "loose", f"{millions:g} million rows, {runs} runs"))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20, int(sys.argv[2]) if len(sys.argv) > 2 else 3)
