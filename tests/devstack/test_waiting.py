"""Waiting until a condition is true."""

import pytest

from devstack.waiting import until


async def test_the_condition_is_checked_until_it_is_true() -> None:
    answers = iter([False, False, True, False])

    async def condition() -> bool:
        return next(answers)

    await until(condition, every=0)
    assert list(answers) == [False]


async def test_a_condition_that_stays_false_is_a_timeout() -> None:
    async def condition() -> bool:
        return False

    with pytest.raises(TimeoutError):
        await until(condition, patience=0.01, every=0)


async def test_an_error_of_the_condition_ends_the_wait() -> None:
    async def condition() -> bool:
        raise LookupError

    with pytest.raises(LookupError):
        await until(condition)
