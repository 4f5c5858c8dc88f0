"""Outcomes are counted hour by hour, each full hour once, and none beyond a bound."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing
from adapters.store.lookups.outcome_counts import PgOutcomeCounts
from domain.model import Outcome
from domain.views.outcomes import HOUR, HourOfOutcomes, hour_of, hours_until
from tests.support.storage.stores import NOW, Store, callback, payload

EARLIER = NOW - 3 * HOUR
LATER = NOW + HOUR + timedelta(minutes=6)


async def decided(store: Store, *outcomes: Outcome, first: int = 1, app_id: str = "demo") -> None:
    """Decisions at NOW with these outcomes."""
    for n, outcome in enumerate(outcomes, first):
        recorded = await store.record(callback(payload(n), app_id=app_id))
        await store.decide(recorded, outcome=outcome)


async def test_each_hour_of_each_app_has_its_counts(engine: AsyncEngine, keys: KeyRing) -> None:
    store = Store(engine, keys)
    await decided(store, Outcome.APPROVED, Outcome.APPROVED, Outcome.REVIEW)
    await decided(store, Outcome.REJECTED, first=9, app_id="other")
    counts = PgOutcomeCounts(engine)
    found = await counts.hours(["demo", "other"], [EARLIER, NOW], now=NOW)
    assert found == [
        HourOfOutcomes("demo", EARLIER, {}),
        HourOfOutcomes("demo", NOW, {"approved": 2, "review": 1}),
        HourOfOutcomes("other", EARLIER, {}),
        HourOfOutcomes("other", NOW, {"rejected": 1}),
    ]


async def test_a_full_hour_is_counted_once_and_the_running_one_again(
    engine: AsyncEngine, keys: KeyRing
) -> None:
    store, counts = Store(engine, keys), PgOutcomeCounts(engine)
    assert (await counts.hours(["demo"], [NOW], now=NOW))[0].counts == {}
    await decided(store, Outcome.APPROVED)
    assert (await counts.hours(["demo"], [NOW], now=NOW))[0].counts == {"approved": 1}
    assert (await counts.hours(["demo"], [NOW], now=LATER))[0].counts == {"approved": 1}
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM decisions"))
    assert (await counts.hours(["demo"], [NOW], now=LATER))[0].counts == {"approved": 1}


async def test_a_storm_is_counted_up_to_a_bound(engine: AsyncEngine, keys: KeyRing) -> None:
    await decided(Store(engine, keys), *[Outcome.APPROVED] * 4)
    [hour] = await PgOutcomeCounts(engine, most=2).hours(["demo"], [NOW], now=NOW)
    assert (hour.is_capped, sum(hour.counts.values())) == (True, 3)


def test_the_last_hours_end_with_the_running_one() -> None:
    at = NOW + timedelta(minutes=59)
    assert hour_of(at) == NOW
    assert list(hours_until(at, count=3)) == [NOW - 2 * HOUR, NOW - HOUR, NOW]
