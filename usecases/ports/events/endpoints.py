"""Where webhook endpoints are stored, and how their receivers are checked."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.audit.row import AuditRow
from domain.events.webhooks.endpoint import DisabledReason, Endpoint, EndpointState
from domain.events.webhooks.way import Way


class Endpoints(Protocol):
    """Webhook endpoints. `app_ids` limits each request to these apps; None means every app."""

    async def add(self, endpoint: Endpoint, *, limit: int, audit: AuditRow) -> bool:
        """Store a new endpoint, which gets the events from now on; False if its app has `limit` already.

        Raises EndpointExists.
        """

    async def page(
        self,
        app_ids: Sequence[str] | None,
        *,
        state: EndpointState | None = None,
        limit: int,
        after: tuple[datetime, UUID] | None = None,
    ) -> list[Endpoint]:
        """The newest endpoints after `after` (created_at, id)."""

    async def find(self, endpoint_id: UUID, app_ids: Sequence[str] | None) -> Endpoint | None:
        """One endpoint; None if these apps have no such endpoint."""

    async def change(
        self,
        endpoint_id: UUID,
        app_ids: Sequence[str] | None,
        change: Callable[[Endpoint], Endpoint],
        *,
        audit: AuditRow,
    ) -> Endpoint | None:
        """Replace settings and private part by those that `change` returns; concurrent changes wait.

        None if these apps have no such endpoint. An exception of `change` changes nothing. Raises BrokenSeal.
        """

    async def enable(
        self, endpoint_id: UUID, app_ids: Sequence[str] | None, *, now: datetime, audit: AuditRow
    ) -> Endpoint | None:
        """Enable an endpoint, which gets the events from now on; an enabled one stays as it is."""

    async def disable(
        self,
        endpoint_id: UUID,
        app_ids: Sequence[str] | None,
        *,
        reason: DisabledReason,
        now: datetime,
        audit: AuditRow,
    ) -> Endpoint | None:
        """Disable an endpoint, which gets no more events; a disabled one keeps its reason."""

    async def delete(
        self, endpoint_id: UUID, app_ids: Sequence[str] | None, *, audit: AuditRow
    ) -> Endpoint | None:
        """Delete an endpoint with its secrets, and return it."""


class Ways(Protocol):
    """The network as webhooks see it."""

    async def check(self, way: Way) -> None:
        """Check whether a webhook could be sent this way now. What protects is the check at each connection.

        Raises:
            EndpointRefused: the address is refused, the name does not resolve, or a certificate is unusable.
        """


class NewSecrets(Protocol):
    """Makes secrets and keys."""

    def secret(self) -> str:
        """A new random secret, `whsec_…`."""

    def key(self) -> tuple[bytes, str]:
        """The seed of a new ed25519 key, and its public key, `whpk_…`."""
