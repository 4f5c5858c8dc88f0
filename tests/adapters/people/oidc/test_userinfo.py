"""Claims that the ID token lacks: asked for at `userinfo`, and only those about the same person."""

from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from adapters.people.oidc.provider import OidcProvider
from tests.adapters.people.oidc.conftest import refusal, signed_in
from tests.support.http.provider import Provider


@pytest.mark.parametrize(
    ("claims", "told", "known"),
    [
        ({"groups": None}, {"groups": ["admins"]}, ("li.na", ("admins",))),
        ({"groups": None}, {}, ("li.na", ())),
        ({"groups": []}, {"groups": ["admins"]}, ("li.na", ())),
        ({}, {"groups": ["admins"], "preferred_username": "root"}, ("li.na", ("staff",))),
        ({"preferred_username": None}, {"preferred_username": "wang.wei"}, ("wang.wei", ("staff",))),
    ],
)
async def test_what_the_id_token_lacks_comes_from_userinfo(
    ours: OidcProvider,
    provider: Provider,
    claims: dict[str, Any],
    told: dict[str, Any],
    known: tuple[str, tuple[str, ...]],
) -> None:
    provider.claims, provider.userinfo = claims, {"sub": "subject-1", **told}
    identity = await signed_in(ours, provider)
    assert (identity.name, identity.groups) == known
    assert ("/userinfo" in provider.asked) == (None in claims.values()), "asked only if something is missing"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"sub": "subject-2", "groups": ["staff"]}, "userinfo"),
        ({"groups": ["staff"]}, "userinfo"),
        ({"sub": "subject-1", "groups": ["staff", 7]}, "groups"),
        ({"sub": "subject-1", "groups": {"staff": True}}, "groups"),
    ],
)
async def test_userinfo_about_someone_else_or_with_odd_groups_proves_nothing(
    ours: OidcProvider, provider: Provider, told: dict[str, Any], code: str
) -> None:
    provider.claims, provider.userinfo = {"groups": None}, told
    assert await refusal(ours, provider) == code


async def test_a_userinfo_that_refuses_the_token_proves_nothing(
    ours: OidcProvider, provider: Provider
) -> None:
    provider.claims, provider.userinfo = {"groups": None}, {}
    provider.answers["/userinfo"] = PlainTextResponse("canary", 403)
    assert await refusal(ours, provider) == "userinfo"
