"""Verifications that belong to another app, because an older version created them.

A worker or an api from before revision 0005 stores no owner. While versions are mixed, two apps that share a
vendor account may each have a verification of one biz_id, or a biz_id has no owner. So claiming a
verification also settles the owner of its biz_id, and merges the two before anything is decided or spent.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.away import KeysAway
from adapters.keys.data_keys import DataKeys
from adapters.postgres.sqlstate import StatementFailed
from adapters.store.recording.owners import BizOwners, Ref
from adapters.store.recording.takeovers import Takeovers
from domain.errors import BrokenSeal
from domain.model import State
from domain.verifications.records import DueVerification

log = structlog.get_logger(__name__)


class Left(NamedTuple):
    """Claimed verifications that must not be advanced now. `gone`: merged with another one, or one of the two
    is locked, or its key is away. `sealed`: no configured key decrypts them.
    """

    gone: set[UUID]
    sealed: set[UUID]


class OwnerMerges:
    """Merges claimed verifications into those of the apps that own their biz_ids."""

    def __init__(self, engine: AsyncEngine, *, keys: DataKeys, owners: BizOwners) -> None:
        self._engine = engine
        self._owners = owners
        self._takeovers = Takeovers(keys)

    async def merge_into_owners(self, claimed: Sequence[DueVerification], *, now: datetime) -> Left:
        """Merge each claimed verification into the one that owns its biz_id, if it is another."""
        undecided = {(due.app_id, due.biz_id): due for due in claimed if due.state != State.DECIDED}
        gone: set[UUID] = set()
        sealed: set[UUID] = set()
        for ref in sorted(await self._not_owned(undecided)):
            due = undecided[ref]
            try:
                if not await self._own(due, now):
                    gone.add(due.verification_id)
            except BrokenSeal:
                sealed.add(due.verification_id)
                ids = {"app_id": due.app_id, "verification_id": str(due.verification_id)}
                log.exception("verification.unreadable", **ids)
            except (StatementFailed, KeysAway):
                # One of the two is locked, or its key is away: it is due again when the lease ends.
                gone.add(due.verification_id)
        return Left(gone, sealed)

    async def _not_owned(self, refs: Collection[Ref]) -> set[Ref]:
        if not any(self._owners.shares(app_id) for app_id, _ in refs):
            return set()
        async with self._engine.connect() as connection:
            return await self._owners.not_owned(connection, refs)

    async def _own(self, due: DueVerification, now: datetime) -> bool:
        """Whether the verification belongs to its app. A registered or decided one stays there."""
        app_id, biz_id, is_registered = due.app_id, due.biz_id, due.registration is not None
        async with self._engine.begin() as connection:
            owner = await self._owners.assign(connection, app_id, biz_id)
            if owner == app_id:
                return True
            one, other = (owner, app_id) if is_registered else (app_id, owner)
            move = self._takeovers.move(connection, biz_id, owner=one, to=other, now=now, held=False)
            if not await move:
                return True
            if is_registered:
                await self._owners.hand_over(connection, app_id, biz_id)
        return False
