"""How many decisions had which outcome, hour by hour; a full hour is counted once and remembered."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.views.outcomes import HOUR, HourOfOutcomes

MOST: Final = 20_000
"""Decisions of an app that are counted for one hour, so that no storm makes a page slow."""

_SETTLED: Final = timedelta(minutes=5)
"""How long after its end an hour may still get decisions: `decided_at` is before the commit."""

_REMEMBERED: Final = 10_000

_Key = tuple[str, datetime]


class PgOutcomeCounts:
    """Counts decisions by the index of an app's newest decisions."""

    def __init__(self, engine: AsyncEngine, *, most: int = MOST) -> None:
        self._engine = engine
        self._most = most
        self._known: OrderedDict[_Key, HourOfOutcomes] = OrderedDict()

    async def hours(
        self, app_ids: Sequence[str], hours: Sequence[datetime], *, now: datetime
    ) -> list[HourOfOutcomes]:
        """The counts of these apps in these hours. Raises DatabaseAway."""
        wanted = [(app_id, hour) for app_id in app_ids for hour in hours]
        missing = [key for key in wanted if key not in self._known]
        fresh = await self._count(missing) if missing else {}
        self._remember(fresh, now)
        return [self._known.get(key) or fresh[key] for key in wanted]

    async def _count(self, keys: Sequence[_Key]) -> Mapping[_Key, HourOfOutcomes]:
        values = {
            "apps": [app for app, _ in keys],
            "hours": [hour for _, hour in keys],
            "most": self._most + 1,
        }
        counts: dict[_Key, dict[str, int]] = {key: {} for key in keys}
        async with self._engine.connect() as connection:
            for app_id, hour, outcome, count in await connection.execute(_COUNT, values):
                counts[app_id, hour][outcome] = count
        return {key: self._hour(key, of) for key, of in counts.items()}

    def _hour(self, key: _Key, counts: Mapping[str, int]) -> HourOfOutcomes:
        return HourOfOutcomes(*key, counts, is_capped=sum(counts.values()) > self._most)

    def _remember(self, fresh: Mapping[_Key, HourOfOutcomes], now: datetime) -> None:
        full = {key: hour for key, hour in fresh.items() if hour.hour + HOUR + _SETTLED <= now}
        self._known.update(full)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


_COUNT: Final = text("""
SELECT wanted.app_id, wanted.hour, found.outcome, count(*)
FROM unnest(CAST(:apps AS text[]), CAST(:hours AS timestamptz[])) AS wanted (app_id, hour)
CROSS JOIN LATERAL (
  SELECT d.outcome FROM decisions d
  WHERE d.app_id = wanted.app_id AND d.decided_at >= wanted.hour
    AND d.decided_at < wanted.hour + interval '1 hour'
  ORDER BY d.decided_at DESC LIMIT CAST(:most AS bigint)
) AS found
GROUP BY 1, 2, 3
""")
