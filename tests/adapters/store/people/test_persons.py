"""Persons get and lose roles; a disabled one has nothing left; the last admin stays."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.people.changes import one_by_one
from devstack.waiting import until
from domain.people.errors import LastAdmin, NameTaken, NoSuchPerson
from domain.people.person import Person, PersonState
from domain.people.roles import Grant, Role
from tests.support.storage.people import OPS, People

ADMIN, REVIEWER = Grant(Role.ADMIN), Grant(Role.REVIEWER, "demo")


async def disable(people: People, person: Person) -> Person:
    return await people.persons.set_state(person.id, PersonState.DISABLED, actor=OPS)


async def test_a_new_person_has_its_roles(people: People) -> None:
    person = await people.person("li.na", REVIEWER, Grant(Role.VIEWER))
    assert person.grants == (REVIEWER, Grant(Role.VIEWER))
    assert person == await people.persons.find("li.na") == await people.persons.get(person.id)
    assert await people.persons.find("wang.wei") is None
    assert await people.persons.get(uuid4()) is None


async def test_a_name_is_taken_once(people: People) -> None:
    ends = await asyncio.gather(*(people.person("li.na") for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(end, Person) for end in ends) == 1
    assert sum(isinstance(end, NameTaken) for end in ends) == 7


async def test_persons_are_listed_by_name(people: People) -> None:
    for name in ("c", "a", "b"):
        await people.person(name)
    assert [each.name for each in await people.persons.page(limit=2)] == ["a", "b"]
    assert [each.name for each in await people.persons.page(limit=2, after="b")] == ["c"]


async def test_roles_are_given_and_taken(people: People) -> None:
    person = await people.person()
    both = [REVIEWER, Grant(Role.REVIEWER, "other")]
    assert (await people.persons.grant(person.id, both, actor=OPS)).grants == tuple(both)
    assert (await people.persons.grant(person.id, [REVIEWER], actor=OPS)).grants == tuple(both)
    assert (await people.persons.revoke(person.id, [REVIEWER], actor=OPS)).grants == (both[1],)
    assert (await people.persons.revoke(person.id, [REVIEWER], actor=OPS)).grants == (both[1],)
    rows = await people.audited("role.granted")
    assert [(row["subject"], row["app_id"], row["detail"]) for row in rows] == [
        ("li.na", "demo", {"role": "reviewer"}),
        ("li.na", "other", {"role": "reviewer"}),
    ]
    assert len(await people.audited("role.revoked")) == 1, "what changes nothing is not noted"


async def test_nobody_is_not_changed(people: People) -> None:
    for change in (
        people.persons.grant(uuid4(), [REVIEWER], actor=OPS),
        people.persons.revoke(uuid4(), [REVIEWER], actor=OPS),
        people.persons.set_state(uuid4(), PersonState.DISABLED, actor=OPS),
    ):
        with pytest.raises(NoSuchPerson):
            await change


async def test_a_disabled_person_has_nothing_left(people: People) -> None:
    person = await people.person("li.na", REVIEWER)
    cookie, link, token = await people.cookie(person), await people.link(person), await people.token(person)
    assert (await disable(people, person)).state is PersonState.DISABLED
    assert await people.sessions.check(cookie) is None
    assert await people.links.find(link) is None
    assert await people.bearers.check(token) is None
    assert await people.proofs.find("li.na") is None
    again = await people.persons.set_state(person.id, PersonState.ACTIVE, actor=OPS)
    assert again.grants == (REVIEWER,), "an enabled person has the roles of before"
    assert await people.sessions.check(cookie) is None, "and none of the sessions"
    assert await people.links.find(link) is None
    assert await people.bearers.check(token) is None


async def test_disabling_twice_is_noted_once(people: People) -> None:
    person = await people.person()
    await disable(people, person)
    await disable(people, person)
    assert len(await people.audited("person.disabled")) == 1


async def test_the_last_admin_stays(people: People) -> None:
    last = await people.person("last", ADMIN)
    await people.person("local", Grant(Role.ADMIN, "demo"))
    with pytest.raises(LastAdmin):
        await people.persons.revoke(last.id, [ADMIN], actor=OPS)
    with pytest.raises(LastAdmin):
        await disable(people, last)
    found = await people.persons.find("last")
    assert found is not None
    assert (found.state, found.grants) == (PersonState.ACTIVE, (ADMIN,))
    assert await people.audited("person.disabled") == []


async def test_two_admins_who_remove_each_other_leave_one(people: People) -> None:
    one, other = await people.person("one", ADMIN), await people.person("other", ADMIN)
    ends = await asyncio.gather(
        people.persons.revoke(one.id, [ADMIN], actor=OPS), disable(people, other), return_exceptions=True
    )
    assert sum(isinstance(end, LastAdmin) for end in ends) == 1


async def test_whoever_is_no_admin_may_be_disabled_though_there_is_no_admin(people: People) -> None:
    person = await people.person("li.na", REVIEWER)
    assert (await disable(people, person)).state is PersonState.DISABLED


async def test_a_role_of_a_newer_version_grants_nothing(people: People) -> None:
    person = await people.person("li.na", REVIEWER)
    await people.run("UPDATE person_roles SET role = 'emperor'")
    found = await people.persons.get(person.id)
    assert found is not None
    assert found.grants == ()


async def test_a_role_that_has_ended_grants_nothing(people: People) -> None:
    person = await people.person("li.na", REVIEWER)
    cookie = await people.cookie(person)
    await people.run("UPDATE person_roles SET until = now() - interval '1 second'")
    session = await people.sessions.check(cookie)
    assert session is not None
    assert not session.rights.has("review")


async def test_an_admin_who_leaves_waits_for_the_other_to_have_left(
    people: People, engine: AsyncEngine
) -> None:
    one, other = await people.person("one", ADMIN), await people.person("other", ADMIN)
    async with engine.begin() as leaving:
        await one_by_one(leaving)
        await leaving.execute(text("DELETE FROM person_roles WHERE person_id = :id"), {"id": one.id})
        second = asyncio.create_task(people.persons.revoke(other.id, [ADMIN], actor=OPS))
        await until(lambda: people.has_to_wait(second))
    with pytest.raises(LastAdmin):
        await second
