"""Send one test event to an endpoint and report what came back."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.errors import BrokenSeal, NoSuchEndpoint
from domain.events.event import Event, EventBody, EventType
from domain.events.webhooks.delivery import Attempt, attempt_of
from domain.events.webhooks.endpoint import Endpoint
from domain.events.webhooks.signing import PrivateKey
from domain.events.webhooks.verdict import judge
from domain.events.webhooks.way import Post
from domain.people.actor import Actor
from usecases.events.webhooks.signed import signed
from usecases.ports.audit import AuditLog
from usecases.ports.events.endpoints import Endpoints


class EndpointTrials:
    """Sends test events, which are in no log and change nothing about the endpoint."""

    def __init__(
        self,
        endpoints: Endpoints,
        post: Post,
        audit: AuditLog,
        *,
        open_key: Callable[[bytes], PrivateKey],
        clock: Callable[[], datetime],
    ) -> None:
        self._endpoints = endpoints
        self._post = post
        self._audit = audit
        self._open_key = open_key
        self._clock = clock

    async def send(self, endpoint_id: UUID, app_ids: Sequence[str] | None, *, actor: Actor) -> Attempt:
        """Send an `endpoint.test`, signed as every event; an endpoint that is disabled gets it as well.

        Raises:
            NoSuchEndpoint: these apps have no such endpoint.
            BrokenSeal: no configured master key decrypts its secrets.
        """
        endpoint = await self._endpoints.find(endpoint_id, app_ids)
        if endpoint is None:
            raise NoSuchEndpoint
        members = {"app_id": endpoint.app_id, "subject": str(endpoint_id)}
        await self._audit.note(AuditRow.by(actor, Action.ENDPOINT_TESTED, **members))
        return await self._send(endpoint)

    async def _send(self, endpoint: Endpoint) -> Attempt:
        way, private = endpoint.way, endpoint.private
        if way is None or private is None:
            raise BrokenSeal("endpoints.private_ct")
        at, began = self._clock(), time.monotonic()
        webhook = signed(
            trial_event(endpoint.app_id, at),
            None,
            settings=endpoint.settings,
            private=private,
            at=at,
            open_key=self._open_key,
        )
        sent = await self._post.post(way, webhook.body, webhook.headers)
        return attempt_of(1, sent, judge(sent), at=at, ms=round((time.monotonic() - began) * 1000))


def trial_event(app_id: str, at: datetime) -> Event:
    """An event of no verification; its `seq` is 0, which no event of the log has."""
    return Event(
        seq=0,
        id=uuid4(),
        type=EventType.TEST,
        at=at,
        app_id=app_id,
        verification_id=None,
        n=None,
        body=EventBody(),
    )
