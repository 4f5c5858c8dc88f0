"""Tokens are stored as hashes, valid until they expire or are revoked, and limited to their scopes."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.random_secrets import new_secret
from adapters.store.people.api_tokens import PgTokens
from domain.views.tokens import SCOPES, ApiToken
from tests.support.storage.dumps import dump_database, traces

HOUR = timedelta(hours=1)


@pytest.fixture
def tokens(engine: AsyncEngine) -> PgTokens:
    return PgTokens(engine)


def test_tokens_are_long_and_all_different() -> None:
    tokens = {new_secret() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 43 for token in tokens), "256 bits in base64"


async def test_a_token_has_exactly_its_scopes(tokens: PgTokens) -> None:
    expires_at = datetime.now(UTC) + HOUR
    await tokens.put("ops", "t1", apps=["demo"], scopes=["operate"], expires_at=expires_at)
    assert await tokens.check("t1") == ApiToken("ops", ["demo"], ["operate"], expires_at)


async def test_by_default_a_token_may_everything_for_ever(tokens: PgTokens) -> None:
    await tokens.put("ops", "t1")
    assert await tokens.check("t1") == ApiToken("ops", None, list(SCOPES), None)


async def test_a_token_with_an_existing_name_is_not_added(tokens: PgTokens) -> None:
    assert await tokens.add("ops", "t1", apps=["demo"], scopes=["operate"], expires_at=None)
    assert not await tokens.add("ops", "t2", apps=None, scopes=SCOPES, expires_at=None)
    assert await tokens.check("t1") == ApiToken("ops", ["demo"], ["operate"], None)
    assert await tokens.check("t2") is None


async def test_a_token_for_no_app_is_not_one_for_every_app(tokens: PgTokens) -> None:
    await tokens.put("none", "t1", apps=[])
    found = await tokens.check("t1")
    assert found is not None
    assert found.apps == []


@pytest.mark.parametrize("wrong", ["", "t", "t1 ", "T1", "t11", "é", "\0", "ops"])
async def test_another_token_is_unknown(tokens: PgTokens, wrong: str) -> None:
    await tokens.put("ops", "t1")
    assert await tokens.check(wrong) is None


async def test_an_expired_token_is_unknown(tokens: PgTokens) -> None:
    now = datetime.now(UTC)
    await tokens.put("old", "t1", expires_at=now - timedelta(seconds=1))
    await tokens.put("new", "t2", expires_at=now + HOUR)
    assert await tokens.check("t1") is None
    assert await tokens.check("t2") is not None


async def test_a_token_of_the_same_name_replaces_the_old_one_whole(tokens: PgTokens) -> None:
    await tokens.put("ops", "t1", apps=["demo"], scopes=["operate"])
    await tokens.put("ops", "t2")
    assert await tokens.check("t1") is None
    assert await tokens.check("t2") == ApiToken("ops", None, list(SCOPES), None)
    await tokens.put("ops", "t2")
    assert len(await tokens.all()) == 1


async def test_a_revoked_token_is_unknown_at_once(tokens: PgTokens) -> None:
    await tokens.put("ops", "t1")
    assert await tokens.revoke("ops")
    assert await tokens.check("t1") is None
    assert not await tokens.revoke("ops")


async def test_all_are_listed_by_name(tokens: PgTokens) -> None:
    for name in ("b", "a", "c"):
        await tokens.put(name, f"token {name}")
    assert [token.name for token in await tokens.all()] == ["a", "b", "c"]


async def test_no_token_is_stored_in_plain_text(tokens: PgTokens, engine: AsyncEngine) -> None:
    token = new_secret()
    await tokens.put("ops", token)
    assert traces(await dump_database(engine), token) == []
