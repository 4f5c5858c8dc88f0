"""Each change of an operator has its row, written in the transaction of the change."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing
from adapters.store.event_upkeep import PgEventUpkeep
from adapters.store.people.api_tokens import PgTokens
from adapters.store.webhooks.delivery_desk import PgDeliveryDesk
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.events.webhooks.endpoint import DisabledReason
from domain.model import verification_id
from domain.people.actor import Actor
from domain.views.letters import LetterFilter
from tests.support.payloads.callbacks import default_policy
from tests.support.storage.stores import LEASE, NOW, Store, biz_id, callback, payload
from tests.support.webhooks.endpoints import endpoint

ACTOR = Actor.person(UUID(int=7), "li.na", address="10.0.0.7")
ENDPOINT = endpoint()
LATER = NOW + LEASE * 2


def by(action: Action, **members: Any) -> AuditRow:
    return AuditRow.by(ACTOR, action, **members)


@pytest.fixture
def store(engine: AsyncEngine, keys: KeyRing) -> Store:
    return Store(engine, keys)


async def rows_of(store: Store) -> list[tuple[Any, ...]]:
    return await store.rows("SELECT action, app_id, subject, detail FROM audit ORDER BY id")


async def letters(store: Store) -> list[UUID]:
    return [
        await store.dead_letters.keep(callback(payload(n), app_id=app), reason="r", detail="", now=NOW)
        for n, app in enumerate(("demo", "demo", "other"))
    ]


async def test_changes_of_an_endpoint(store: Store) -> None:
    key, subject = ENDPOINT.id, str(ENDPOINT.id)
    endpoints, reason = store.endpoints, DisabledReason.BY_HAND
    assert await endpoints.add(ENDPOINT, limit=1, audit=by(Action.ENDPOINT_CREATED))
    assert not await endpoints.add(endpoint(9), limit=1, audit=by(Action.ENDPOINT_CREATED))
    await endpoints.change(key, ["demo"], lambda found: found, audit=by(Action.ENDPOINT_CHANGED))
    await endpoints.change(key, ["other"], lambda found: found, audit=by(Action.ENDPOINT_CHANGED))
    for _ in range(2):
        await endpoints.disable(key, None, reason=reason, now=NOW, audit=by(Action.ENDPOINT_DISABLED))
    for _ in range(2):
        await endpoints.enable(key, None, now=NOW, audit=by(Action.ENDPOINT_ENABLED))
    for _ in range(2):
        await endpoints.delete(key, None, audit=by(Action.ENDPOINT_DELETED))
    assert await rows_of(store) == [
        (f"endpoint.{word}", "demo", subject, {})
        for word in ("created", "changed", "disabled", "enabled", "deleted")
    ]
    assert await store.rows("SELECT DISTINCT actor, person_id, address FROM audit") == [
        ("person:li.na", UUID(int=7), "10.0.0.7")
    ]


async def test_a_change_that_is_refused_has_no_row(store: Store) -> None:
    await store.endpoints.add(ENDPOINT, limit=1)

    def refuse(_: Any) -> Any:
        raise LookupError

    with pytest.raises(LookupError):
        await store.endpoints.change(ENDPOINT.id, None, refuse, audit=by(Action.ENDPOINT_CHANGED))
    assert await rows_of(store) == []


async def test_retries_and_deletions_of_letters_by_app(store: Store) -> None:
    one, *_ = await letters(store)
    dead_letters, every = store.dead_letters, LetterFilter(None, "r")
    async with dead_letters.take_one(one, None, now=LATER, audit=by(Action.LETTER_RETRIED, subject="x")):
        pass
    async with dead_letters.take(every, now=LATER, limit=9, audit=by(Action.LETTERS_RETRIED)) as taken:
        assert len(taken.callbacks) == 2
    retried = LetterFilter(None, "r", retried=True)
    assert await dead_letters.delete(one, None, audit=by(Action.LETTER_DELETED, subject="x"))
    assert not await dead_letters.delete(one, None, audit=by(Action.LETTER_DELETED, subject="x"))
    assert await dead_letters.delete_all(retried, audit=by(Action.LETTERS_DELETED)) == 2
    count = {"count": 1}
    assert await rows_of(store) == [
        ("dead_letter.retried", "demo", "x", count),
        ("dead_letters.retried", "demo", None, count),
        ("dead_letters.retried", "other", None, count),
        ("dead_letter.deleted", "demo", "x", count),
        ("dead_letters.deleted", "demo", None, count),
        ("dead_letters.deleted", "other", None, count),
    ]


async def test_a_retry_that_fails_has_no_row(store: Store) -> None:
    one, *_ = await letters(store)
    with pytest.raises(LookupError):
        async with store.dead_letters.take_one(one, None, now=LATER, audit=by(Action.LETTER_RETRIED)):
            raise LookupError
    with pytest.raises(LookupError):
        async with store.dead_letters.take(
            LetterFilter(None), now=LATER, limit=9, audit=by(Action.LETTERS_RETRIED)
        ):
            raise LookupError
    assert await rows_of(store) == []


async def test_a_requested_pull(store: Store) -> None:
    await store.record()
    key, row = verification_id("demo", biz_id()), by(Action.PULL_REQUESTED)
    for refused in (False, True):
        refusal = await store.pull_requests.ask(key, now=LATER, by="ops", audit=row)
        assert (refusal is not None) is refused
    assert await rows_of(store) == [("pull.requested", "demo", biz_id(), {})]


async def test_changes_of_tokens(store: Store) -> None:
    tokens = PgTokens(store.engine)
    for _ in range(2):
        await tokens.add(
            "t", "1", apps=None, scopes=["operate"], expires_at=None, audit=by(Action.TOKEN_CREATED)
        )
    await tokens.put("t", "2", audit=by(Action.TOKEN_CREATED))
    for _ in range(2):
        await tokens.revoke("t", audit=by(Action.TOKEN_REVOKED))
    assert [row[0] for row in await rows_of(store)] == ["token.created"] * 2 + ["token.revoked"]


async def test_policies_that_come_into_force(store: Store) -> None:
    upkeep, policy = PgEventUpkeep(store.engine), default_policy()
    for _ in range(2):
        await upkeep.activate([policy])
    detail = {"version": policy.version, "hash": policy.content_hash}
    assert await rows_of(store) == [("policy.activated", None, policy.name, detail)]
    assert await store.rows("SELECT actor FROM audit") == [("gateway:worker",)]


Change = Callable[[Store], Awaitable[object]]


def add_an_endpoint(store: Store) -> Awaitable[object]:
    return store.endpoints.add(endpoint(9), limit=5, audit=by(Action.ENDPOINT_CREATED))


def change_an_endpoint(store: Store) -> Awaitable[object]:
    later = NOW + timedelta(days=1)
    return store.endpoints.change(
        ENDPOINT.id,
        None,
        lambda found: msgspec.structs.replace(found, updated_at=later),
        audit=by(Action.ENDPOINT_CHANGED),
    )


def disable_an_endpoint(store: Store) -> Awaitable[object]:
    reason = DisabledReason.BY_HAND
    return store.endpoints.disable(
        ENDPOINT.id, None, reason=reason, now=NOW, audit=by(Action.ENDPOINT_DISABLED)
    )


def delete_an_endpoint(store: Store) -> Awaitable[object]:
    return store.endpoints.delete(ENDPOINT.id, None, audit=by(Action.ENDPOINT_DELETED))


async def retry_letters(store: Store) -> None:
    every = LetterFilter(None)
    async with store.dead_letters.take(every, now=LATER, limit=9, audit=by(Action.LETTERS_RETRIED)):
        pass


def delete_letters(store: Store) -> Awaitable[object]:
    return store.dead_letters.delete_all(LetterFilter(None), audit=by(Action.LETTERS_DELETED))


def request_a_pull(store: Store) -> Awaitable[object]:
    key = verification_id("demo", biz_id())
    return store.pull_requests.ask(key, now=LATER, by="ops", audit=by(Action.PULL_REQUESTED))


def add_a_token(store: Store) -> Awaitable[object]:
    return PgTokens(store.engine).put("new", "2", audit=by(Action.TOKEN_CREATED))


def revoke_a_token(store: Store) -> Awaitable[object]:
    return PgTokens(store.engine).revoke("t", audit=by(Action.TOKEN_REVOKED))


def activate_a_policy(store: Store) -> Awaitable[object]:
    return PgEventUpkeep(store.engine).activate([default_policy()])


def redeliver(store: Store) -> Awaitable[object]:
    row = by(Action.DELIVERY_RESTARTED)
    return PgDeliveryDesk(store.engine).redeliver_one(UUID(int=5), ["demo"], now=LATER, audit=row)


TABLES: Sequence[str] = (
    "endpoints",
    "dead_letters",
    "verifications",
    "api_tokens",
    "policies_in_force",
    "deliveries",
    "events",
)


async def contents(store: Store) -> list[Any]:
    return [await store.rows(f"SELECT t::text FROM {table} t ORDER BY 1") for table in TABLES]


@pytest.mark.parametrize(
    "change",
    [
        add_an_endpoint,
        change_an_endpoint,
        disable_an_endpoint,
        delete_an_endpoint,
        retry_letters,
        delete_letters,
        request_a_pull,
        add_a_token,
        revoke_a_token,
        activate_a_policy,
        redeliver,
    ],
)
async def test_without_its_row_nothing_changes(store: Store, change: Change) -> None:
    """The table refuses the row, so the whole transaction ends."""
    await store.record()
    await letters(store)
    await store.endpoints.add(ENDPOINT, limit=1)
    await PgTokens(store.engine).put("t", "1")
    async with store.engine.begin() as connection:
        await connection.execute(text(DELIVERY), {"endpoint": ENDPOINT.id, "at": NOW})
        await connection.execute(text("ALTER TABLE audit ADD CONSTRAINT none CHECK (false) NOT VALID"))
    before = await contents(store)
    try:
        with pytest.raises(IntegrityError, match='constraint "none"'):
            await change(store)
        assert await contents(store) == before
    finally:
        async with store.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE audit DROP CONSTRAINT none"))
    await change(store)
    assert await contents(store) != before
    assert len(await rows_of(store)) >= 1


DELIVERY = """
INSERT INTO deliveries (id, endpoint_id, app_id, seq, event_id, type, state, created_at, ended_at, due_at)
VALUES ('00000000-0000-0000-0000-000000000005', :endpoint, 'demo', 1, gen_random_uuid(),
        'verification.approved', 'failed', :at, :at, NULL)
"""
