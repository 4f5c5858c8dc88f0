"""Failed sign-ins in the audit."""

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.audit.rows import append
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.people.actor import Actor
from domain.people.entry import Way


class PgSignInFailures:
    """Notes failures. The limits of sign-ins bound how many there are."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def note(self, way: Way, name: str | None, *, why: str, address: str | None) -> None:
        """Note a failure. `name`: of the person who exists, never what was typed. `why`: a word of ours."""
        row = AuditRow(
            action=Action.SIGN_IN_FAILED,
            actor=str(Actor.gateway("sign-in")),
            subject=name,
            address=address,
            detail={"by": way.value, "why": why},
        )
        async with self._engine.begin() as connection:
            await append(connection, [row])
