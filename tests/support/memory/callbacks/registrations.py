"""Registrations in memory."""

from domain.apps.registration import Registered, Registration
from domain.model import State, verification_id
from domain.pulls.reconciliation import RECONCILE_RULES, ReconcileRules, first_look_at
from tests.support.memory.servers import MemoryDatabase, Verification


class MemoryRegistrations:
    """Puts registrations beside what callbacks brought."""

    def __init__(self, database: MemoryDatabase, *, rules: ReconcileRules = RECONCILE_RULES) -> None:
        self._database = database
        self._rules = rules

    async def register(self, app_id: str, biz_id: str, registration: Registration, *, by: str) -> Registered:
        async with self._database.call():
            key = verification_id(app_id, biz_id)
            row = self._database.verifications.get(key)
            if row is not None:
                return self._join(row, registration, by)
            created = Verification(key, app_id, biz_id, due_at=first_look_at(registration, rules=self._rules))
            self._database.verifications[key] = created
            self._put(created, registration, by)
            return Registered.CREATED

    def _join(self, row: Verification, registration: Registration, by: str) -> Registered:
        differs = row.biz_no != registration.biz_no
        if row.registered_at is not None:
            return Registered.CONFLICT if differs else Registered.KNOWN
        if differs and row.state is State.DECIDED:
            self._database.note(row.id, "registration.conflict")
            return Registered.CONFLICT
        if row.state is not State.DECIDED:
            if row.final_digest is None:
                row.due_at = first_look_at(registration, rules=self._rules)
            elif differs or row.held:
                row.due_at = registration.registered_at
        row.held, row.fence = False, row.fence + differs
        row.state = State.RECEIVED if row.state is State.EXPIRED else row.state
        self._put(row, registration, by)
        return Registered.JOINED

    def _put(self, row: Verification, registration: Registration, by: str) -> None:
        row.biz_no = registration.biz_no
        row.registered_at, row.expires_at = registration.registered_at, registration.expires_at
        self._database.note(row.id, "verification.registered", by=by)
