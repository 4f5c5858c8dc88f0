"""While decisions wait for this process, it delivers little, and never nothing."""

import asyncio
from datetime import timedelta

from adapters.tasks.background import in_background
from tests.support.webhooks.hooks import Hooks
from workers.delivering import BESIDE, BESIDE_EVERY


async def test_few_are_claimed_while_decisions_wait_and_the_rest_behind_them(hooks: Hooks) -> None:
    await hooks.endpoint(max_in_flight=1000)
    seqs = [await hooks.event(verification) for verification in range(BESIDE + 5)]
    decisions_wait = True
    loop = hooks.loop()
    loop.give_way(while_=lambda: decisions_wait)
    await loop.deliver_due()
    await loop.idle()
    assert hooks.receiver.seqs() == seqs[:BESIDE]
    decisions_wait = False
    await loop.deliver_due()
    await loop.idle()
    assert hooks.receiver.seqs() == seqs


async def test_looks_are_further_apart_while_decisions_wait(hooks: Hooks) -> None:
    await hooks.endpoint(max_in_flight=1000)
    for verification in range(3 * BESIDE):
        await hooks.event(verification)
    rests, all_sent = [], asyncio.Event()

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        hooks.clock.go_on(timedelta(seconds=seconds))
        if len(hooks.receiver.sent) == 3 * BESIDE:
            all_sent.set()
        await asyncio.sleep(0)

    loop = hooks.loop(hooks.sender(sleep=rest))
    loop.give_way(while_=lambda: True)
    async with in_background(loop.run()):
        await all_sent.wait()
        loop.stop()
    assert sum(rests[:3]) >= 2 * BESIDE_EVERY
