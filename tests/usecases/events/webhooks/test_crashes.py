"""A sender dies at each of its crash points: nothing is lost or out of order, and copies share their id."""

from typing import get_args

import pytest

from tests.support.storage.stores import LEASE
from tests.support.webhooks.hooks import Hooks
from usecases.process.crash_points import CrashPoint, SendingPoint


class SenderDied(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("point", get_args(SendingPoint))
async def test_nothing_is_lost_or_out_of_order_when_a_sender_dies(hooks: Hooks, point: SendingPoint) -> None:
    def die(reached: CrashPoint | SendingPoint) -> None:
        if reached == point:
            raise SenderDied(point)

    await hooks.endpoint()
    seqs = [await hooks.event(verification) for _ in range(3) for verification in range(3)]
    for _ in range(3):
        await hooks.run(hooks.sender(reached=die))
        hooks.clock.go_on(LEASE)
    await hooks.run()
    assert await hooks.states() == [("delivered", None)] * 9
    assert set(hooks.receiver.seqs()) == set(seqs)
    for verification in range(3):
        ns = [each.event["n"] for each in hooks.receiver.sent if each.event["biz_id"] == str(verification)]
        assert ns == sorted(ns)
    ids = {each.event["seq"]: set[str]() for each in hooks.receiver.sent}
    for each in hooks.receiver.sent:
        ids[each.event["seq"]].add(each.headers["webhook-id"])
    assert all(len(of_event) == 1 for of_event in ids.values())
