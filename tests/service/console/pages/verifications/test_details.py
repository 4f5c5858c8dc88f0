"""The reviews of a verification, who looked at it, and how an operator opens a case."""

from uuid import UUID

import httpx2
import msgspec
import pytest
from sqlalchemy import text

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.model import verification_id
from domain.people.actor import Actor
from domain.people.roles import Role
from domain.policy.decide import decide
from domain.policy.evidence import Evidence
from domain.policy.facts.facts import Velocity
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.rig.site import Site
from tests.support.payloads.callbacks import passing_facts, policy_with
from tests.support.storage.reviews import APPROVAL, LI_NA, WANG, Reviews
from tests.support.storage.stores import biz_id, callback, decision_record, payload

NOTE = "seen at the counter: 张三"


def path(n: int = 1) -> str:
    return f"/verifications/demo/{biz_id(n)}"


async def concluded(site: Site) -> UUID:
    """A verification with a review by two persons, and its case."""
    reviews = Reviews(site.store)
    case_id = await reviews.case()
    await reviews.conclude(case_id, LI_NA, APPROVAL)
    await reviews.desk.claim(case_id, WANG)
    await reviews.desk.approve(case_id, WANG, evidence_hash=await reviews.hash_of(case_id))
    return case_id


async def post(client: httpx2.AsyncClient, **fields: str) -> httpx2.Response:
    token = token_in((await client.get(path())).text)
    return await client.post(f"{path()}/case", data={"form_token": token, **fields})


@pytest.mark.parametrize(
    ("role", "note", "audit"),
    [(Role.REVIEWER, True, False), (Role.OPERATOR, False, False), (Role.AUDITOR, False, True)],
)
async def test_notes_and_the_audit_are_for_those_with_the_right(
    site: Site, role: Role, note: bool, audit: bool
) -> None:
    case_id = await concluded(site)
    looked = AuditRow.by(
        Actor.command("root"), Action.PULL_REQUESTED, app_id="demo", subject=biz_id(), reason="a complaint"
    )
    await site.context.audit.note(looked)
    async with site.client(role) as client:
        shown = (await client.get(path())).text
    assert ("The person matches the document" in shown, "p1" in shown, "p2" in shown) == (True, True, True)
    assert (NOTE in shown, str(case_id) + '"' in shown) == (note, note)
    assert ("which reviewers may read" in shown) is not note
    assert ("a complaint" in shown, "command:root" in shown) == (audit, audit)


async def test_how_often_the_number_was_verified_is_a_rule_and_a_fact(site: Site) -> None:
    policy = policy_with(velocity={"max_attempts_24h": 3, "exceeded": "reject"})
    facts = passing_facts(velocity=Velocity(9, 4))
    evidence = Evidence(facts, facts)
    await site.store.decisions.save_once(
        msgspec.structs.replace(
            decision_record(await site.store.record()),
            policy=policy,
            evidence=evidence,
            decision=decide(evidence, policy=policy),
        )
    )
    async with site.client(Role.VIEWER) as client:
        english = (await client.get(path())).text
        chinese = (await client.get(path(), headers={"accept-language": "zh-CN"})).text
    for text_of, words in ((english, ENGLISH), (chinese, CHINESE)):
        assert [word for word in words if word not in text_of] == []


ENGLISH = (
    "Verifications of the ID number",
    "verified too often in 24 hours",
    "4 &gt; 3",
    "attempts_24h",
    "same_number_30d",
)
CHINESE = ("该身份证号的核验次数", "该身份证号 24 小时内核验次数过多", "同号的其他核验")


async def test_an_operator_opens_a_case_once(site: Site, readers: Readers) -> None:
    await Reviews(site.store).verification()
    reader = await readers.sign_in(Role.OPERATOR)
    await reader.open(path())
    await reader.page.click("details:has(textarea) summary")
    await reader.page.fill("textarea[name=note]", "the photo looks odd")
    await reader.look("verification-case")
    await reader.page.click("details:has(textarea) button")
    await reader.page.wait_for_selector("[role=status]")
    [row] = await site.store.rows("SELECT id, opened_because FROM review_cases WHERE state <> 'closed'")
    view = await site.context.reviews.find(row[0], WANG)
    assert "the photo looks odd" in [event.note for event in view.events]


async def test_what_cannot_be_opened_says_why_and_keeps_the_note(site: Site) -> None:
    await site.store.record(callback(payload()))
    async with site.client(Role.OPERATOR) as client:
        undecided = await post(client, note="odd")
    assert (undecided.status_code, "nothing to review" in undecided.text) == (409, True)
    await Reviews(site.store).verification()
    async with site.client(Role.OPERATOR) as client:
        long = await post(client, note="x" * 2001)
        assert (long.status_code, "x" * 2001 in long.text) == (409, True)
    async with site.client(Role.OPERATOR, "other") as client:
        token = token_in((await client.get("/help")).text)
        foreign = await client.post(f"{path()}/case", data={"form_token": token})
    assert foreign.status_code == 404


async def test_a_note_whose_key_is_gone_is_said_to_be_unreadable(site: Site) -> None:
    await concluded(site)
    async with site.engine.begin() as connection:
        key = "UPDATE verifications SET wrapped_key = NULL WHERE id = :id"
        await connection.execute(text(key), {"id": verification_id("demo", biz_id())})
    async with site.client(Role.REVIEWER) as client:
        shown = (await client.get(path())).text
    assert "The note cannot be read any more." in shown
