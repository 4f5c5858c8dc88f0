"""A request that lasts is checked again by one rule: what it was admitted with must still be there."""

import pytest
from starlette.requests import Request

from adapters.sealing.envelope import KeyRing
from adapters.store.people.personal_tokens import PgBearers
from domain.limits.quotas import Cost
from domain.people.person import PersonState
from domain.people.roles import Grant, Role
from service.api.errors import ApiProblem
from tests.support.http.api import RealApi, door_of
from tests.support.storage.people import OPS, People

READ = frozenset({"verifications:read"})
BEFORE = (["demo"], ["verifications:read", "operate"])


@pytest.mark.parametrize(
    ("after", "refused"),
    [
        (BEFORE, None),
        ((["demo", "other"], ["verifications:read"]), None),
        ((None, ["verifications:read"]), None),
        ((["other"], ["verifications:read"]), "missing_scope"),
        ((["demo"], ["operate"]), "missing_scope"),
        (None, "unauthenticated"),
    ],
)
async def test_nothing_that_it_was_admitted_with_may_be_lost(
    api_context: RealApi, after: tuple[list[str] | None, list[str]] | None, refused: str | None
) -> None:
    tokens, door = api_context.tokens, door_of(api_context.tokens)
    await tokens.put("mine", "mine-token", apps=BEFORE[0], scopes=BEFORE[1])
    request = Request({"type": "http", "headers": [(b"authorization", b"Bearer mine-token")], "state": {}})
    async with door.enter(request, scopes=READ, cost=Cost.LOOKUP, has_body=False) as entry:
        if after is None:
            await tokens.revoke("mine")
        else:
            await tokens.put("mine", "mine-token", apps=after[0], scopes=after[1])
        code = None
        try:
            await door.check_again(request, entry)
        except ApiProblem as problem:
            code = problem.code
    assert code == refused


@pytest.mark.parametrize("change", ["disabled", "without the role"])
async def test_a_person_who_is_shut_out_loses_what_lasts(
    api_context: RealApi, keys: KeyRing, change: str
) -> None:
    people = People(api_context.engine, keys)
    person = await people.person("li.na", Grant(Role.VIEWER, "demo"))
    token = await people.token(person)
    door = door_of(PgBearers(api_context.engine))
    shown = [(b"authorization", f"Bearer {token}".encode())]
    request = Request({"type": "http", "headers": shown, "state": {}})
    async with door.enter(request, scopes=READ, cost=Cost.LOOKUP, has_body=False) as entry:
        await door.check_again(request, entry)
        if change == "disabled":
            await people.persons.set_state(person.id, PersonState.DISABLED, actor=OPS)
        else:
            await people.persons.revoke(person.id, person.grants, actor=OPS)
        with pytest.raises(ApiProblem) as refused:
            await door.check_again(request, entry)
    assert refused.value.code == ("unauthenticated" if change == "disabled" else "missing_scope")
