"""Webhook endpoints, each with a data key under which its secrets are encrypted."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Row, Select, delete, func, insert, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.sealing.envelope import KeyRing, unseal_packed
from adapters.store.audit import rows as audit_rows
from adapters.store.events.log import append
from adapters.store.tables.endpoints import endpoints
from adapters.store.tables.events import events
from adapters.store.webhooks.endpoint_rows import endpoint_of, key_place, private_place, row_of
from domain.audit.row import AuditRow
from domain.errors import BrokenSeal, EndpointExists
from domain.events.event import EventType, NewEvent
from domain.events.webhooks.endpoint import (
    DisabledReason,
    Endpoint,
    EndpointPrivate,
    EndpointState,
)
from domain.verifications.lease import DataKey

Change = Callable[[Endpoint], Endpoint]
Position = tuple[datetime, UUID]

column: Final = endpoints.c

_NEWEST_EVENT: Final = select(func.coalesce(func.max(events.c.seq), 0)).scalar_subquery()
"""Where the log ends: an endpoint gets the events behind it."""


class PgEndpoints:
    """Adds, lists, changes, disables and deletes endpoints."""

    def __init__(self, engine: AsyncEngine, *, keys: KeyRing) -> None:
        self._engine = engine
        self._keys = keys

    async def add(self, endpoint: Endpoint, *, limit: int, audit: AuditRow | None = None) -> bool:
        """Store a new endpoint, which gets the events from now on; False if its app has `limit` already.

        Raises EndpointExists.
        """
        data_key, wrapped_key = self._keys.new_data_key(place=key_place(endpoint.app_id, endpoint.id))
        row = row_of(endpoint, data_key) | {
            "id": endpoint.id,
            "app_id": endpoint.app_id,
            "wrapped_key": wrapped_key,
            "state": endpoint.state,
            "created_at": endpoint.created_at,
            "cursor": _NEWEST_EVENT,
        }
        async with self._engine.begin() as connection:
            # Concurrent requests of one app would all count the same number.
            await connection.execute(select(func.pg_advisory_xact_lock(_lock_of(endpoint.app_id))))
            count = select(func.count()).where(column.app_id == endpoint.app_id)
            if await connection.scalar(select(column.id).where(column.id == endpoint.id)):
                raise EndpointExists
            if (await connection.scalar(count) or 0) >= limit:
                return False
            await connection.execute(insert(endpoints).values(row))
            await _note(connection, audit, endpoint)
        return True

    async def page(
        self,
        app_ids: Sequence[str] | None,
        *,
        state: EndpointState | None = None,
        limit: int,
        after: Position | None = None,
    ) -> list[Endpoint]:
        """The newest endpoints of these apps (None: all) after `after` (created_at, id)."""
        statement = (
            select(endpoints)
            .where(_of_apps(app_ids))
            .order_by(column.created_at.desc(), column.id.desc())
            .limit(limit)
        )
        if state is not None:
            statement = statement.where(column.state == state)
        if after is not None:
            statement = statement.where(tuple_(column.created_at, column.id) < tuple_(*after))
        async with self._engine.connect() as connection:
            return [self._endpoint(row) for row in await connection.execute(statement)]

    async def find(self, endpoint_id: UUID, app_ids: Sequence[str] | None) -> Endpoint | None:
        """One endpoint; None if these apps (None: any) have no such endpoint."""
        async with self._engine.connect() as connection:
            return await self._find(connection, _one(endpoint_id, app_ids))

    async def with_ids(self, endpoint_ids: Collection[UUID]) -> list[Endpoint]:
        """Those of these endpoints that exist, of any app."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(endpoints).where(column.id.in_(endpoint_ids)))
            return [self._endpoint(row) for row in rows]

    async def change(
        self,
        endpoint_id: UUID,
        app_ids: Sequence[str] | None,
        change: Change,
        *,
        audit: AuditRow | None = None,
    ) -> Endpoint | None:
        """Replace settings and private part by those that `change` returns, under the row's lock.

        None if these apps have no such endpoint. An exception of `change` changes nothing.

        Raises:
            BrokenSeal: no configured master key decrypts it.
        """
        async with self._engine.begin() as connection:
            row = (await connection.execute(_one(endpoint_id, app_ids).with_for_update())).first()
            if row is None:
                return None
            data_key = self._data_key(row)
            changed = change(self._opened(row, data_key))
            await connection.execute(
                update(endpoints).where(column.id == endpoint_id).values(row_of(changed, data_key))
            )
            await _note(connection, audit, changed)
        return changed

    async def enable(
        self,
        endpoint_id: UUID,
        app_ids: Sequence[str] | None,
        *,
        now: datetime,
        audit: AuditRow | None = None,
    ) -> Endpoint | None:
        """Enable an endpoint: it gets the events from now on. An enabled one stays as it is.

        None if these apps have no such endpoint.
        """
        enabling = _state_change(endpoint_id, app_ids, to=EndpointState.ENABLED).values(
            state=EndpointState.ENABLED,
            disabled_reason=None,
            disabled_at=None,
            failures=0,
            failing_since=None,
            next_probe_at=None,
            cursor=_NEWEST_EVENT,
            updated_at=now,
        )
        async with self._engine.begin() as connection:
            changed = (await connection.execute(enabling)).rowcount
            found = await self._find(connection, _one(endpoint_id, app_ids))
            if changed and found is not None:
                await _note(connection, audit, found)
        return found

    async def disable(
        self,
        endpoint_id: UUID,
        app_ids: Sequence[str] | None,
        *,
        reason: DisabledReason,
        now: datetime,
        audit: AuditRow | None = None,
    ) -> Endpoint | None:
        """Disable an endpoint, which gets no more events, and write `endpoint.disabled` to the log.

        A disabled one keeps its reason.

        None if these apps have no such endpoint.
        """
        disabling = _state_change(endpoint_id, app_ids, to=EndpointState.DISABLED).values(
            state=EndpointState.DISABLED, disabled_reason=reason, disabled_at=now, updated_at=now
        )
        async with self._engine.begin() as connection:
            changed = (await connection.execute(disabling)).rowcount
            found = await self._find(connection, _one(endpoint_id, app_ids))
            if changed and found is not None:
                await _note(connection, audit, found)
                await append(connection, [_disabled_event(found, now)])
        return found

    async def delete(
        self, endpoint_id: UUID, app_ids: Sequence[str] | None, *, audit: AuditRow | None = None
    ) -> Endpoint | None:
        """Delete an endpoint with its secrets, and return it; None if these apps have no such endpoint."""
        statement = delete(endpoints).where(column.id == endpoint_id, _of_apps(app_ids)).returning(endpoints)
        async with self._engine.begin() as connection:
            row = (await connection.execute(statement)).first()
            deleted = None if row is None else self._endpoint(row)
            if deleted is not None:
                await _note(connection, audit, deleted)
        return deleted

    async def _find(self, connection: AsyncConnection, statement: Select[Any]) -> Endpoint | None:
        row = (await connection.execute(statement)).first()
        return None if row is None else self._endpoint(row)

    def _endpoint(self, row: Row[*tuple[Any, ...]]) -> Endpoint:
        """The endpoint in a row, without its private part if nothing decrypts it."""
        try:
            return self._opened(row, self._data_key(row))
        except BrokenSeal:
            return endpoint_of(row, None)

    def _opened(self, row: Row[*tuple[Any, ...]], data_key: DataKey) -> Endpoint:
        place = private_place(row.app_id, row.id)
        return endpoint_of(row, unseal_packed(data_key, row.private_ct, place=place, kind=EndpointPrivate))

    def _data_key(self, row: Row[*tuple[Any, ...]]) -> DataKey:
        return self._keys.unwrap_data_key(row.wrapped_key, place=key_place(row.app_id, row.id))


async def _note(connection: AsyncConnection, audit: AuditRow | None, endpoint: Endpoint) -> None:
    """Append the audit's row about a change of this endpoint, in the transaction of the change."""
    if audit is not None:
        about = msgspec.structs.replace(audit, app_id=endpoint.app_id, subject=str(endpoint.id))
        await audit_rows.append(connection, [about])


def _disabled_event(endpoint: Endpoint, now: datetime) -> NewEvent:
    detail = {"endpoint_id": str(endpoint.id), "reason": endpoint.disabled_reason}
    return NewEvent(EventType.ENDPOINT_DISABLED, now, endpoint.app_id, detail=detail)


def _state_change(endpoint_id: UUID, app_ids: Sequence[str] | None, *, to: EndpointState) -> Any:
    return update(endpoints).where(column.id == endpoint_id, _of_apps(app_ids), column.state != to)


def _one(endpoint_id: UUID, app_ids: Sequence[str] | None) -> Select[Any]:
    return select(endpoints).where(column.id == endpoint_id, _of_apps(app_ids))


def _of_apps(app_ids: Sequence[str] | None) -> ColumnElement[bool]:
    return true() if app_ids is None else column.app_id.in_(app_ids)


def _lock_of(app_id: str) -> ColumnElement[int]:
    return func.hashtextextended(f"endpoints/{app_id}", 0)
