"""A registered app takes over the biz_id that another app of its account was only the first to hear of.

The callbacks move to the new owner, sealed under its own key, and the calls that were spent count for it:
three calls in all. The former verification ends as expired.
"""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.envelope import KeyRing, seal, unseal
from adapters.store.recorder import key_place, raw_callback_place
from domain.model import State, verification_id

_EVENT: Final = "verification.moved"


class Takeovers:
    """Moves an unregistered, undecided verification from app to app, in a transaction of the caller."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def move(self, connection: AsyncConnection, biz_id: str, *, owner: str, to: str) -> bool:
        """False where the verification stays with `owner`: it registered it too, or has a decision on it.

        Raises:
            BrokenSeal: no configured key opens its callbacks.
        """
        old, new = verification_id(owner, biz_id), verification_id(to, biz_id)
        found = (await connection.execute(_LOCK, {"id": old})).first()
        if found is None:
            return True
        if found.registered_at is not None or found.state == State.DECIDED:
            await connection.execute(_NOTE, {"id": old, "event": "registration.conflict"})
            return False
        await self._move(connection, found, new=new, to=to)
        return True

    async def _move(self, connection: AsyncConnection, found: Row[Any], *, new: UUID, to: str) -> None:
        data_key, wrapped_key = self._keys.new_data_key(place=key_place(to, new))
        ids = {"old": found.id, "new": new}
        copied = await connection.execute(_COPY, {**ids, "app_id": to, "wrapped_key": wrapped_key})
        if copied.rowcount:
            await self._move_callbacks(connection, found, new=new, to=to, data_key=data_key)
            await connection.execute(_COPY_PULLS, ids)
            await connection.execute(_NOTE, {"id": new, "event": _EVENT})
        await connection.execute(_END, ids)
        await connection.execute(_NOTE, {"id": found.id, "event": _EVENT})

    async def _move_callbacks(
        self, connection: AsyncConnection, found: Row[Any], *, new: UUID, to: str, data_key: bytes
    ) -> None:
        old_key = self._keys.unwrap_data_key(found.wrapped_key, place=key_place(found.app_id, found.id))
        old_place, new_place = raw_callback_place(found.app_id, found.id), raw_callback_place(to, new)
        for row in (await connection.execute(_CALLBACKS, {"id": found.id})).all():
            data = unseal(old_key, row.raw_ct, place=old_place)
            sealed = seal(data_key, data, place=new_place)
            key = {"old": found.id, "new": new, "digest": row.digest}
            await connection.execute(_MOVE_CALLBACK, {**key, "raw_ct": sealed})


_LOCK: Final = text("""
SELECT id, app_id, state, registered_at, wrapped_key FROM verifications WHERE id = :id FOR NO KEY UPDATE
""")

_COPY: Final = text("""
INSERT INTO verifications (id, app_id, biz_id, biz_no, state, vendor_status, wrapped_key, final_digest,
                           ended_at, held, received_at)
SELECT :new, :app_id, biz_id, biz_no, 'received', vendor_status, :wrapped_key, final_digest, ended_at, true,
       received_at
FROM verifications WHERE id = :old
ON CONFLICT (id) DO NOTHING
""")
"""Held: the registration that follows in this transaction makes it due."""

_CALLBACKS: Final = text("SELECT digest, raw_ct FROM callbacks WHERE verification_id = :id")

_MOVE_CALLBACK: Final = text("""
UPDATE callbacks SET verification_id = :new, raw_ct = :raw_ct
WHERE verification_id = :old AND digest = :digest
""")

_COPY_PULLS: Final = text("""
INSERT INTO pulls (verification_id, n, state, started_at, finished_at, http_status, error)
SELECT :new, n, state, started_at, finished_at, http_status, error FROM pulls WHERE verification_id = :old
""")

_END: Final = text("""
UPDATE verifications
SET state = 'expired', final_digest = NULL, ended_at = NULL, due_at = NULL, asked_at = NULL, held = false,
    fence = fence + 1
WHERE id = :old
""")

"""Without an end of its flow, nobody is granted a pull for it: the calls are the new owner's."""

_NOTE: Final = text("INSERT INTO timeline (verification_id, event) VALUES (:id, :event)")
