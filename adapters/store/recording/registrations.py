"""Register verifications before any callback, so that their result can be pulled without one."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.keys.data_keys import DataKeys
from adapters.store.recording.known import key_place
from adapters.store.recording.owners import BizOwners
from adapters.store.recording.takeovers import Takeovers
from adapters.store.statements import due_moves
from domain.apps.registration import Registered, Registration
from domain.model import State, verification_id
from domain.pulls.due import due_after_registration
from domain.pulls.reconciliation import RECONCILE_RULES, ReconcileRules, first_look_at


class PgRegistrations:
    """Stores registrations, before or after the callbacks.

    `rules` determine when a verification without a callback is due. `owners` has the owner of a biz_id if
    apps share a vendor account.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        keys: DataKeys,
        rules: ReconcileRules = RECONCILE_RULES,
        owners: BizOwners | None = None,
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._rules = rules
        self._owners = owners or BizOwners()
        self._takeovers = Takeovers(keys)

    async def register(self, app_id: str, biz_id: str, registration: Registration, *, by: str) -> Registered:
        """Register a verification, once. `by`: who asks; the timeline names it.

        Raises:
            BrokenSeal: no configured key decrypts the callbacks to another app of the account.
            KeysAway: the key store is away, and the app's epoch is not loaded.
        """
        row_id = verification_id(app_id, biz_id)
        await self._keys.prepare([app_id])
        _, wrapped_key = self._keys.new_data_key(app_id, place=key_place(app_id, row_id))
        values = {
            "id": row_id,
            "app_id": app_id,
            "biz_id": biz_id,
            "biz_no": registration.biz_no,
            "wrapped_key": wrapped_key,
            "registered_at": registration.registered_at,
            "expires_at": registration.expires_at,
            "due_at": first_look_at(registration, rules=self._rules),
            "by": by,
        }
        async with self._engine.begin() as connection:
            if await connection.scalar(_ERASED, {"id": row_id}):
                return Registered.CONFLICT
            if not await self._own(connection, app_id, biz_id, registration):
                return Registered.CONFLICT
            if (await connection.execute(_CREATE, values)).rowcount:
                return Registered.CREATED
            stored = (await connection.execute(_LOCK, {"id": row_id})).one()
            return await self._join(connection, row_id, stored, registration, by=by)

    async def _own(
        self, connection: AsyncConnection, app_id: str, biz_id: str, registration: Registration
    ) -> bool:
        """Take the biz_id, even from an app that owns it only because it received the first callback."""
        owner = await self._owners.assign(connection, app_id, biz_id)
        if owner == app_id:
            return True
        now = registration.registered_at
        if not await self._takeovers.move(connection, biz_id, owner=owner, to=app_id, now=now, held=True):
            await connection.execute(_NOTE_CONFLICT, {"id": verification_id(owner, biz_id)})
            return False
        await self._owners.hand_over(connection, app_id, biz_id)
        return True

    async def _join(
        self,
        connection: AsyncConnection,
        row_id: UUID,
        stored: Row[Any],
        registration: Registration,
        *,
        by: str,
    ) -> Registered:
        differs = stored.biz_no != registration.biz_no
        if stored.registered_at is not None:
            return Registered.CONFLICT if differs else Registered.KNOWN
        if differs and stored.state == State.DECIDED:
            # The first decision stays; the timeline shows an operator that it was about another order.
            await connection.execute(_NOTE_CONFLICT, {"id": row_id})
            return Registered.CONFLICT
        joined = _joined(stored, registration, differs=differs, rules=self._rules)
        await connection.execute(_JOIN, {"id": row_id, "by": by, **joined})
        return Registered.JOINED


def _joined(
    stored: Row[Any], registration: Registration, *, differs: bool, rules: ReconcileRules
) -> dict[str, object]:
    """The row's new values."""
    return {
        "biz_no": registration.biz_no,
        "registered_at": registration.registered_at,
        "expires_at": registration.expires_at,
        "due_at": due_after_registration(
            registration,
            state=State(stored.state),
            has_ended=stored.final_digest is not None,
            is_news=differs or stored.held,
            due_at=stored.due_at,
            rules=rules,
        ),
        "taken": int(differs),
    }


_NOTE: Final = """
INSERT INTO timeline (verification_id, event, detail)
SELECT id, 'verification.registered', jsonb_build_object('by', CAST(:by AS text)) """

_CREATE: Final = text(f"""
WITH created AS (
  INSERT INTO verifications
    (id, app_id, biz_id, biz_no, state, wrapped_key, registered_at, expires_at, due_at)
  VALUES (:id, :app_id, :biz_id, :biz_no, 'created', :wrapped_key, :registered_at, :expires_at, :due_at)
  ON CONFLICT (id) DO NOTHING
  RETURNING id
)
{_NOTE}FROM created
""")  # noqa: S608 - constants alone

_ERASED: Final = text("""
SELECT EXISTS (SELECT FROM erasures WHERE verification_id = :id)
    OR EXISTS (SELECT FROM verifications WHERE id = :id AND erased_at IS NOT NULL)
""")

_LOCK: Final = text("""
SELECT biz_no, state, registered_at, final_digest, due_at, held
FROM verifications WHERE id = :id FOR NO KEY UPDATE
""")

_JOIN: Final = text(f"""
WITH joined AS (
  UPDATE verifications
  SET biz_no = :biz_no, registered_at = :registered_at, expires_at = :expires_at,
      state = CASE WHEN state = 'expired' THEN 'received' ELSE state END, held = false, {due_moves.REGISTER}
  WHERE id = :id RETURNING id
)
{_NOTE}FROM joined
""")  # noqa: S608 - constants alone

_NOTE_CONFLICT: Final = text("""
INSERT INTO timeline (verification_id, event) VALUES (:id, 'registration.conflict')
""")
