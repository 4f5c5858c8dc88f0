"""No webhook reaches a refused address: not at first, not again, not as a test, not in a recovery."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from adapters.outbound.webhooks.sender import WebhookSender
from adapters.outbound.webhooks.signing_keys import open_key
from adapters.store.audit.log import PgAuditLog
from domain.events.event import EventType
from domain.people.actor import Actor, ActorKind
from domain.views.deliveries import Recovery
from tests.adapters.outbound.webhooks.test_guard import SPELLINGS, Names
from tests.support.servers.vendor import VendorServer, answers, serving
from tests.support.storage.stores import NOW
from tests.support.webhooks.hooks import Hooks
from usecases.events.webhooks.try_endpoint import EndpointTrials

ACTOR = Actor(ActorKind.COMMAND, "root")
HOSTS = [*SPELLINGS, "evil.example", "turned.example"]
REFUSALS = {"refused_address", "dns"}
FAILED = text("UPDATE deliveries SET state = 'failed', due_at = NULL, ended_at = created_at")

Errors = Callable[[Hooks, WebhookSender], Awaitable[list[str | None]]]


@pytest.fixture
async def receiver() -> AsyncIterator[VendorServer]:
    async with serving(answers(200)) as server:
        yield server


async def delivered(hooks: Hooks, sender: WebhookSender) -> list[str | None]:
    """The error of each delivery's attempt, of those that are due now."""
    await hooks.run(hooks.sender(post=sender))
    made = await hooks.rows("SELECT error FROM attempts WHERE at = :now", now=hooks.clock())
    return [error for (error,) in made]


async def sent_again(hooks: Hooks, sender: WebhookSender) -> list[str | None]:
    hooks.clock.go_on(timedelta(seconds=6))
    return await delivered(hooks, sender)


async def tried(hooks: Hooks, sender: WebhookSender) -> list[str | None]:
    trials = EndpointTrials(
        hooks.endpoints, sender, PgAuditLog(hooks.engine), open_key=open_key, clock=hooks.clock
    )
    ids = [UUID(int=n) for n in range(len(HOSTS))]
    return [(await trials.send(each, None, actor=ACTOR)).error for each in ids]


async def recovered(hooks: Hooks, sender: WebhookSender) -> list[str | None]:
    hooks.clock.go_on(timedelta(minutes=1))
    async with hooks.engine.begin() as connection:
        await connection.execute(FAILED)
    for n in range(len(HOSTS)):
        what = Recovery(UUID(int=n), NOW, None, hooks.clock(), rate=1)
        assert (await hooks.desk.recover(what, list(EventType), after=0, limit=9)).count == 1
    hooks.clock.go_on(timedelta(seconds=1))
    return await delivered(hooks, sender)


async def test_no_way_leads_to_a_refused_address(hooks: Hooks, receiver: VendorServer) -> None:
    names = Names(evil_example=["127.0.0.1"], turned_example=["240.0.0.1", "127.0.0.1"])
    for n, host in enumerate(HOSTS):
        await hooks.endpoint(n, url=f"http://{host}:{receiver.port}/hook")
    await hooks.event()
    ways: tuple[Errors, ...] = (delivered, sent_again, tried, recovered)
    for way in ways:
        # A new one, which has no answer of DNS from before.
        async with WebhookSender(resolver=names) as sender:
            errors = await way(hooks, sender)
        assert len(errors) == len(HOSTS), way
        assert set(errors) <= REFUSALS, way
    assert receiver.connections == 0
