"""Write to the audit that someone asked for what they may not do, without letting a flood fill it."""

from collections.abc import Callable
from typing import Final

import structlog

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.errors import ServerAway
from domain.people.actor import Actor
from usecases.ports.audit import AuditLog

PERIOD: Final = 60.0
"""Seconds in which one actor has at most one row for the same request."""

MOST: Final = 100
"""Rows of all actors in one period and process; the last one says that more are left out."""

log = structlog.get_logger(__name__)


class Denials:
    """Notes denials. They are refused in any case, also while PostgreSQL is away."""

    def __init__(self, audit: AuditLog, *, monotonic: Callable[[], float]) -> None:
        self._audit = audit
        self._monotonic = monotonic
        self._began = monotonic()
        self._noted: set[tuple[str, str]] = set()

    async def note(self, actor: Actor, what: str, *, code: str) -> None:
        """Note a denial. `what`: the method and the route, without anything that the caller sent. `code`: the
        problem's.
        """
        if not self._is_new(str(actor), what):
            return
        detail = {"code": code} | ({"more_left_out": True} if len(self._noted) == MOST else {})
        try:
            await self._audit.note(AuditRow.by(actor, Action.PERMISSION_DENIED, subject=what, detail=detail))
        except ServerAway as error:
            log.warning("audit.denial_lost", actor=str(actor), error=error.kind)

    def _is_new(self, actor: str, what: str) -> bool:
        now = self._monotonic()
        if now >= self._began + PERIOD:
            self._began, self._noted = now, set()
        if (actor, what) in self._noted or len(self._noted) >= MOST:
            return False
        self._noted.add((actor, what))
        return True
