"""The metric of retention."""

from collections.abc import Iterable, Sequence

from prometheus_client import Metric

from domain.identity.retention import EVERY_APP, Due, Retention, SharedRetention
from service.metric_text import gauge


def describe_overdue(overdue: Sequence[Due], app_ids: Iterable[str]) -> Metric:
    """What should have been erased by age."""
    classes = [(app_id, kind) for app_id in app_ids for kind in Retention.kinds()]
    classes += [(EVERY_APP, kind) for kind in SharedRetention.kinds()]
    counts: dict[tuple[str, ...], float] = {(app_id, kind.value): 0 for app_id, kind in classes}
    return gauge(
        "retention_overdue",
        "What should have been erased by age at least a day ago; up to 1,000 of each class. "
        "`app_id` is empty for classes that belong to no single app.",
        counts | {(each.app_id, each.kind.value): each.count for each in overdue},
        "app_id", "kind",
    )  # fmt: skip
