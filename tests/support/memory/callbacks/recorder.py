"""Callbacks recorded in memory."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.apps.registration import biz_no_differs
from domain.callback.parts import Payload
from domain.callback.payload import decode_payload
from domain.callback.words import is_open
from domain.model import AcceptedCallback, State, verification_id
from domain.policy.facts.facts import say_the_same
from domain.pulls.budget import RESULT_KEPT
from domain.verifications.records import DecodedCallback, Recorded
from tests.support.memory.servers import MemoryDatabase, Recording, Verification


class MemoryRecorder:
    """Records each callback once; the first final one is decided on."""

    def __init__(self, database: MemoryDatabase, *, lease: timedelta) -> None:
        self._database = database
        self._lease = lease

    async def record_all(
        self, decoded: Sequence[DecodedCallback], *, now: datetime
    ) -> list[Recorded | BaseException]:
        return await asyncio.gather(
            *(self._record(each, now=now) for each in decoded), return_exceptions=True
        )

    async def _record(self, decoded: DecodedCallback, *, now: datetime) -> Recorded:
        callback, payload, awaits_registration = (
            decoded.callback,
            decoded.payload,
            decoded.awaits_registration,
        )
        async with self._database.call():
            row = self._verification(callback, payload)
            row.held = row.held or (
                awaits_registration and row.registration is None and row.state is not State.DECIDED
            )
            self._update(row, callback, payload, due_at=now + self._lease if decoded.leased else now)
            is_new = self._keep(row, callback, payload)
            decided_on = callback.digest == row.final_digest and row.state is not State.DECIDED
            return Recorded(
                row.lease,
                is_new=is_new,
                to_advance=is_new and decided_on and not row.held,
                registration=row.registration,
            )

    def _verification(self, callback: AcceptedCallback, payload: Payload) -> Verification:
        key = verification_id(callback.app_id, payload.biz_id)
        # No worker can hold the lease of a new verification, so its first final callback takes it from none.
        end = callback.received_at + RESULT_KEPT if _is_open(payload) else None
        unknown = Verification(
            key, callback.app_id, payload.biz_id, fence=1 if _is_open(payload) else 0, due_at=end
        )
        return self._database.verifications.setdefault(key, unknown)

    def _update(
        self, row: Verification, callback: AcceptedCallback, payload: Payload, *, due_at: datetime
    ) -> None:
        if row.state is State.CREATED or (row.state is State.EXPIRED and not _is_open(payload)):
            row.state = State.RECEIVED
        row.biz_no = payload.biz_no if row.biz_no is None else row.biz_no
        row.received_at = row.received_at or callback.received_at
        if row.final_digest is not None:
            return
        row.vendor_status = payload.status_word
        if _is_open(payload):
            return
        row.final_digest, row.ended_at = callback.digest, callback.received_at
        row.fence += 1
        if row.state is not State.DECIDED:
            row.due_at = due_at

    def _keep(self, row: Verification, callback: AcceptedCallback, payload: Payload) -> bool:
        kept = self._database.callbacks.setdefault((row.id, callback.digest), Recording(callback))
        kept.seen += 1
        if kept.seen > 1:
            return False
        conflict = self._is_another_end(row, callback, payload) or biz_no_differs(payload, row.registration)
        event = "conflict" if conflict else "held" if row.held else "received"
        self._database.note(row.id, f"callback.{event}")
        return True

    def _is_another_end(self, row: Verification, callback: AcceptedCallback, payload: Payload) -> bool:
        if _is_open(payload) or row.final_digest in {None, callback.digest}:
            return False
        decided_on = self._database.callbacks[row.id, row.final_digest or b""].callback
        return not say_the_same(payload, decode_payload(decided_on.data))


def _is_open(payload: Payload) -> bool:
    return is_open(payload.status_word)
