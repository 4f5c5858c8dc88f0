"""How many decisions had which outcome, hour by hour."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

HOUR: Final = timedelta(hours=1)


class HourOfOutcomes(msgspec.Struct, frozen=True):
    """The decisions of an app from `hour` on, by outcome. `is_capped`: only a part was counted."""

    app_id: str
    hour: datetime
    counts: Mapping[str, int]
    is_capped: bool = False


def hour_of(at: datetime) -> datetime:
    """The full hour before `at`."""
    return at.replace(minute=0, second=0, microsecond=0)


def hours_until(now: datetime, *, count: int) -> Sequence[datetime]:
    """The last `count` hours, the running one last."""
    return [hour_of(now) - HOUR * back for back in reversed(range(count))]
