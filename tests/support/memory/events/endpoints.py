"""Webhook endpoints in memory."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from domain.audit.row import AuditRow
from domain.errors import EndpointExists
from domain.events.webhooks.endpoint import DisabledReason, Endpoint, EndpointState
from domain.events.webhooks.schedule import Health
from tests.support.memory.servers import MemoryDatabase


class MemoryEndpoints:
    """Endpoints by their ids."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def add(self, endpoint: Endpoint, *, limit: int, audit: AuditRow | None = None) -> bool:
        async with self._database.call():
            theirs = [each for each in self._all() if each.app_id == endpoint.app_id]
            if len(theirs) >= limit:
                return False
            if endpoint.id in self._database.endpoints:
                raise EndpointExists
            self._put(endpoint)
            return True

    async def page(
        self,
        app_ids: Sequence[str] | None,
        *,
        state: EndpointState | None = None,
        limit: int,
        after: tuple[datetime, UUID] | None = None,
    ) -> list[Endpoint]:
        async with self._database.call():
            found = [
                each
                for each in self._all()
                if (app_ids is None or each.app_id in app_ids)
                and state in (None, each.state)
                and (after is None or (each.created_at, each.id) < after)
            ]
            return sorted(found, key=lambda each: (each.created_at, each.id), reverse=True)[:limit]

    async def find(self, endpoint_id: UUID, app_ids: Sequence[str] | None) -> Endpoint | None:
        async with self._database.call():
            return self._find(endpoint_id, app_ids)

    async def change(
        self,
        endpoint_id: UUID,
        app_ids: Sequence[str] | None,
        change: Callable[[Endpoint], Endpoint],
        *,
        audit: AuditRow | None = None,
    ) -> Endpoint | None:
        async with self._database.call():
            found = self._find(endpoint_id, app_ids)
            return None if found is None else self._put(change(found))

    async def enable(
        self,
        endpoint_id: UUID,
        app_ids: Sequence[str] | None,
        *,
        now: datetime,
        audit: AuditRow | None = None,
    ) -> Endpoint | None:
        async with self._database.call():
            found = self._find(endpoint_id, app_ids)
            if found is None or found.state is EndpointState.ENABLED:
                return found
            return self._put(
                msgspec.structs.replace(
                    found,
                    state=EndpointState.ENABLED,
                    disabled_reason=None,
                    disabled_at=None,
                    health=Health(),
                    updated_at=now,
                )
            )

    async def disable(
        self,
        endpoint_id: UUID,
        app_ids: Sequence[str] | None,
        *,
        reason: DisabledReason,
        now: datetime,
        audit: AuditRow | None = None,
    ) -> Endpoint | None:
        async with self._database.call():
            found = self._find(endpoint_id, app_ids)
            if found is None or found.state is EndpointState.DISABLED:
                return found
            return self._put(
                msgspec.structs.replace(
                    found,
                    state=EndpointState.DISABLED,
                    disabled_reason=reason,
                    disabled_at=now,
                    updated_at=now,
                )
            )

    async def delete(
        self, endpoint_id: UUID, app_ids: Sequence[str] | None, *, audit: AuditRow | None = None
    ) -> Endpoint | None:
        async with self._database.call():
            found = self._find(endpoint_id, app_ids)
            return None if found is None else self._database.endpoints.pop(endpoint_id)

    def _all(self) -> Sequence[Endpoint]:
        return [*self._database.endpoints.values()]

    def _find(self, endpoint_id: UUID, app_ids: Sequence[str] | None) -> Endpoint | None:
        found = self._database.endpoints.get(endpoint_id)
        return None if found is None or (app_ids is not None and found.app_id not in app_ids) else found

    def _put(self, endpoint: Endpoint) -> Endpoint:
        self._database.endpoints[endpoint.id] = endpoint
        return endpoint
