"""Every committed row gets into exactly one block, however late it is committed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.sealing.envelope import KeyRing
from adapters.store.audit.blocks import PgAuditBlocks
from adapters.store.audit.rows import append
from adapters.store.events.reader import PgEvents
from adapters.store.webhooks.deliveries import PgDeliveries
from adapters.store.webhooks.endpoints import PgEndpoints
from domain.audit.action import Action
from domain.audit.blocks import BEGINNING, Block, close_block, merkle_root
from domain.audit.row import AuditRow
from domain.events.event import EventType
from domain.views.events import EVERYTHING
from tests.support.webhooks.endpoints import endpoint


def row(n: int = 1) -> AuditRow:
    return AuditRow(action=Action.TOKEN_CREATED, actor="command:root", subject=str(n))


async def write(engine: AsyncEngine, count: int = 1) -> None:
    async with engine.begin() as connection:
        await append(connection, [row(n) for n in range(count)])


async def rows(engine: AsyncEngine, sql: str) -> list[tuple[Any, ...]]:
    async with engine.connect() as connection:
        return [tuple(each) for each in await connection.execute(text(sql))]


async def close(engine: AsyncEngine, *, limit: int = 100, **options: bool) -> Block | None:
    return await PgAuditBlocks(engine).close(limit=limit, **{"checkpoint": False} | options)


async def sizes(engine: AsyncEngine) -> list[int]:
    """The sizes of the blocks that can be closed now."""
    found = []
    while block := await close(engine):
        found.append(block.count)
    return found


async def without_leaf(engine: AsyncEngine) -> Sequence[Any]:
    return await rows(engine, "SELECT id FROM audit WHERE id NOT IN (SELECT audit_id FROM audit_leaves)")


@asynccontextmanager
async def late(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction with a row, which ends with the block."""
    async with engine.begin() as connection:
        await append(connection, [row(99)])
        yield connection


async def test_a_block_has_the_rows_and_the_hash_of_the_one_before(engine: AsyncEngine) -> None:
    await write(engine, 3)
    first = await close(engine)
    await write(engine, 2)
    second = await close(engine)
    assert first is not None
    assert second is not None
    assert (first.height, first.count, first.previous) == (1, 3, BEGINNING)
    assert (second.height, second.count, second.previous) == (2, 2, first.hash)
    leaves = [
        leaf for (leaf,) in await rows(engine, "SELECT leaf FROM audit_leaves ORDER BY height, position")
    ]
    assert merkle_root(leaves[:3]) == first.root
    assert close_block(leaves[3:], closed_at=second.closed_at, after=first) == second
    assert await PgAuditBlocks(engine).newest() == second


async def test_without_new_rows_there_is_no_block(engine: AsyncEngine) -> None:
    assert await close(engine) is None
    assert await PgAuditBlocks(engine).newest() is None
    await write(engine)
    assert await sizes(engine) == [1]
    assert await close(engine) is None


async def test_a_row_that_is_committed_late_gets_into_a_later_block(engine: AsyncEngine) -> None:
    async with late(engine):
        await write(engine, 2)
        assert await sizes(engine) == [2]
        await write(engine, 3)
        assert await sizes(engine) == [3]
    assert await sizes(engine) == [1]
    assert not await without_leaf(engine)


async def test_what_a_full_block_leaves_gets_into_the_next(engine: AsyncEngine) -> None:
    for _ in range(5):
        await write(engine, 2)
    counts = [(await close(engine, limit=3)) for _ in range(5)]
    assert [each and each.count for each in counts] == [3, 3, 3, 1, None]


async def test_full_blocks_beside_a_late_row_leave_nothing(engine: AsyncEngine) -> None:
    async with late(engine):
        for _ in range(5):
            await write(engine, 2)
        counts = [(await close(engine, limit=3)) for _ in range(4)]
        assert [each and each.count for each in counts] == [3, 3, 3, 1]
    assert await sizes(engine) == [1]
    assert not await without_leaf(engine)


async def test_a_row_that_is_rolled_back_is_in_no_block(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await append(connection, [row()])
        await connection.rollback()
    await write(engine)
    assert await sizes(engine) == [1]


async def test_while_one_closes_others_do_nothing_and_writers_do_not_wait(engine: AsyncEngine) -> None:
    await write(engine)
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(4026531842)"))
        assert await close(engine) is None
        await write(engine)
    assert await sizes(engine) == [2]


async def test_closers_at_once_never_fork(engine: AsyncEngine) -> None:
    for _ in range(5):
        await write(engine, 3)
        await asyncio.gather(*(close(engine, limit=2) for _ in range(4)))
    await sizes(engine)
    chain = await rows(engine, "SELECT height, previous, hash FROM audit_blocks ORDER BY height")
    assert [height for height, _, _ in chain] == list(range(1, len(chain) + 1))
    assert [previous for _, previous, _ in chain] == [BEGINNING] + [own for _, _, own in chain[:-1]]
    assert not await without_leaf(engine)


async def test_in_a_server_that_counts_transactions_from_the_beginning_no_row_is_skipped(
    engine: AsyncEngine,
) -> None:
    await write(engine)
    assert await sizes(engine) == [1]
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE audit_blocks SET since_xid = 1::bigint << 60"))
    await write(engine, 2)
    assert await sizes(engine) == [2]


async def test_a_look_at_all_rows_finds_those_before_the_last_block(engine: AsyncEngine) -> None:
    await write(engine, 2)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE audit SET xid = 3 WHERE subject = '1'"))
    await write(engine)
    async with engine.begin() as connection:
        since = "SELECT 1, now(), 0, '', '', '', pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        await connection.execute(text(f"INSERT INTO audit_blocks {since}"))
    await write(engine)
    assert await sizes(engine) == [1]
    found = await close(engine, look_at_all=True)
    assert found is not None
    assert found.count == 3


@pytest.mark.parametrize("checkpoint", [True, False])
async def test_a_block_has_its_event_if_every_process_knows_it(engine: AsyncEngine, checkpoint: bool) -> None:
    await write(engine, 2)
    block = await close(engine, checkpoint=checkpoint)
    assert block is not None
    events = (await PgEvents(engine).page(EVERYTHING, after=0, limit=9)).items
    detail = {"height": 1, "hash": block.hash.hex(), "count": 2}
    expected = [(EventType.AUDIT_CHECKPOINT, None, detail)] if checkpoint else []
    assert [(each.type, each.app_id, each.body.detail) for each in events] == expected


async def test_apps_whose_endpoints_keep_checkpoints_have_an_event_each(
    engine: AsyncEngine, keys: KeyRing
) -> None:
    endpoints = PgEndpoints(engine, keys=keys)
    kinds = [("a", ("audit.checkpoint",)), ("a", ("audit.*",)), ("b", ("*",)), ("c", ("verification.*",))]
    for n, (app_id, types) in enumerate(kinds):
        assert await endpoints.add(endpoint(n + 1, app_id=app_id, types=types), limit=9)
    await write(engine)
    await close(engine, checkpoint=True)
    events = (await PgEvents(engine).page(EVERYTHING, after=0, limit=9)).items
    assert [(each.type, each.app_id) for each in events] == [
        (EventType.AUDIT_CHECKPOINT, None),
        (EventType.AUDIT_CHECKPOINT, "a"),
    ]
    fanned = await PgDeliveries(engine).fan_out(now=events[0].at, limit=9)
    assert fanned.deliveries == 2, "to both endpoints of this app"
