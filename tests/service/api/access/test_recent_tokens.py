"""A token is looked up once in half a second, and a revoked one works no longer than that."""

import asyncio
from collections.abc import Callable

import pytest

from domain.limits.throttle import REMEMBERED
from domain.views.tokens import ApiToken
from service.api.access.recent_tokens import RecentTokens

PROMISED = 1.0


class Table:
    """Tokens in a database, with a clock; `meanwhile` happens between a question and its answer."""

    def __init__(self) -> None:
        self.valid: dict[str, ApiToken] = {}
        self.asked: list[str] = []
        self.now = 1000.0
        self.meanwhile: Callable[[], None] = lambda: None

    def add(self, token: str) -> None:
        self.valid[token] = ApiToken(token, None, ["verifications:read"], None)

    async def check(self, token: str) -> ApiToken | None:
        self.asked.append(token)
        found = self.valid.get(token)
        self.meanwhile()
        await asyncio.sleep(0)
        return found


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def recent(table: Table) -> RecentTokens:
    return RecentTokens(table, monotonic=lambda: table.now)


async def test_many_requests_in_a_row_cost_one_question(table: Table, recent: RecentTokens) -> None:
    table.add("t")
    for _ in range(40):
        assert await recent.check("t") == table.valid["t"]
        table.now += 0.01
    assert table.asked == ["t"]


@pytest.mark.parametrize("busy", [True, False])
async def test_a_revoked_token_ends_within_a_second(table: Table, recent: RecentTokens, busy: bool) -> None:
    table.add("t")
    assert await recent.check("t")
    table.now += 0.3
    table.valid.clear()
    revoked_at = table.now
    while busy and await recent.check("t"):
        table.now += 0.01
    table.now = max(table.now, revoked_at + PROMISED)
    assert await recent.check("t") is None
    assert table.now - revoked_at <= PROMISED


async def test_an_answer_is_as_old_as_its_question(table: Table, recent: RecentTokens) -> None:
    def revoked_while_the_answer_travels() -> None:
        table.valid.clear()
        table.now += PROMISED

    table.add("t")
    table.meanwhile = revoked_while_the_answer_travels
    assert await recent.check("t"), "it was valid when PostgreSQL looked"
    assert await recent.check("t") is None


async def test_other_rights_count_within_a_second(table: Table, recent: RecentTokens) -> None:
    table.add("t")
    await recent.check("t")
    table.valid["t"] = ApiToken("t", ["demo"], [], None)
    table.now += PROMISED
    assert await recent.check("t") == table.valid["t"]


async def test_unknown_tokens_are_not_remembered(table: Table, recent: RecentTokens) -> None:
    assert await recent.check("t") is None
    table.add("t")
    assert await recent.check("t") == table.valid["t"]
    assert "t" not in repr(vars(recent)).split(), "kept by its hash alone"


async def test_a_failed_question_is_asked_again(table: Table, recent: RecentTokens) -> None:
    def fail() -> None:
        raise ConnectionError

    table.add("t")
    table.meanwhile = fail
    with pytest.raises(ConnectionError):
        await recent.check("t")
    table.meanwhile = lambda: None
    assert await recent.check("t")


async def test_the_memory_is_bounded(table: Table, recent: RecentTokens) -> None:
    for number in range(REMEMBERED + 2):
        table.add(str(number))
        await recent.check(str(number))
    assert len(recent._seen) == REMEMBERED
