"""What belongs to one verification, and nothing of another."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing
from adapters.store.lookups.close_ups import PgCloseUps
from domain.views.close_ups import CloseUp
from tests.service.console.rig.day import run, stricter
from tests.support.storage.stores import NOW, Store

SENT = text("""
INSERT INTO deliveries
  (endpoint_id, app_id, seq, event_id, type, verification_id, state, created_at, ended_at, error)
VALUES
  (gen_random_uuid(), 'demo', :seq, gen_random_uuid(), 'verification.approved', :id, 'failed',
   :at, :at, 'timeout')
""")


async def test_it_has_calls_shadow_decisions_and_deliveries(engine: AsyncEngine, keys: KeyRing) -> None:
    store, close_ups = Store(engine, keys), PgCloseUps(engine)
    mine = await run(store, 1, {}, at=NOW, result={}, shadow=stricter())
    other = await run(store, 2, {}, at=NOW)
    async with engine.begin() as connection:
        for seq in (1, 2):
            values = {"seq": seq, "id": mine.verification_id, "at": NOW + timedelta(seconds=seq)}
            await connection.execute(SENT, values)
    found = await close_ups.of(mine.verification_id)
    assert [(call.n, call.state, call.http_status) for call in found.calls] == [(1, "done", 200)]
    assert [(each.policy_name, each.outcome) for each in found.shadows] == [("test", "approved")]
    assert [(each.state, each.error, each.url) for each in found.sent] == [("failed", "timeout", None)] * 2
    assert found.sent[0].created_at > found.sent[1].created_at
    assert await close_ups.of(other.verification_id) == CloseUp([], [], [])
