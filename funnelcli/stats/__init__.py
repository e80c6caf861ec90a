"""Statistics as pure functions: plain numbers and lists in, plain numbers out, on the standard library alone.

Counts are whole numbers and are multiplied as such, so tens of millions lose nothing. Shares, rates, levels and
p-values lie in 0..1. An interval is (low, high), and (None, None) where there is no trial to judge by; a test gives
its two-sided p-value, None where there is nothing to test, and 1.0 where the data could not have come out otherwise.
A `level` is 0 < level < 1 and is not checked. Each function names its source; the tests hold it against published
tables, scipy and statsmodels.
"""

from funnelcli.stats.corrections import benjamini_hochberg, holm
from funnelcli.stats.intervals import Interval, newcombe, wilson
from funnelcli.stats.planning import detectable_difference, p_chart
from funnelcli.stats.proportions import FEW, one_proportion_test, two_proportion_test
from funnelcli.stats.survival import kaplan_meier, log_rank, log_rank_from
from funnelcli.stats.tables import (
    OddsRatio,
    SharesTest,
    chi_square,
    fisher,
    goodness_of_fit,
    least_expected,
    odds_ratio,
    phi,
    shares_test,
)
from funnelcli.stats.tails import chi_square_tail

__all__ = [
    "FEW",
    "Interval",
    "OddsRatio",
    "SharesTest",
    "benjamini_hochberg",
    "chi_square",
    "chi_square_tail",
    "detectable_difference",
    "fisher",
    "goodness_of_fit",
    "holm",
    "kaplan_meier",
    "least_expected",
    "log_rank",
    "log_rank_from",
    "newcombe",
    "odds_ratio",
    "one_proportion_test",
    "p_chart",
    "phi",
    "shares_test",
    "two_proportion_test",
    "wilson",
]
