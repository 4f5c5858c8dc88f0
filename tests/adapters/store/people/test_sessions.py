"""Sessions live while they are used, and no longer; a link opens one, once."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from devstack.waiting import until
from domain.people.entry import Origin, Way
from domain.people.errors import LinkInvalid, NoSuchPerson, SignInFailed
from domain.people.links import Purpose
from domain.people.person import PersonState
from domain.people.roles import Grant, Role
from domain.people.session import csrf_of
from tests.support.storage.dumps import dump_database, traces
from tests.support.storage.people import HERE, OPS, People

REVIEWER = Grant(Role.REVIEWER, "demo")
HASH = "$argon2id$canary"


async def test_a_session_knows_its_person(people: People) -> None:
    person = await people.person("li.na", REVIEWER)
    cookie = await people.cookie(person, Origin("192.0.2.7", language="zh"))
    session = await people.sessions.check(cookie)
    assert session is not None
    assert (session.person.id, session.person.name, session.language) == (person.id, "li.na", "zh")
    assert session.rights.may("review", "demo")
    assert not session.rights.may("review", "other")
    assert session.csrf == csrf_of(cookie) != cookie
    assert cookie not in repr(session)
    assert session.csrf not in repr(session)
    await people.sessions.set_language(session.id, "en")
    again = await people.sessions.check(cookie)
    assert again is not None
    assert again.language == "en"


@pytest.mark.parametrize("wrong", ["", "x", "é", "\0", "\ud800", "x" * 5000])
async def test_another_cookie_is_none(people: People, wrong: str) -> None:
    await people.cookie(await people.person())
    assert await people.sessions.check(wrong) is None


@pytest.mark.parametrize(
    ("seen", "signed_in", "alive"),
    [("29 minutes", "1 hour", True), ("31 minutes", "1 hour", False),
     ("0 minutes", "11 hours 59 minutes", True), ("0 minutes", "12 hours 1 minute", False)],
)  # fmt: skip
async def test_a_session_ends_idle_or_old(people: People, seen: str, signed_in: str, alive: bool) -> None:
    cookie = await people.cookie(await people.person())
    await people.run(
        f"UPDATE sessions SET seen_at = now() - interval '{seen}', "
        f"signed_in_at = now() - interval '{signed_in}'"
    )
    assert (await people.sessions.check(cookie) is not None) is alive
    assert (await people.sessions.check(cookie) is not None) is alive, "a check does not revive it"


async def test_use_keeps_a_session_alive(people: People) -> None:
    cookie = await people.cookie(await people.person())
    await people.run("UPDATE sessions SET seen_at = now() - interval '20 minutes'")
    assert await people.sessions.check(cookie) is not None
    await people.run("UPDATE sessions SET seen_at = seen_at - interval '20 minutes'")
    assert await people.sessions.check(cookie) is not None


async def test_a_sign_in_gives_a_new_id_and_ends_the_old_one(people: People) -> None:
    person = await people.person()
    first = await people.cookie(person)
    second = await people.cookie(person, Origin("192.0.2.7", cookie=first))
    assert first != second
    assert await people.sessions.check(first) is None
    assert await people.sessions.check(second) is not None


async def test_a_removed_role_ends_in_open_sessions(people: People) -> None:
    person = await people.person("li.na", REVIEWER)
    cookie = await people.cookie(person)
    await people.persons.revoke(person.id, [REVIEWER], actor=OPS)
    session = await people.sessions.check(cookie)
    assert session is not None
    assert not session.rights.has("review")


async def test_sessions_end_one_by_one_or_all_but_one(people: People) -> None:
    person, other = await people.person(), await people.person("other")
    cookies = [await people.cookie(person) for _ in range(4)]
    foreign = await people.cookie(other)
    first, kept = await people.sessions.check(cookies[0]), await people.sessions.check(cookies[3])
    assert first is not None
    assert kept is not None
    await people.sessions.close(first, address="192.0.2.7")
    assert await people.sessions.close_all(person.id, actor=OPS, but=kept.id) == 2
    alive = [await people.sessions.check(cookie) is not None for cookie in [*cookies, foreign]]
    assert alive == [False, False, False, True, True]
    assert [row["detail"] for row in await people.audited("sessions.ended")] == [{"count": 2}]
    assert [row["actor"] for row in await people.audited("person.signed_out")] == ["person:li.na"]


async def test_the_audit_says_who_signed_in_from_where(people: People) -> None:
    person = await people.person()
    await people.cookie(person)
    (row,) = await people.audited("person.signed_in")
    assert (row["actor"], row["address"], row["person_id"]) == ("person:li.na", "192.0.2.7", person.id)
    assert row["detail"] == {"by": "password"}


async def test_a_link_signs_in_once(people: People) -> None:
    person = await people.person()
    link = await people.link(person)
    found = await people.links.find(link)
    assert found is not None
    assert (found.person, found.purpose) == (person.ref, Purpose.SIGN_IN)
    assert await people.links.find(link) is not None, "a look does not use it"
    cookie = await people.sessions.open_by_link(link, password_hash=None, origin=HERE)
    assert await people.sessions.check(cookie) is not None
    assert await people.links.find(link) is None
    with pytest.raises(LinkInvalid):
        await people.sessions.open_by_link(link, password_hash=None, origin=HERE)


@pytest.mark.parametrize("purpose", Purpose)
async def test_of_many_uses_at_once_one_succeeds(people: People, purpose: Purpose) -> None:
    link = await people.link(await people.person(), purpose)
    password_hash = HASH if purpose is Purpose.INVITE else None
    uses = (people.sessions.open_by_link(link, password_hash=password_hash, origin=HERE) for _ in range(16))
    ends = await asyncio.gather(*uses, return_exceptions=True)
    assert sum(isinstance(end, str) for end in ends) == 1
    assert sum(isinstance(end, LinkInvalid) for end in ends) == 15


async def test_an_invitation_sets_the_password_and_ends_other_sessions(people: People) -> None:
    person = await people.person()
    before = await people.cookie(person)
    link = await people.link(person, Purpose.INVITE)
    with pytest.raises(LinkInvalid):
        await people.sessions.open_by_link(link, password_hash=None, origin=HERE)
    cookie = await people.sessions.open_by_link(link, password_hash=HASH, origin=HERE)
    assert await people.sessions.check(cookie) is not None
    assert await people.sessions.check(before) is None
    found = await people.proofs.find("li.na")
    assert found is not None
    assert found.password_hash == HASH
    assert HASH not in repr(found)


async def test_a_link_that_only_signs_in_sets_no_password(people: People) -> None:
    link = await people.link(await people.person())
    with pytest.raises(LinkInvalid):
        await people.sessions.open_by_link(link, password_hash=HASH, origin=HERE)


async def test_a_new_link_ends_the_earlier_one(people: People) -> None:
    person = await people.person()
    first, second = await people.link(person), await people.link(person)
    assert await people.links.find(first) is None
    assert await people.links.find(second) is not None


async def test_a_link_that_has_ended_is_none(people: People) -> None:
    link = await people.link(await people.person(), seconds=-1)
    assert await people.links.find(link) is None
    with pytest.raises(LinkInvalid):
        await people.sessions.open_by_link(link, password_hash=None, origin=HERE)


async def test_nobody_gets_no_link_and_no_session(people: People) -> None:
    person = await people.person()
    await people.persons.set_state(person.id, PersonState.DISABLED, actor=OPS)
    with pytest.raises(NoSuchPerson):
        await people.link(person)
    for person_id in (person.id, uuid4()):
        with pytest.raises(SignInFailed):
            await people.sessions.open(person_id, Way.PASSWORD, origin=HERE)


async def test_no_session_outlives_a_disable_beside_many_sign_ins(people: People) -> None:
    person = await people.person()
    signing_in = [people.sessions.open(person.id, Way.PASSWORD, origin=HERE) for _ in range(200)]
    disabling = people.persons.set_state(person.id, PersonState.DISABLED, actor=OPS)
    half = len(signing_in) // 2
    ends = await asyncio.gather(*signing_in[:half], disabling, *signing_in[half:], return_exceptions=True)
    cookies = [end for end in ends if isinstance(end, str)]
    refused = [end for end in ends if isinstance(end, SignInFailed)]
    assert len(cookies) + len(refused) == 200
    assert [await people.sessions.check(cookie) for cookie in cookies] == [None] * len(cookies)


async def test_no_secret_is_stored_in_plain_text(people: People, engine: AsyncEngine) -> None:
    person = await people.person()
    cookie, link, token = await people.cookie(person), await people.link(person), await people.token(person)
    await people.proofs.set_code(person.id, "JBSWY3DPEHPK3PXP", actor=OPS)
    dumped = await dump_database(engine)
    assert traces(dumped, cookie, link, token, csrf_of(cookie), "JBSWY3DPEHPK3PXP") == []


async def test_no_session_is_opened_while_a_person_is_disabled(people: People, engine: AsyncEngine) -> None:
    person = await people.person()
    async with engine.begin() as disabling:
        await disabling.execute(text("UPDATE persons SET state = 'disabled'"))
        opening = asyncio.create_task(people.sessions.open(person.id, Way.PASSWORD, origin=HERE))
        await until(lambda: people.has_to_wait(opening))
        await disabling.execute(text("DELETE FROM sessions"))
    with pytest.raises(SignInFailed):
        await opening


async def test_a_sign_in_that_was_checked_before_the_password_changed_opens_nothing(people: People) -> None:
    person = await people.person()
    await people.proofs.set_password(person.id, HASH, actor=OPS)
    checked = await people.proofs.find(person.name)
    assert checked is not None
    opened = await people.sessions.open(person.id, Way.PASSWORD, origin=HERE, proof=checked)
    await people.proofs.set_password(person.id, f"{HASH}2", actor=OPS)
    assert await people.sessions.close_all(person.id, actor=OPS) == 1
    with pytest.raises(SignInFailed):
        await people.sessions.open(person.id, Way.PASSWORD, origin=HERE, proof=checked)
    assert await people.sessions.check(opened) is None


async def test_a_sign_in_that_was_checked_before_the_second_factor_was_set_opens_nothing(
    people: People,
) -> None:
    person = await people.person()
    await people.proofs.set_password(person.id, HASH, actor=OPS)
    checked = await people.proofs.find(person.name)
    await people.proofs.set_code(person.id, "JBSWY3DPEHPK3PXP", actor=OPS)
    with pytest.raises(SignInFailed):
        await people.sessions.open(person.id, Way.PASSWORD, origin=HERE, proof=checked)
    with_code = await people.proofs.find(person.name)
    assert await people.sessions.open(person.id, Way.PASSWORD, origin=HERE, proof=with_code)
