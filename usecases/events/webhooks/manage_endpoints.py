"""Create, change, rotate, enable, disable and delete webhook endpoints, for the api and the command line."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import msgspec
import structlog

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.errors import EndpointChanged, NoSuchEndpoint
from domain.events.webhooks.checks import check_headers, check_rotation, check_settings
from domain.events.webhooks.endpoint import (
    DisabledReason,
    Endpoint,
    EndpointPrivate,
    EndpointSettings,
    EndpointState,
    SigningKey,
    way_of,
)
from domain.events.webhooks.mistakes import EndpointRefused, Mistake
from domain.events.webhooks.rotation import rotated
from domain.events.webhooks.signing import SigningSecret
from domain.people.actor import Actor
from usecases.ports.events.endpoints import Endpoints, NewSecrets, Ways

log = structlog.get_logger(__name__)

_WAY: Final = frozenset({"url", "headers", "ca", "client_certificate"})


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an endpoint. `settings`, `tls`: the fields to replace, by name.

    `headers`: by name in lower case; None removes one. `ed25519`: whether it signs with an ed25519 key too;
    None leaves that as it is.
    """

    settings: Mapping[str, Any] = {}
    tls: Mapping[str, str | None] = {}
    headers: Mapping[str, str | None] = {}
    ed25519: bool | None = None

    def __repr__(self) -> str:
        return "Changes(...)"


NO_CHANGES: Final = Changes()


class Shown(msgspec.Struct, frozen=True):
    """An endpoint with its newest secret, which is shown this once. The repr does not show it."""

    endpoint: Endpoint
    secret: str

    def __repr__(self) -> str:
        return f"Shown(endpoint={self.endpoint!r})"


class EndpointDesk:
    """Manages the endpoints of the apps that the caller may see.

    `limit`: the most endpoints of one app. `actor`: who asks, for the audit and the log. `app_ids`: None
    means every app.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        ways: Ways,
        secrets: NewSecrets,
        limit: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._endpoints = endpoints
        self._ways = ways
        self._secrets = secrets
        self._limit = limit
        self._clock = clock

    async def create(
        self,
        app_id: str,
        settings: EndpointSettings,
        *,
        extra: Changes = NO_CHANGES,
        actor: Actor,
        endpoint_id: UUID | None = None,
    ) -> Shown:
        """Create an endpoint; it gets the events from now on. `extra`: headers, TLS and keys.
        `endpoint_id`: chosen by the caller, so that the same order creates one endpoint.

        Raises:
            EndpointRefused: it cannot be created as wanted.
            EndpointExists: there is an endpoint with this id.
        """
        now, secret = self._clock(), self._secrets.secret()
        blank = Endpoint(
            id=endpoint_id or uuid4(),
            app_id=app_id,
            settings=settings,
            private=EndpointPrivate(secrets=(SigningSecret(secret),)),
            created_at=now,
            updated_at=now,
        )
        endpoint = self._changed(blank, extra)
        await self._check_way(endpoint)
        row = AuditRow.by(actor, Action.ENDPOINT_CREATED, detail={"host": urlsplit(settings.url).hostname})
        if not await self._endpoints.add(endpoint, limit=self._limit, audit=row):
            raise EndpointRefused(Mistake.TOO_MANY_ENDPOINTS)
        _log("endpoint.created", endpoint, actor)
        return Shown(endpoint, secret)

    async def change(
        self,
        endpoint_id: UUID,
        app_ids: Sequence[str] | None,
        changes: Changes,
        *,
        actor: Actor,
        seen: datetime | None = None,
    ) -> Endpoint:
        """Change an endpoint. `seen`: `updated_at` of the endpoint that the caller has seen.

        Raises:
            EndpointChanged: it was changed since it was seen.
            NoSuchEndpoint: these apps have no such endpoint.
            EndpointRefused: it cannot be changed as wanted.
            BrokenSeal: no configured master key decrypts its secrets.
        """
        before = await self.find(endpoint_id, app_ids)
        if before.private is not None and _WAY & {*changes.settings, *changes.tls, *_names(changes)}:
            await self._check_way(self._changed(before, changes))
        row = AuditRow.by(actor, Action.ENDPOINT_CHANGED, detail={"fields": _fields(changes)})

        def change(found: Endpoint) -> Endpoint:
            _check_seen(found, seen)
            return self._changed(found, changes)

        changed = _there(await self._endpoints.change(endpoint_id, app_ids, change, audit=row))
        _log("endpoint.changed", changed, actor)
        return changed

    async def rotate(
        self,
        endpoint_id: UUID,
        app_ids: Sequence[str] | None,
        *,
        overlap: timedelta,
        actor: Actor,
        seen: datetime | None = None,
    ) -> Shown:
        """Give an endpoint a new secret, and a new ed25519 key if it has one; the earlier ones stay valid for
        `overlap`. `seen`: `updated_at` of the endpoint that the caller has seen.

        Raises as `change`, and EndpointChanged: it was changed since it was seen.
        """
        secret = self._secrets.secret()
        rotate = self._rotation(secret, overlap, seen)
        detail = {"overlap_seconds": round(overlap.total_seconds())}
        row = AuditRow.by(actor, Action.ENDPOINT_ROTATED, detail=detail)
        changed = _there(await self._endpoints.change(endpoint_id, app_ids, rotate, audit=row))
        _log("endpoint.secret_rotated", changed, actor)
        return Shown(changed, secret)

    async def enable(self, endpoint_id: UUID, app_ids: Sequence[str] | None, *, actor: Actor) -> Endpoint:
        """Enable an endpoint; it gets the events from now on. Raises NoSuchEndpoint."""
        row = AuditRow.by(actor, Action.ENDPOINT_ENABLED)
        enabled = _there(await self._endpoints.enable(endpoint_id, app_ids, now=self._clock(), audit=row))
        _log("endpoint.enabled", enabled, actor)
        return enabled

    async def disable(self, endpoint_id: UUID, app_ids: Sequence[str] | None, *, actor: Actor) -> Endpoint:
        """Disable an endpoint. Raises NoSuchEndpoint."""
        reason, now = DisabledReason.BY_HAND, self._clock()
        row = AuditRow.by(actor, Action.ENDPOINT_DISABLED)
        disabled = _there(
            await self._endpoints.disable(endpoint_id, app_ids, reason=reason, now=now, audit=row)
        )
        _log("endpoint.disabled", disabled, actor)
        return disabled

    async def delete(self, endpoint_id: UUID, app_ids: Sequence[str] | None, *, actor: Actor) -> None:
        """Delete an endpoint with its secrets. Raises NoSuchEndpoint."""
        row = AuditRow.by(actor, Action.ENDPOINT_DELETED)
        deleted = _there(await self._endpoints.delete(endpoint_id, app_ids, audit=row))
        _log("endpoint.deleted", deleted, actor)

    async def page(
        self,
        app_ids: Sequence[str] | None,
        *,
        state: EndpointState | None = None,
        limit: int,
        after: tuple[datetime, UUID] | None = None,
    ) -> list[Endpoint]:
        """The newest endpoints after `after` (created_at, id)."""
        return await self._endpoints.page(app_ids, state=state, limit=limit, after=after)

    async def find(self, endpoint_id: UUID, app_ids: Sequence[str] | None) -> Endpoint:
        """One endpoint. Raises NoSuchEndpoint."""
        return _there(await self._endpoints.find(endpoint_id, app_ids))

    def _changed(self, endpoint: Endpoint, changes: Changes) -> Endpoint:
        """The endpoint after the changes. Raises EndpointRefused."""
        assert endpoint.private is not None  # noqa: S101 - the store has decrypted it
        settings = msgspec.structs.replace(endpoint.settings, **changes.settings)
        check_settings(settings)
        headers = dict(endpoint.private.headers) | dict(changes.headers)
        kept = tuple((name, value) for name, value in headers.items() if value is not None)
        check_headers(kept)
        private = msgspec.structs.replace(
            endpoint.private,
            headers=kept,
            keys=self._keys(endpoint.private, changes.ed25519),
            **changes.tls,
        )
        return msgspec.structs.replace(endpoint, settings=settings, private=private, updated_at=self._clock())

    def _rotation(
        self, secret: str, overlap: timedelta, seen: datetime | None
    ) -> Callable[[Endpoint], Endpoint]:
        now = self._clock()

        def rotate(endpoint: Endpoint) -> Endpoint:
            assert endpoint.private is not None  # noqa: S101 - as above
            _check_seen(endpoint, seen)
            if overlap:
                check_rotation(endpoint.private, now)
            key = SigningKey(*self._secrets.key()) if endpoint.private.keys else None
            private = rotated(endpoint.private, secret=secret, key=key, now=now, until=now + overlap)
            return msgspec.structs.replace(endpoint, private=private, updated_at=now)

        return rotate

    def _keys(self, private: EndpointPrivate, wanted: bool | None) -> tuple[SigningKey, ...]:
        if wanted is None or wanted == bool(private.keys):
            return private.keys
        return (SigningKey(*self._secrets.key()),) if wanted else ()

    async def _check_way(self, endpoint: Endpoint) -> None:
        assert endpoint.private is not None  # noqa: S101 - as above
        await self._ways.check(way_of(endpoint.settings, endpoint.private))


def _names(changes: Changes) -> set[str]:
    return {"headers"} if changes.headers else set()


def _fields(changes: Changes) -> list[str]:
    """What a change names, without values: they may be secrets."""
    more = {"ed25519"} if changes.ed25519 is not None else set()
    return sorted({*changes.settings, *changes.tls, *_names(changes), *more})


def _check_seen(endpoint: Endpoint, seen: datetime | None) -> None:
    if seen not in (None, endpoint.updated_at):
        raise EndpointChanged


def _there(endpoint: Endpoint | None) -> Endpoint:
    if endpoint is None:
        raise NoSuchEndpoint
    return endpoint


def _log(event: str, endpoint: Endpoint, actor: Actor) -> None:
    log.info(event, app_id=endpoint.app_id, endpoint_id=str(endpoint.id), actor=str(actor))
