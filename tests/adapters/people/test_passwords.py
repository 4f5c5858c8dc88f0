"""Passwords are hashed by argon2id, few at once, and nobody waits without end."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from adapters.people.passwords import Argon2Passwords
from domain.people.errors import TooManySignIns

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def passwords() -> Iterator[Argon2Passwords]:
    made = Argon2Passwords(QUICK)
    yield made
    made.close()


async def test_the_right_password_alone_fits(passwords: Argon2Passwords) -> None:
    known = await passwords.hash("correct horse battery")
    assert await passwords.verify(known, "correct horse battery")
    for wrong in (
        "",
        "correct horse batter",
        "correct horse battery ",
        "Correct horse battery",
        "x" * 10_000,
    ):
        assert not await passwords.verify(known, wrong)


async def test_nobody_has_no_password(passwords: Argon2Passwords) -> None:
    assert not await passwords.verify(None, "the password of nobody")
    assert not await passwords.verify("no hash", "x")


async def test_what_is_too_long_is_cut_to_what_no_password_is(passwords: Argon2Passwords) -> None:
    known = await passwords.hash("p" * 128)
    assert await passwords.verify(known, "p" * 128)
    assert not await passwords.verify(known, "p" * 129)
    assert not await passwords.verify(known, "p" * 1_000_000)


def test_the_cost_is_argon2id_with_64_mib() -> None:
    made = Argon2Passwords()
    parameters = extract_parameters(made._hasher.hash("x"))
    made.close()
    assert (parameters.type, parameters.memory_cost >= 65536) == (Type.ID, True)


async def test_few_are_computed_at_once_and_the_loop_goes_on() -> None:
    running, most, release = 0, 0, threading.Event()

    class Slow(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            nonlocal running, most
            if password == "the password of nobody":
                return "dummy"
            running += 1
            most = max(most, running)
            release.wait(30)
            running -= 1
            return "hash"

    passwords = Argon2Passwords(Slow(), at_once=2, waiting=3)
    tasks = [asyncio.create_task(passwords.hash("x")) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(TooManySignIns):
        await passwords.hash("x")
    release.set()
    assert await asyncio.gather(*tasks) == ["hash"] * 5
    assert most <= 2
    assert await passwords.hash("x") == "hash", "places come back"
    passwords.close()
