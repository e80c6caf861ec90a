"""The same numbers by other means: fractions and long decimals, straight from the definitions, sharing none of ours."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from math import comb

PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
Z = Decimal("1.959963984540054235524594430520551")
"""The 0.975 quantile of the normal distribution, from tables."""
SAME = 1 + Fraction(1, 10**7)


def near(found: float | None, expected: float, tolerance: float = 1e-12) -> bool:
    """Whether they agree to `tolerance`, relative to the expected, nought included."""
    return found is not None and bool(abs(found - expected) <= tolerance * abs(expected))


def newcombe(x1: int, n1: int, x2: int, n2: int) -> tuple[float, float]:
    """Method 10 at 95 %, with fifty digits."""
    with localcontext(prec=50):

        def share(x: int, n: int) -> tuple[Decimal, Decimal, Decimal]:
            middle, reach = 2 * x + Z * Z, Z * (Z * Z + 4 * x * (1 - Decimal(x) / n)).sqrt()
            return Decimal(x) / n, (middle - reach) / (2 * (n + Z * Z)), (middle + reach) / (2 * (n + Z * Z))

        (p1, low1, high1), (p2, low2, high2) = share(x1, n1), share(x2, n2)
        low = p1 - p2 - ((p1 - low1) ** 2 + (high2 - p2) ** 2).sqrt()
        high = p1 - p2 + ((high1 - p1) ** 2 + (p2 - low2) ** 2).sqrt()
        return float(low), float(high)


def no_likelier(weights: dict[int, int], observed: int) -> float:
    """The share of all weight that lies on outcomes no likelier than the observed."""
    limit = weights[observed] * SAME
    return float(Fraction(sum(w for w in weights.values() if w <= limit), sum(weights.values())))


def fisher(a: int, b: int, c: int, d: int) -> float:
    """All tables of the same margins, counted one by one."""
    row, rest, column = a + b, c + d, a + c
    tables = range(max(0, column - rest), min(row, column) + 1)
    return no_likelier({k: comb(row, k) * comb(rest, column - k) for k in tables}, a)


def binomial(x: int, n: int, rate: Fraction) -> float:
    """All counts of `n` trials at `rate`, in whole multiples of one probability."""
    p, q = rate.numerator, rate.denominator - rate.numerator
    return no_likelier({k: comb(n, k) * p**k * q ** (n - k) for k in range(n + 1)}, x)


def chi_square_tail(statistic: float, degrees: int) -> float:
    """The closed sums with sixty digits; even degrees only, or odd ones so far out that erfc no longer matters."""
    with localcontext(prec=60, Emin=-(10**6)):
        half = Decimal(statistic) / 2
        odd = degrees % 2
        term = 2 * (half / PI).sqrt() if odd else Decimal(1)
        total = Decimal(0)
        for k in range(1, degrees // 2 + 1):
            total += term
            term *= half / (Decimal(k) + Decimal("0.5") * odd)
        return float(total * (-half).exp())


def large_fisher(a: int, b: int, c: int, d: int) -> float:
    """As `fisher`, with sixty digits instead of all, for margins that `comb` cannot manage."""
    row, rest, column = a + b, c + d, a + c
    low, high = max(0, column - rest), min(row, column)
    with localcontext(prec=60):
        weights = {a: Decimal(1)}
        for k in range(a, high):
            weights[k + 1] = weights[k] * ((row - k) * (column - k)) / ((k + 1) * (rest - column + k + 1))
            if weights[k + 1] < Decimal("1e-40"):
                break
        for k in range(a, low, -1):
            weights[k - 1] = weights[k] * (k * (rest - column + k)) / ((row - k + 1) * (column - k + 1))
            if weights[k - 1] < Decimal("1e-40"):
                break
        limit = 1 + Decimal("1e-7")
        return float(sum(w for w in weights.values() if w <= limit) / sum(weights.values()))


def product_limit(durations: Sequence[int], events: Sequence[bool], at: int) -> Fraction:
    """1 − the product, over the times of events, of the share of those at risk who do not have it."""
    survival = Fraction(1)
    for time in sorted({t for t, event in zip(durations, events, strict=True) if event and t <= at}):
        had = sum(event for t, event in zip(durations, events, strict=True) if t == time)
        survival *= 1 - Fraction(had, sum(t >= time for t in durations))
    return 1 - survival


def log_rank_statistic(groups: Sequence[tuple[Sequence[int], Sequence[bool]]]) -> Fraction:
    """The chi-square of two groups: the squared excess of the first over its variance."""
    (first, _), (second, _) = groups
    excess = variance = Fraction(0)
    for time in sorted({t for durations, events in groups for t, e in zip(durations, events, strict=True) if e}):
        n1, n2 = sum(t >= time for t in first), sum(t >= time for t in second)
        d1, d2 = (sum(e for t, e in zip(durations, events, strict=True) if t == time) for durations, events in groups)
        n, d = n1 + n2, d1 + d2
        excess += d1 - Fraction(d * n1, n)
        variance += Fraction(d * (n - d) * n1 * n2, n * n * (n - 1)) if n > 1 else 0
    return excess**2 / variance
