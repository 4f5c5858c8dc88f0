"""A personal token has its person's rights of the moment, and ends with the person."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.store.people.api_tokens import PgTokens
from domain.people.errors import NoSuchPerson
from domain.people.person import PersonState
from domain.people.roles import Grant, Rights, Role
from domain.people.tokens import PREFIX
from domain.views.tokens import ApiToken
from tests.support.storage.people import OPS, People

SENIOR, OPERATOR = Grant(Role.SENIOR, "demo"), Grant(Role.OPERATOR, "other")


async def bearer(people: People, token: str) -> ApiToken:
    found = await people.bearers.check(token)
    assert found is not None
    return found


async def test_a_token_has_the_rights_of_the_person(people: People) -> None:
    person = await people.person("li.na", SENIOR, OPERATOR)
    token = await people.token(person)
    found = await bearer(people, token)
    assert token.startswith(PREFIX)
    assert (found.name, found.person, found.apps) == ("person:li.na", person.ref, None)
    assert found.rights == person.rights
    assert found.apps_for(["approve"]) == frozenset({"demo"})
    assert found.apps_for(["verifications:read"]) == frozenset({"demo", "other"})
    assert found.apps_for(["approve", "operate"]) == frozenset()


async def test_a_role_that_is_given_or_taken_counts_at_once(people: People) -> None:
    person = await people.person("li.na", SENIOR)
    token = await people.token(person)
    await people.persons.revoke(person.id, [SENIOR], actor=OPS)
    assert (await bearer(people, token)).rights == Rights()
    await people.persons.grant(person.id, [OPERATOR], actor=OPS)
    assert (await bearer(people, token)).apps_for(["operate"]) == frozenset({"other"})


async def test_a_limit_keeps_to_what_the_person_has(people: People) -> None:
    person = await people.person("li.na", SENIOR)
    token = await people.token(person, scopes=["review", "people"])
    found = await bearer(people, token)
    assert found.scopes == ["review"]
    assert found.apps_for(["approve"]) == frozenset()


@pytest.mark.parametrize("wrong", [PREFIX, "fgp_x", "x", "", "fgp_\0", "fgp_\ud800"])
async def test_another_token_is_unknown(people: People, wrong: str) -> None:
    await people.token(await people.person())
    assert await people.bearers.check(wrong) is None


async def test_an_expired_token_is_unknown(people: People) -> None:
    person = await people.person()
    past = datetime.now(UTC) - timedelta(seconds=1)
    assert await people.bearers.check(await people.token(person, expires_at=past)) is None


async def test_a_token_of_the_same_name_replaces_the_old_one(people: People) -> None:
    person, other = await people.person(), await people.person("other")
    old, theirs = await people.token(person), await people.token(other)
    new = await people.token(person)
    assert await people.bearers.check(old) is None
    assert await people.bearers.check(new) is not None
    assert await people.bearers.check(theirs) is not None


async def test_tokens_are_listed_without_secrets_and_revoked(people: People) -> None:
    person = await people.person()
    token = await people.token(person, scopes=["review"])
    (listed,) = await people.tokens.page(person.id, limit=10)
    assert (listed.name, listed.person, listed.scopes) == ("laptop", person.ref, ("review",))
    assert await people.tokens.revoke(listed.id, actor=OPS)
    assert not await people.tokens.revoke(listed.id, actor=OPS)
    assert await people.bearers.check(token) is None
    assert [row["detail"] for row in await people.audited("personal_token.revoked")] == [{"token": "laptop"}]


async def test_a_disabled_person_gets_none(people: People) -> None:
    person = await people.person()
    await people.persons.set_state(person.id, PersonState.DISABLED, actor=OPS)
    with pytest.raises(NoSuchPerson):
        await people.token(person)


async def test_programs_keep_their_tokens(people: People) -> None:
    await PgTokens(people.engine).put("orders", "t1", apps=["demo"], scopes=["operate"])
    assert await people.bearers.check("t1") == ApiToken("orders", ["demo"], ["operate"], None)
