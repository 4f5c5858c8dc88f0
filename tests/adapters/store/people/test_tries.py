"""Tries to sign in are limited by address and by name, and no stranger locks a person out."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.people.tries import PgSignInLimits
from domain.limits.throttle import Rate
from domain.people.entry import Way
from tests.support.storage.dumps import dump_database, traces
from tests.support.storage.people import People

HOME, AWAY = "192.0.2.7", "198.51.100.9"
WIDE = Rate(1.0, 10_000)


def limits(engine: AsyncEngine, *, by_address: Rate = WIDE, by_name: Rate = WIDE) -> PgSignInLimits:
    return PgSignInLimits(engine, by_address=by_address, by_name=by_name)


async def waits(limits: PgSignInLimits, name: str, address: str | None, count: int) -> list[bool]:
    """Whether each of `count` tries has to wait."""
    return [await limits.take(name, address) > 0 for _ in range(count)]


async def test_a_name_has_a_burst_and_then_a_rate(people: People) -> None:
    ours = limits(people.engine, by_name=Rate(1 / 60, 3))
    assert await waits(ours, "li.na", HOME, 5) == [False, False, False, True, True]
    assert 50 < await ours.take("li.na", AWAY) <= 60, "from wherever it is tried"
    assert await ours.take("wang.wei", HOME) == 0
    await people.run("UPDATE sign_in_tries SET full_at = full_at - interval '61 seconds'")
    assert await waits(ours, "li.na", HOME, 2) == [False, True], "one a minute comes back"


async def test_an_address_has_a_burst_for_all_names_together(people: People) -> None:
    ours = limits(people.engine, by_address=Rate(1 / 30, 3))
    assert [await ours.take(f"name-{n}", HOME) > 0 for n in range(5)] == [False] * 3 + [True] * 2
    assert await ours.take("name-9", AWAY) == 0


async def test_a_customers_whole_ipv6_site_is_one_address(people: People) -> None:
    ours = limits(people.engine, by_address=Rate(1 / 30, 3))
    assert [await ours.take(f"n{n}", f"2001:db8::{n}") > 0 for n in range(4)] == [False] * 3 + [True]
    assert await ours.take("n", "2001:db8:0:1::1") == 0


async def test_of_many_tries_at_once_no_more_than_the_burst_is_heard(people: People) -> None:
    ours = limits(people.engine, by_name=Rate(1 / 60, 5))
    ends = await asyncio.gather(*(ours.take("li.na", f"198.51.100.{n}") for n in range(40)))
    assert sum(end == 0 for end in ends) == 5


async def test_a_refused_try_empties_no_other_bucket(people: People) -> None:
    ours = limits(people.engine, by_address=Rate(1 / 30, 3), by_name=Rate(1 / 60, 1))
    assert await waits(ours, "li.na", HOME, 5) == [False] + [True] * 4
    assert await waits(ours, "wang.wei", HOME, 1) == [False]
    assert await waits(ours, "zhao.min", HOME, 1) == [False], "the refused ones did not count for the address"


async def test_a_right_sign_in_is_not_counted(people: People) -> None:
    ours = limits(people.engine, by_address=Rate(1 / 30, 2), by_name=Rate(1 / 60, 2))
    for _ in range(10):
        assert await ours.take("li.na", HOME) == 0
        await ours.succeeded("li.na", HOME)


async def test_a_stranger_does_not_lock_a_person_out_where_the_person_was_before(people: People) -> None:
    ours = limits(people.engine, by_name=Rate(1 / 60, 3))
    assert await ours.take("li.na", HOME) == 0
    await ours.succeeded("li.na", HOME)
    assert await waits(ours, "li.na", AWAY, 50) == [False] * 3 + [True] * 47
    assert await waits(ours, "li.na", HOME, 4) == [False] * 3 + [True], "an own bucket, and no endless one"


async def test_a_neighbour_does_not_lock_a_person_out(people: People) -> None:
    ours = limits(people.engine, by_address=Rate(1 / 30, 3), by_name=Rate(1 / 60, 3))
    await ours.take("li.na", HOME)
    await ours.succeeded("li.na", HOME)
    assert [await ours.take(f"guess-{n}", HOME) > 0 for n in range(9)] == [False] * 3 + [True] * 6
    assert await waits(ours, "li.na", HOME, 4) == [False] * 3 + [True]


async def test_a_known_address_is_forgotten_in_time(people: People) -> None:
    ours = limits(people.engine, by_name=Rate(1 / 60, 3))
    await ours.take("li.na", HOME)
    await ours.succeeded("li.na", HOME)
    await people.run("UPDATE sign_in_tries SET known_until = now() WHERE known_until IS NOT NULL")
    await waits(ours, "li.na", AWAY, 3)
    assert await waits(ours, "li.na", HOME, 1) == [True]


async def test_someone_who_knows_one_persons_network_is_known_for_that_person_alone(people: People) -> None:
    ours = limits(people.engine, by_name=Rate(1 / 60, 1))
    await ours.take("li.na", HOME)
    await ours.succeeded("li.na", HOME)
    assert await waits(ours, "wang.wei", HOME, 2) == [False, True]


@pytest.mark.parametrize("address", [None, "", "unix:", "testclient"])
async def test_what_has_no_address_shares_one_bucket(people: People, address: str | None) -> None:
    ours = limits(people.engine, by_address=Rate(1 / 30, 1))
    assert await waits(ours, "li.na", address, 2) == [False, True]


async def test_what_was_typed_is_not_stored(people: People) -> None:
    typed = "my-password-in-the-wrong-field"
    await people.limits.take(typed, HOME)
    assert traces(await dump_database(people.engine), typed) == []


async def test_other_ways_have_buckets_of_addresses_that_passwords_do_not_empty(people: People) -> None:
    ours = limits(people.engine, by_address=Rate(1 / 30, 2))
    assert await waits(ours, "li.na", HOME, 3) == [False, False, True]
    assert [await ours.take_at(Way.OIDC, HOME) > 0 for _ in range(3)] == [False, False, True]
    assert await ours.take_at(Way.LINK, HOME) == await ours.take_at(Way.OIDC, AWAY) == 0
    await ours.succeeded_at(Way.OIDC, HOME)
    assert [await ours.take_at(Way.OIDC, HOME) > 0 for _ in range(2)] == [False, True]
