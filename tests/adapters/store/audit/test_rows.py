"""Rows are written in the transaction of what they record: with it or not at all."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.audit.rows import append, append_in_bulk
from adapters.store.statements.bulk import bulk_connection
from domain.audit.action import Action
from domain.audit.row import AuditRow

WHOLE = AuditRow(
    action=Action.ENDPOINT_CHANGED,
    actor="person:li.na",
    app_id="demo",
    subject="e-1",
    reason="中文",
    detail={"fields": ["url"], "count": 2},
    person_id=uuid4(),
    address="10.0.0.7",
)
SHORT = AuditRow(action=Action.TOKEN_CREATED, actor="command:root")
COLUMNS = "action, actor, app_id, subject, reason, detail, person_id, address"


async def rows_of(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    async with engine.connect() as connection:
        found = await connection.execute(text(f"SELECT {COLUMNS} FROM audit ORDER BY id"))
        return [tuple(row) for row in found]


def columns(row: AuditRow) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in COLUMNS.split(", "))


async def test_rows_are_stored_as_they_are(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await append(connection, [WHOLE, SHORT])
        await append(connection, [])
    async with bulk_connection(engine, as_one=True) as bulk:
        await append_in_bulk(bulk, [SHORT, WHOLE])
        await append_in_bulk(bulk, [])
    assert await rows_of(engine) == [columns(row) for row in (WHOLE, SHORT, SHORT, WHOLE)]


async def fail(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await append(connection, [WHOLE])
        raise LookupError


async def fail_in_bulk(engine: AsyncEngine) -> None:
    async with bulk_connection(engine, as_one=True) as bulk:
        await append_in_bulk(bulk, [WHOLE])
        raise LookupError


@pytest.mark.parametrize("change", [fail, fail_in_bulk])
async def test_a_change_that_fails_leaves_no_row(
    engine: AsyncEngine, change: Callable[[AsyncEngine], Awaitable[None]]
) -> None:
    with pytest.raises(LookupError):
        await change(engine)
    assert await rows_of(engine) == []
