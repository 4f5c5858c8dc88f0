"""Any single change of a payload through the real inbox and store: found, decided, never expired."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.apps.app import App
from domain.model import Outcome
from domain.pulls.answer import Answer
from tests.support.payloads.callbacks import dump
from tests.support.payloads.changes import Change, changed_tree, changes_of, full_payload
from tests.support.storage.stores import NOW, biz_id, callback
from tests.support.workers.jobs import Jobs, answered

SHARE = 40
"""One of this many changes goes all the way."""
BATCH = 50


class Mirror:
    """A vendor whose results repeat the callbacks."""

    def __init__(self, said: dict[str, bytes]) -> None:
        self._said = said

    async def get_result(self, app: App, biz_id: str) -> Answer:
        return answered(self._said[biz_id])


def _changed(n: int, change: Change) -> bytes:
    tree = full_payload()
    tree["biz_info"] |= {"biz_id": biz_id(n), "biz_no": "order-1"}
    return dump(changed_tree(tree, change))


@pytest.mark.parametrize("registered", [False, True], ids=["as they come", "registered"])
async def test_any_change_is_found_and_decided(
    jobs: Jobs, registered: bool, request: pytest.FixtureRequest
) -> None:
    count, seed = (request.config.getoption(f"--changes{part}") for part in ("", "-seed"))
    changes = [
        change
        for change in changes_of(full_payload(), count=count // SHARE, seed=seed + registered)
        if change.place not in {("biz_info",), ("biz_info", "biz_id")}
    ]
    said = {biz_id(n): _changed(n, change) for n, change in enumerate(changes)}
    jobs.context = replace(jobs.context, vendor=Mirror(said))
    for n in range(len(changes) if registered else 0):
        await jobs.store.register(n, expires_in=timedelta(minutes=50))
    bodies = list(said.values())
    for first in range(0, len(bodies), BATCH):
        await jobs.inbox.hand_over(f"b{first}", [callback(body) for body in bodies[first : first + BATCH]])
        await jobs.work()
    assert await jobs.store.letters() == []
    for n, change in enumerate(changes):
        state, outcome, reasons = await jobs.outcome(n)
        assert state == "decided", change
        assert (outcome == Outcome.APPROVED) == (reasons == []), change
    jobs.clock.now = NOW + timedelta(hours=26)
    await jobs.advance_due()
    assert await jobs.store.rows("SELECT DISTINCT state FROM verifications") == [("decided",)]
