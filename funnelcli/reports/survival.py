"""Survival: who has converted how long after entering, also where some are still on their way.

Journeys come in; out go the Kaplan–Meier curve of each group, of which the estimate is the last value, and the log-rank
test between groups. Who has not converted is censored at the end of the data; who dropped stays at risk up to the
window, after every conversion. At equal durations conversions come before censorings. All of it is done by frames,
never journey by journey.

Sources: Kaplan and Meier (1958), Nonparametric estimation from incomplete observations; JASA 53, 457–481. Mantel
(1966), Evaluation of survival data and two new rank order statistics; Cancer Chemotherapy Reports 50, 163–170.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from funnelcli.config.frames import micros
from funnelcli.engine import Status
from funnelcli.reports.counting import SECOND, seconds
from funnelcli.stats import log_rank_from

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel

POINTS = 200
"""The most points of a curve."""

MILESTONES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Shares of those who will convert, of whom is told when they have."""

MOST_GROUPS = 50
"""More groups than that are not tested against each other: the test takes the square of their number, and says less."""

_NEARLY = 1 - 1e-12
"""A share that a product of many factors has come to counts as reached with twelve digits."""

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Point:
    """The share of those who enter that has converted by so many seconds (those seconds count); `at_risk` is how many
    were followed that long and had not converted before.
    """

    seconds: float
    converted: float
    at_risk: int


@dataclass(frozen=True)
class Milestone:
    """When a share of those who will convert have: `converted` of all who enter, by so many seconds.

    None where nobody converts.
    """

    share: float
    converted: float | None
    seconds: float | None


@dataclass(frozen=True)
class Curve:
    """The Kaplan–Meier curve of a group: its points, and when it comes to each milestone of its last value.

    A step of the curve lies at every duration of a conversion. Of more than 198 steps those stay at which it first
    comes to another 197th of its last value: it is exact at every point, and read as steps nowhere further than a 197th
    of its last value from the whole. The first point is at 0, the last at the window; without a window at the longest
    duration. Nobody was followed for longer than `followed_seconds`; None for nobody.
    """

    points: tuple[Point, ...]
    milestones: tuple[Milestone, ...]
    followed_seconds: float | None

    @property
    def half_seconds(self) -> float | None:
        """How long until half of those who will convert have."""
        return next(each.seconds for each in self.milestones if each.share == 0.5)


NO_CURVE = Curve((), tuple(Milestone(share, None, None) for share in MILESTONES), None)
"""The curve of nobody."""


def leaving(frame: pl.DataFrame, keys: list[str], funnel: Funnel, end: int | None) -> pl.DataFrame:
    """Who leaves those at risk when, in each group (keys, duration: Int64 µs from entering, converted: Int64, leaving:
    Int64, at_risk: Int64, share: Float64), in the order of keys and duration.

    `frame` (keys, stage_1 …, status). One row per group and duration at which anybody converted or was censored; that
    many were `at_risk` just before. `share` is the Kaplan–Meier curve 1 − S(duration); until somebody is censored it is
    the plain share of all.
    """
    is_ = {status: pl.col("status") == status.value for status in Status}
    last = pl.col(f"stage_{funnel.required[-1] + 1}")
    moving, followed = frame, pl.lit(end, pl.Int64) - pl.col("stage_1")
    if funnel.window is not None:
        moving = frame.filter(~is_[Status.DROPPED])
    counts = moving.select(
        *keys,
        duration=pl.when(is_[Status.CONVERTED]).then(last - pl.col("stage_1")).otherwise(followed),
        converted=is_[Status.CONVERTED].cast(pl.Int64),
        leaving=pl.lit(1, pl.Int64),
    )
    if funnel.window is not None:  # all who dropped leave together, which is quicker than one by one
        dropped = frame.filter(is_[Status.DROPPED]).group_by(keys).agg(leaving=pl.len().cast(pl.Int64))
        window = dropped.select(
            *keys,
            # Without its type a window under 36 minutes, 2³¹ µs, would be an Int32.
            duration=pl.lit(micros(funnel.window), pl.Int64),
            converted=pl.lit(0, pl.Int64),
            leaving="leaving",
        )
        counts = pl.concat([counts, window])
    counts = counts.group_by(*keys, "duration").agg(pl.col("converted", "leaving").sum()).sort(*keys, "duration")
    left = pl.col("leaving").cum_sum().over(keys) - pl.col("leaving")
    done = pl.col("converted").cum_sum().over(keys)
    everybody = pl.col("leaving").sum().over(keys)
    at_risk = everybody - left
    staying = (1 - pl.col("converted") / at_risk).cum_prod().over(keys)
    nobody_censored = left == done - pl.col("converted")
    return counts.with_columns(
        at_risk=at_risk,
        share=pl.when(nobody_censored).then(done / everybody).otherwise(1 - staying),
    )


def estimated(frame: pl.DataFrame, keys: list[str], funnel: Funnel, end: int | None) -> dict[Key, float]:
    """The Kaplan–Meier estimate 1 − S(window) of each group that has open units.

    `frame` as for `leaving`. A group without open units is left out, since its estimate is its plain rate.
    """
    if funnel.window is None or end is None or funnel.start == "open":
        return {}
    running = frame.filter((pl.col("status") == Status.OPEN.value).any().over(keys))
    return estimates(leaving(running, keys, funnel, end), keys)


def estimates(left: pl.DataFrame, keys: list[str]) -> dict[Key, float]:
    """The last value of each group's curve; where nobody was censored before it, the plain rate. `left` as `leaving`
    gives it.
    """
    shares = left.group_by(keys).agg(pl.col("share").max())
    return {tuple(row[:-1]): row[-1] for row in shares.rows()}


def curves(left: pl.DataFrame, keys: list[str], funnel: Funnel) -> dict[Key, Curve]:
    """The curve of each group. `left` as `leaving` gives it."""
    step = pl.col("converted") > 0
    of_last = pl.col("share") / pl.col("share").max().over(keys)
    steps = step.sum().over(keys)
    level = pl.when(step).then((of_last * (POINTS - 3)).floor())
    new = level.ne_missing(level.forward_fill().shift().over(keys))
    end = pl.col("duration").max() if funnel.window is None else pl.lit(micros(funnel.window))
    groups = (
        left.with_columns(of_last=of_last, kept=step & (new | (steps <= POINTS - 2)))
        .group_by(keys, maintain_order=True)
        .agg(
            pl.col("leaving").sum().alias("everybody"),
            pl.col("share").max().alias("last"),
            end.alias("end"),
            pl.col("duration").max().alias("followed"),
            pl.col("leaving").filter(pl.col("duration") >= end).sum().alias("at_end"),
            *(pl.col(name).filter("kept").alias(f"{name}s") for name in ("duration", "share", "at_risk")),
            *(
                pl.col(name).filter(step & (pl.col("of_last") >= share * _NEARLY)).first().alias(f"{name}_{share}")
                for share in MILESTONES
                for name in ("duration", "share")
            ),
        )
    )
    return {tuple(row[key] for key in keys): _curve(row) for row in groups.iter_rows(named=True)}


def _curve(row: dict[str, Any]) -> Curve:
    points = {0: Point(0.0, 0.0, row["everybody"]), row["end"]: Point(row["end"] / SECOND, row["last"], row["at_end"])}
    for duration, share, at_risk in zip(row["durations"], row["shares"], row["at_risks"], strict=True):
        points[duration] = Point(duration / SECOND, share, at_risk)
    return Curve(
        tuple(points[duration] for duration in sorted(points)),
        tuple(Milestone(share, row[f"share_{share}"], seconds(row[f"duration_{share}"])) for share in MILESTONES),
        seconds(row["followed"]),
    )


def log_rank(left: pl.DataFrame, keys: list[str]) -> float | None:
    """The p-value of the log-rank test that the groups convert alike. `left` as `leaving` gives it.

    None where fewer than two groups had anybody at risk when somebody converted, or where there are more than
    `MOST_GROUPS`.
    """
    groups = left.partition_by(keys, maintain_order=True)
    if not 2 <= len(groups) <= MOST_GROUPS:
        return None
    times = left.group_by("duration").agg(pl.col("converted").sum()).filter(pl.col("converted") > 0).sort("duration")
    at_risk = [_at_risk(times, group) for group in groups]
    everybody = pl.DataFrame([one.alias(str(number)) for number, one in enumerate(at_risk)]).sum_horizontal()
    converted = times["converted"].rechunk()
    # Where only one is left at risk, nothing is left to chance: 0 ÷ 0.
    varying = (converted * (everybody - converted) / (everybody - 1)).fill_nan(0.0)
    shares = [one / everybody for one in at_risk]
    return log_rank_from(
        observed=[int(group["converted"].sum()) for group in groups],
        expected=[float((share * converted).sum()) for share in shares],
        covariance=[[float((varying * one * ((one is other) - other)).sum()) for other in shares] for one in shares],
    )


def _at_risk(times: pl.DataFrame, group: pl.DataFrame) -> pl.Series:
    """How many of the group were at risk just before each of the times."""
    found = times.select("duration").join_asof(
        group.select("duration", "at_risk"), on="duration", strategy="forward", check_sortedness=False
    )
    return found["at_risk"].fill_null(0).rechunk()
