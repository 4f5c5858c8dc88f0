"""Persons of an identity provider: known by issuer and subject, with the roles of their groups."""

import asyncio

import pytest

from domain.people.errors import IdentityTaken, NameTaken, ProviderRefused, SignInFailed
from domain.people.person import Person, PersonState
from domain.people.provider import ProvenIdentity
from domain.people.roles import Grant, Role
from tests.support.storage.people import OPS, People

LI_NA = ProvenIdentity("https://login.example", "subject-1", "li.na", ("staff",))
REVIEWER, OPERATOR = Grant(Role.REVIEWER, "demo"), Grant(Role.OPERATOR)


async def met(
    people: People, *grants: Grant, identity: ProvenIdentity = LI_NA, name: str = "li.na"
) -> Person:
    return await people.proven.meet(identity, name, grants, address="192.0.2.7")


async def test_the_first_sign_in_stores_the_person(people: People) -> None:
    person = await met(people, REVIEWER)
    assert (person.name, person.grants, person.signs_in_by) == ("li.na", (REVIEWER,), ("oidc",))
    assert await met(people, REVIEWER) == person, "and the second finds it"
    assert len(await people.audited("person.added")) == 1
    assert len(await people.audited("role.granted")) == 1


async def test_at_once_it_is_stored_once(people: People) -> None:
    persons = await asyncio.gather(*(met(people, REVIEWER) for _ in range(8)))
    assert len({person.id for person in persons}) == 1


async def test_without_a_role_nobody_new_is_stored(people: People) -> None:
    with pytest.raises(ProviderRefused, match="no_role"):
        await met(people)
    assert await people.persons.page(limit=9) == []


async def test_roles_follow_the_groups_and_leave_those_of_admins(people: People) -> None:
    person = await met(people, REVIEWER, OPERATOR)
    own = Grant(Role.AUDITOR)
    await people.persons.grant(person.id, [own], actor=OPS)
    assert (await met(people, OPERATOR)).grants == (own, OPERATOR)
    assert (await met(people)).grants == (own,)
    assert [row["detail"]["role"] for row in await people.audited("role.revoked")] == ["reviewer", "operator"]


async def test_roles_of_groups_lapse(people: People) -> None:
    person = await met(people, REVIEWER)
    await people.run("UPDATE person_roles SET until = until - interval '7 days'")
    found = await people.persons.get(person.id)
    assert found is not None
    assert found.grants == ()
    assert (await met(people, REVIEWER)).grants == (REVIEWER,), "until the next sign-in"


async def test_a_name_is_no_identity(people: People) -> None:
    await people.person("li.na", Grant(Role.ADMIN))
    with pytest.raises(NameTaken):
        await met(people, REVIEWER)
    first = await met(people, REVIEWER, name="wang.wei")
    for other in (
        ProvenIdentity(LI_NA.issuer, "subject-2", "x", ()),
        ProvenIdentity("https://evil.example", LI_NA.subject, "x", ()),
    ):
        with pytest.raises(NameTaken):
            await met(people, REVIEWER, identity=other, name="wang.wei")
    renamed = await met(people, REVIEWER, name="renamed")
    assert (renamed.id, renamed.name) == (first.id, "wang.wei"), "the name of the first sign-in stays"


async def test_a_disabled_person_stays_out(people: People) -> None:
    person = await met(people, REVIEWER)
    await people.persons.set_state(person.id, PersonState.DISABLED, actor=OPS)
    with pytest.raises(SignInFailed):
        await met(people, REVIEWER, OPERATOR)
    found = await people.persons.get(person.id)
    assert found is not None
    assert found.grants == (REVIEWER,), "a refused sign-in gives no role"


async def test_a_person_added_by_hand_is_linked_once(people: People) -> None:
    own = Grant(Role.AUDITOR)
    person = await people.person("li.na", own)
    with pytest.raises(NameTaken):
        await met(people, REVIEWER)
    linked = await people.persons.link(person.id, LI_NA.issuer, LI_NA.subject, actor=OPS)
    assert linked.signs_in_by == ("oidc",)
    assert (await met(people, REVIEWER)).id == person.id
    other = await people.person("wang.wei", own)
    with pytest.raises(IdentityTaken):
        await people.persons.link(other.id, LI_NA.issuer, LI_NA.subject, actor=OPS)
    [row] = await people.audited("person.linked")
    assert (row["subject"], row["actor"]) == ("li.na", "command:ops")
