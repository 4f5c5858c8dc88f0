"""A request that lasts is checked again by one rule: what it was admitted with must still be there."""

import pytest
from starlette.requests import Request

from domain.limits.quotas import Cost
from service.api.errors import ApiProblem
from tests.support.http.api import RealApi, door_of

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
