"""Whatever arrives about one verification, in whatever number and order: one decision, one call."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import pytest

from devstack.environment import APP_ID
from tests.whole.e2e.gateway import cancelled_callback
from tests.whole.faults.rig.callbacks import callback_form, form_of, new_biz_id
from tests.whole.faults.rig.evidence import verdict
from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.load import read_answer, request
from tests.whole.faults.rig.report import Notebook

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

SENDERS: Final = 16
DUPLICATES: Final = 1000
AT_ONCE: Final = 10


async def test_a_thousand_duplicates_from_sixteen_senders(rig: Rig, notebook: Notebook) -> None:
    biz_id = new_biz_id()
    same = request(callback_form(biz_id, _secret(rig)))
    answers = await asyncio.gather(*(_send_all(rig, [same] * DUPLICATES) for _ in range(SENDERS)))
    statuses = sum(answers, Counter[str]())
    notebook.note(sent=SENDERS * DUPLICATES)
    notebook.judged(await verdict(rig, acknowledged={biz_id}, issued={biz_id}))
    assert statuses == {"200": SENDERS * DUPLICATES}


async def test_notify_return_post_and_return_get_race(
    rig: Rig, notebook: Notebook, chance: random.Random, times: Callable[[int], int]
) -> None:
    biz_ids = [new_biz_id() for _ in range(times(200))]
    turns = asyncio.Semaphore(AT_ONCE)

    async def race(biz_id: str, requests: list[tuple[float, bytes]]) -> Counter[str]:
        async with turns:
            answers = await asyncio.gather(*(_send_after(rig, *each) for each in requests))
        return sum(answers, Counter[str]())

    answers = await asyncio.gather(*(race(each, _requests_about(rig, each, chance)) for each in biz_ids))
    statuses = sum(answers, Counter[str]())
    notebook.note(races=len(biz_ids), sent=statuses.total())
    notebook.judged(await verdict(rig, acknowledged=set(biz_ids), issued=set(biz_ids)))
    assert statuses.keys() == {"200"}


def _requests_about(rig: Rig, biz_id: str, chance: random.Random) -> list[tuple[float, bytes]]:
    """Everything that may arrive about one verification, each with the seconds that it waits before."""
    form = callback_form(biz_id, _secret(rig))
    browsed = b"GET /callbacks/%b/return?biz_id=%b HTTP/1.1\r\nhost: faults\r\n\r\n" % (
        APP_ID.encode(),
        quote(biz_id).encode(),
    )
    kinds = [request(form), request(form, kind="return"), browsed]
    if chance.random() < 0.3:
        # Genuine, and another story: whichever is first is decided on.
        kinds.append(request(form_of(cancelled_callback(biz_id), _secret(rig))))
    requests = [each for each in kinds for _ in range(chance.randint(1, 3))]
    chance.shuffle(requests)
    return [(chance.choice((0.0, chance.uniform(0, 0.1))), each) for each in requests]


async def _send_after(rig: Rig, seconds: float, one: bytes) -> Counter[str]:
    await asyncio.sleep(seconds)
    return await _send_all(rig, [one])


async def _send_all(rig: Rig, requests: list[bytes]) -> Counter[str]:
    """Send on one connection, each request after the answer to the one before; how often which status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.ports["ingress"])
    statuses: Counter[str] = Counter()
    try:
        for each in requests:
            writer.write(each)
            statuses[await read_answer(reader)] += 1
    finally:
        writer.transport.abort()
    return statuses


def _secret(rig: Rig) -> bytes:
    return rig.secrets.api_secret.encode()
