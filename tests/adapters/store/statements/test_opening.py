"""The SQL that opens cases: priority, time limit and four eyes by the stored policy, and one open case."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.statements.bulk import bulk_connection
from adapters.store.statements.opening import DEFAULT_MINUTES, first_events, opened_cases
from domain.policy.file.config import ReviewTable
from domain.reviews.case import Priority, priority_of
from tests.support.storage.stores import NOW

STATEMENT = f"""
WITH rows AS (SELECT CAST($1 AS uuid) AS verification_id, 'demo' AS app_id, 'h' AS policy_hash,
                     CAST($2 AS json) AS codes, 'decision' AS because, CAST($3 AS timestamptz) AS at),
opened AS ({opened_cases("rows")}), noted AS ({first_events("opened")})
SELECT id FROM opened
"""


async def open_case(engine: AsyncEngine, verification: UUID, *codes: str) -> Any:
    async with bulk_connection(engine, as_one=True) as connection:
        listed = msgspec.json.encode(codes).decode()
        found = await connection.fetchrow(STATEMENT, verification, listed, NOW)
        return found and await connection.fetchrow("SELECT * FROM review_cases WHERE id = $1", found["id"])


async def keep(engine: AsyncEngine, review: ReviewTable | None) -> None:
    async with bulk_connection(engine) as connection:
        table = None if review is None else msgspec.json.encode(review).decode()
        await connection.execute("INSERT INTO policies VALUES ('h', 'p', '1', '', now(), $1)", table)


async def test_without_a_table_the_defaults_of_a_policy_hold(engine: AsyncEngine) -> None:
    await keep(engine, None)
    case, defaults = await open_case(engine, uuid4(), "face.missing"), ReviewTable()
    assert defaults.minutes == DEFAULT_MINUTES
    assert case["due_at"] == case["escalate_at"] == NOW + timedelta(minutes=defaults.minutes)
    assert (case["four_eyes"], case["priority"]) == ([*defaults.four_eyes], Priority.NORMAL)
    assert (case["second_look"], case["state"], case["seq"]) == (defaults.second_look, "open", 1)


@pytest.mark.parametrize("codes", [(), ("face.missing",), ("attack.mask",), ("attack.mask", "id.expired")])
@pytest.mark.parametrize("default", [{}, {"default": "high"}, {"default": "low"}])
async def test_the_policy_names_limit_priority_and_four_eyes(
    engine: AsyncEngine, codes: tuple[str, ...], default: dict[str, Any]
) -> None:
    words = {"attack.mask": "urgent", "id.expired": "low", **default}
    table = ReviewTable(minutes=30, priority=words, four_eyes=(), second_look=0.25)
    await keep(engine, table)
    case = await open_case(engine, uuid4(), *codes)
    assert case["due_at"] == NOW + timedelta(minutes=30)
    assert (case["four_eyes"], case["second_look"]) == ([], 0.25)
    assert Priority(case["priority"]) is priority_of(words, codes)


async def test_a_verification_has_one_open_case(engine: AsyncEngine) -> None:
    await keep(engine, None)
    verification = uuid4()
    assert await open_case(engine, verification) is not None
    assert await open_case(engine, verification) is None
    async with bulk_connection(engine) as connection:
        await connection.execute("UPDATE review_cases SET state = 'closed', closed_at = now()")
        [event] = await connection.fetch("SELECT * FROM review_events")
    assert (event["seq"], event["kind"], event["actor"]) == (1, "opened", "gateway:worker")
    assert await open_case(engine, verification) is not None
