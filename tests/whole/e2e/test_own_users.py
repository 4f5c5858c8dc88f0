"""The whole path under users of their own (deploy/roles.sql, deploy/valkey/users.acl): nothing that the
processes need is refused.

All tests here run under these users; this one also reviews, and reads what the servers refused.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from adapters.postgres.engine import create_engine
from adapters.store.people.personal_tokens import PgPersonalTokens
from adapters.store.people.persons import PgPersons
from devstack.receiver import WebhookReceiver
from devstack.stack import Stack
from domain.people.actor import Actor
from domain.people.roles import Grant, Role
from tests.whole.e2e.gateway import PATIENCE, Gateway, finished_callback
from usecases.people.personal_tokens import PersonalTokenDesk

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


async def reviewers_token(database_url: str) -> str:
    engine, actor = create_engine(database_url), Actor.command("test")
    try:
        person = await PgPersons(engine).add("reviewer", [Grant(Role.REVIEWER)], actor=actor)
        desk = PersonalTokenDesk(PgPersonalTokens(engine), clock=lambda: datetime.now(UTC))
        return await desk.create(person.id, "test", actor=actor)
    finally:
        await engine.dispose()


async def refusals(gateway: Gateway, stack: Stack) -> list[str]:
    """What Valkey and PostgreSQL refused the processes."""
    logged = [str(entry) for entry in await gateway.redis.execute_command("ACL", "LOG")]
    log = (stack.data_dir / "logs/postgres.log").read_text()
    return logged + [line for line in log.splitlines() if "permission denied" in line]


@pytest_asyncio.fixture(loop_scope="session")
async def nothing_is_refused(gateway: Gateway, stack: Stack) -> AsyncIterator[None]:
    yield
    assert await refusals(gateway, stack) == []


@pytest.mark.usefixtures("nothing_is_refused")
async def test_callback_decision_review_and_webhook(gateway: Gateway, stack: Stack) -> None:
    async with WebhookReceiver() as receiver:
        endpoint = {"app_id": "demo", "url": receiver.url, "types": ["verification.*"], "format": "thin"}
        made = (await gateway.api.post("/v1/endpoints", json=endpoint)).raise_for_status().json()
        receiver.secret = made["secret"]
        biz_id = (await gateway.order())["biz_id"]
        assert (await gateway.post(gateway.form(finished_callback(biz_id)))).status_code == 200
        assert (await gateway.decided(biz_id))["outcome"] == "review"
        person = {"authorization": f"Bearer {await reviewers_token(stack.database_url)}"}
        case_id = (await gateway.lookup(biz_id)).json()["review"]["case_id"]
        case = f"/v1/reviews/{case_id}"
        (await gateway.api.post(f"{case}/claim", headers=person)).raise_for_status()
        view = (await gateway.api.get(case, headers=person)).raise_for_status().json()
        body = {
            "outcome": "rejected",
            "reasons": ["order.differs"],
            "note": "x",
            "evidence_hash": view["evidence_hash"],
        }
        (await gateway.api.post(f"{case}/propose", headers=person, json=body)).raise_for_status()
        looked_up = (await gateway.lookup(biz_id)).json()
        assert (looked_up["outcome"], looked_up["effective_outcome"]) == ("review", "rejected")
        look = {"fields": ["name"], "reason": "a complaint of the user"}
        shown = await gateway.api.post(f"/v1/verifications/{biz_id}/identity", headers=person, json=look)
        assert shown.status_code == 200
        assert await receiver.arrival(biz_id, patience=PATIENCE) is not None
        (await gateway.api.delete(f"/v1/endpoints/{made['id']}")).raise_for_status()
