"""The reviews of a verification, who looked at it, and how an operator opens a case."""

from uuid import UUID

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
from tests.service.console.rig.site import Site
from tests.support.payloads.callbacks import passing_facts, policy_with
from tests.support.storage.reviews import APPROVAL, LI_NA, WANG, Reviews
from tests.support.storage.stores import biz_id, decision_record

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


async def test_a_note_whose_key_is_gone_is_said_to_be_unreadable(site: Site) -> None:
    await concluded(site)
    async with site.engine.begin() as connection:
        key = "UPDATE verifications SET wrapped_key = NULL WHERE id = :id"
        await connection.execute(text(key), {"id": verification_id("demo", biz_id())})
    async with site.client(Role.REVIEWER) as client:
        shown = (await client.get(path())).text
    assert "The note cannot be read any more." in shown
