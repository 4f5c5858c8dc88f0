"""Two gateways that use the same names in the same Redis notice it, and their workers do not start."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.processes.mark import KEPT, Mark, RedisMark, marking
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from domain.errors import SettingsError

OURS = Mark(["new", "old"], "1/16384")


def mark(redis: Redis, mine: Mark = OURS, **names: Any) -> RedisMark:
    return RedisMark(redis, mine, names=RedisNames(**names))


@pytest.mark.parametrize(
    ("other", "word"),
    [
        (OURS, None),
        (Mark(["newest", "new"], "1/16384"), None),
        (Mark(["old"]), None),
        (Mark(["theirs"], "1/16384"), "other master keys"),
        (Mark(["theirs"]), "other master keys"),
        (Mark(["new"], "2/16384"), "another database"),
        (Mark(["new"], "1/16385"), "another database"),
    ],
)
def test_a_mark_is_anothers_where_no_key_or_the_database_is_the_same(other: Mark, word: str | None) -> None:
    conflict = OURS.conflict(other)
    assert (conflict is None) if word is None else (conflict is not None and word in conflict)


async def test_a_second_gateway_is_refused_in_one_line_that_says_what_to_do(redis: Redis) -> None:
    theirs = Mark(["theirs"], "9/1")
    async with marking(mark(redis)):
        with pytest.raises(SettingsError) as caught:
            async with marking(mark(redis, theirs)):
                pass
        async with marking(mark(redis, theirs, prefix="other:")):
            pass
        assert await mark(redis).find_conflict() is None, "the first one's is kept"
    message = str(caught.value)
    assert "\n" not in message
    for part in ("FACEID_REDIS_URL", "FACEID_REDIS_PREFIX", "'faceid:'", DEFAULT_NAMES.mark):
        assert part in message
    assert "theirs" not in message


async def test_of_two_that_start_in_the_same_moment_one_is_refused(redis: Redis) -> None:
    marks = [mark(redis, Mark([key])) for key in ("ours", "theirs")]
    ends = await asyncio.gather(*(each.leave() for each in marks))
    assert sum(end is None for end in ends) == 1


async def test_a_role_that_knows_no_database_keeps_the_one_that_is_known(redis: Redis) -> None:
    await mark(redis).leave()
    await mark(redis, Mark(["new"])).leave()
    assert await mark(redis, Mark(["new"], "2/2")).find_conflict() is not None


async def test_a_mark_ends_by_itself(redis: Redis) -> None:
    await mark(redis).leave()
    assert 0 < await redis.ttl(DEFAULT_NAMES.mark) <= KEPT.total_seconds()


async def test_nonsense_in_its_place_is_nobodys_mark(redis: Redis) -> None:
    await redis.set(DEFAULT_NAMES.mark, b"\xff nonsense")
    assert await mark(redis).leave() is None
