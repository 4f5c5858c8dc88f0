"""Merge two verifications of one biz_id at two apps of one vendor account.

The callbacks move to the owner's, encrypted with its key, and the spent calls count for it: three calls in
total. A legal hold is on both then. The other verification becomes expired.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.keys.data_keys import DataKeys
from adapters.sealing.compression.raw import open_raw, seal_raw
from adapters.store.recording.joining import JOIN_STANDING
from adapters.store.recording.known import key_place, raw_callback_place
from adapters.store.statements import due_moves
from domain.model import State, verification_id
from domain.pulls.budget import PULL_LIMIT
from domain.verifications.lease import DataKey

_EVENT: Final = "verification.moved"


class Takeovers:
    """Moves an unregistered, undecided verification from app to app, in the transaction that has locked its
    biz_id."""

    def __init__(self, keys: DataKeys) -> None:
        self._keys = keys

    async def move(
        self, connection: AsyncConnection, biz_id: str, *, owner: str, to: str, now: datetime, held: bool
    ) -> bool:
        """Move it; False if it stays with `owner`, which has registered, decided or erased it.

        `held`: the verification waits for a registration; otherwise it is due `now`, if its flow has ended.

        Raises:
            BrokenSeal: no configured key decrypts its callbacks.
            KeysAway: the key store is away.
        """
        old, new = verification_id(owner, biz_id), verification_id(to, biz_id)
        rows = (await connection.execute(_LOCK, {"ids": [old, new]})).all()
        found = next((row for row in rows if row.id == old), None)
        if found is None:
            return True
        if found.registered_at is not None or found.state == State.DECIDED or found.erased_at is not None:
            return False
        ids = {"old": old, "new": new}
        await self._join(connection, found, ids, to=to, now=now, held=held)
        await connection.execute(_COPY_PULLS, ids)
        await connection.execute(_COPY_HOLD, ids)
        await connection.execute(_END, ids)
        await connection.execute(_NOTE, {"ids": [old, new], "event": _EVENT})
        return True

    async def _join(
        self,
        connection: AsyncConnection,
        found: Row[Any],
        ids: dict[str, UUID],
        *,
        to: str,
        now: datetime,
        held: bool,
    ) -> None:
        await self._keys.prepare([to])
        offered, wrapped = self._keys.new_data_key(to, place=key_place(to, ids["new"]))
        values = {**ids, "app_id": to, "wrapped_key": wrapped, "now": now, "held": held}
        stored = (await connection.execute(_COPY, values)).scalar_one()
        data_key: DataKey = offered
        await self._keys.load([found.wrapped_key, stored])
        if stored != wrapped:
            data_key = self._keys.unwrap_data_key(stored, place=key_place(to, ids["new"]))
        await self._move_callbacks(connection, found, new=ids["new"], to=to, data_key=data_key)

    async def _move_callbacks(
        self, connection: AsyncConnection, found: Row[Any], *, new: UUID, to: str, data_key: DataKey
    ) -> None:
        old_key = self._keys.unwrap_data_key(found.wrapped_key, place=key_place(found.app_id, found.id))
        old_place, new_place = raw_callback_place(found.app_id, found.id), raw_callback_place(to, new)
        for row in (await connection.execute(_CALLBACKS, {"id": found.id})).all():
            data = open_raw(old_key, row.raw_ct, place=old_place)
            # The api moves verifications too, and it does not watch who can open what.
            sealed = seal_raw(data_key, data, place=new_place, compress=False)
            key = {"old": found.id, "new": new, "digest": row.digest}
            await connection.execute(_COPY_CALLBACK, {**key, "raw_ct": sealed})
        await connection.execute(_FORGET_CALLBACKS, {"old": found.id})


_LOCK: Final = text("""
SELECT id, app_id, state, registered_at, wrapped_key, erased_at FROM verifications
WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE
""")

_COPY: Final = text(f"""
INSERT INTO verifications AS v (id, app_id, biz_id, biz_no, state, vendor_status, wrapped_key, final_digest,
                                ended_at, due_at, held, received_at)
SELECT :new, :app_id, biz_id, biz_no, 'received', vendor_status, :wrapped_key, final_digest, ended_at,
       {due_moves.NOW_IF_ENDED}, :held, received_at
FROM verifications WHERE id = :old
{JOIN_STANDING}
RETURNING v.wrapped_key
""")  # noqa: S608 - constants alone

_CALLBACKS: Final = text("SELECT digest, raw_ct FROM callbacks WHERE verification_id = :id")

_COPY_CALLBACK: Final = text("""
INSERT INTO callbacks AS c (verification_id, digest, kind, secret_index, raw_ct, seen, received_at)
SELECT :new, digest, kind, secret_index, :raw_ct, seen, received_at
FROM callbacks WHERE verification_id = :old AND digest = :digest
ON CONFLICT (verification_id, digest) DO UPDATE SET seen = c.seen + EXCLUDED.seen
""")

_FORGET_CALLBACKS: Final = text("DELETE FROM callbacks WHERE verification_id = :old")

_COPY_PULLS: Final = text(f"""
INSERT INTO pulls (verification_id, n, state, started_at, finished_at, http_status, error)
SELECT :new, p.n + spent.most, state, started_at, finished_at, http_status, error
FROM pulls p, (SELECT COALESCE(max(n), 0) AS most FROM pulls WHERE verification_id = :new) AS spent
WHERE verification_id = :old AND p.n + spent.most <= {PULL_LIMIT}
""")  # noqa: S608 - constants alone

_COPY_HOLD: Final = text("""
INSERT INTO holds AS h (verification_id, app_id, reason, placed_by, placed_at)
SELECT v.id, v.app_id, old.reason, old.placed_by, old.placed_at
FROM holds old, verifications v WHERE old.verification_id = :old AND old.lifted_at IS NULL AND v.id = :new
ON CONFLICT (verification_id) DO UPDATE
  SET reason = EXCLUDED.reason, placed_by = EXCLUDED.placed_by, placed_at = EXCLUDED.placed_at,
      lifted_at = NULL
  WHERE h.lifted_at IS NOT NULL
""")
"""What is held stays so where it is moved."""

_END: Final = text(f"""
UPDATE verifications
SET state = 'expired', final_digest = NULL, ended_at = NULL, {due_moves.END}, held = false,
    fence = fence + 1
WHERE id = :old
""")  # noqa: S608 - constants alone
"""Without an end of its flow, no pull is granted for it: the calls belong to the owner."""

_NOTE: Final = text("""
INSERT INTO timeline (verification_id, event)
SELECT id, :event FROM unnest(CAST(:ids AS uuid[])) AS t (id)
""")
