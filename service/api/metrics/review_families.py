"""The metrics of reviews. Labels are apps, states, outcomes and reason codes, never persons or cases."""

from collections import Counter
from collections.abc import Iterable, Iterator

from prometheus_client import Metric

from domain.views.reviews import ReviewFigures
from service.metric_text import gauge


def describe_reviews(figures: ReviewFigures, app_ids: Iterable[str]) -> Iterator[Metric]:
    """What waits for persons, and what they concluded in the last day."""
    yield from _waiting(figures, app_ids)
    yield gauge(
        "reviews_concluded_in_a_day",
        "Conclusions of the last day, by reason and outcome of the decision and the person's outcome.",
        {
            (each.app_id, each.code, each.effective_outcome, each.outcome): each.count
            for each in figures.conclusions
        },
        "app_id", "code", "effective_outcome", "outcome",
    )  # fmt: skip
    yield gauge(
        "reviews_in_a_day",
        "Cases that were concluded in the last day; up to 10,000.",
        {(each.app_id,): each.concluded for each in figures.pace},
        "app_id",
    )
    yield gauge(
        "reviews_median_seconds",
        "Median time of the last day from the opening of a case to its conclusion.",
        {(each.app_id,): each.median_seconds for each in figures.pace if each.concluded},
        "app_id",
    )
    yield gauge(
        "reviews_hasty_in_a_day",
        "Conclusions of the last day within five seconds of the claim.",
        {(each.app_id,): each.hasty for each in figures.pace},
        "app_id",
    )
    yield gauge(
        "second_looks_in_a_day",
        "Second looks of the last day, by whether they came to the same conclusion.",
        {
            (each.app_id, agrees): count
            for each in figures.pace
            for agrees, count in (("yes", each.agreed), ("no", each.looked - each.agreed))
        },
        "app_id", "agrees",
    )  # fmt: skip


def _waiting(figures: ReviewFigures, app_ids: Iterable[str]) -> Iterator[Metric]:
    overdue = Counter(dict.fromkeys(app_ids, 0))
    oldest = dict.fromkeys(overdue, 0.0)
    for each in figures.waiting:
        overdue[each.app_id] += each.overdue
        oldest[each.app_id] = max(oldest.get(each.app_id, 0.0), each.oldest.total_seconds())
    yield gauge(
        "reviews_waiting",
        "Review cases that have not ended: open, snoozed or proposed; up to 10,000 each.",
        {(each.app_id, each.state): each.count for each in figures.waiting},
        "app_id", "state",
    )  # fmt: skip
    yield gauge(
        "reviews_overdue",
        "Review cases that wait longer than their policy allows; up to 10,000 of each state.",
        {(app_id,): count for app_id, count in overdue.items()},
        "app_id",
    )
    yield gauge(
        "reviews_oldest_seconds",
        "Age of the oldest review case that has not ended.",
        {(app_id,): seconds for app_id, seconds in oldest.items()},
        "app_id",
    )
