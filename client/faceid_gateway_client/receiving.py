"""Receive webhooks: once each, and in the order of each verification.

A webhook may arrive twice (the same id), and a redelivered one may arrive behind a newer one (a smaller `n`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Protocol

from faceid_gateway_client.models import Event
from faceid_gateway_client.webhooks import TOLERANCE, verify_webhook


class Memory(Protocol):
    """What your receiver remembers; keep it in your database, in the transaction of your own change."""

    def is_known(self, webhook_id: str) -> bool:
        """Whether this webhook was remembered."""

    def latest(self, app_id: str, biz_id: str) -> int:
        """The highest `n` that was remembered for the verification; 0 if there is none."""

    def remember(self, webhook_id: str, event: Event) -> None:
        """Remember a webhook that was handled."""


class InMemory:
    """A memory in this process, of the last `size` webhooks and verifications. For tests and small tools."""

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._latest: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._lock = Lock()

    def is_known(self, webhook_id: str) -> bool:
        """Whether this webhook was remembered."""
        return webhook_id in self._ids

    def latest(self, app_id: str, biz_id: str) -> int:
        """The highest `n` that was remembered for the verification; 0 if there is none."""
        return self._latest.get((app_id, biz_id), 0)

    def remember(self, webhook_id: str, event: Event) -> None:
        """Remember a webhook that was handled; forget the oldest over the size."""
        with self._lock:
            self._ids[webhook_id] = None
            if event.app_id and event.biz_id and event.n:
                place = (event.app_id, event.biz_id)
                self._latest[place] = max(event.n, self._latest.pop(place, 0))
            for kept in (self._ids, self._latest):
                while len(kept) > self._size:
                    kept.popitem(last=False)


@dataclass(frozen=True)
class Received:
    """A genuine webhook's event.

    `is_duplicate`: it was handled before; answer 2xx and do nothing. `is_stale`: a newer event of the same
    verification was handled before; do not overwrite what that one said.
    """

    event: Event
    webhook_id: str
    is_duplicate: bool
    is_stale: bool

    @property
    def is_news(self) -> bool:
        """Whether to act on it."""
        return not (self.is_duplicate or self.is_stale)


class Receiver:
    """Verifies webhooks and compares them with what was handled before."""

    def __init__(
        self,
        secrets: str | Iterable[str],
        *,
        memory: Memory | None = None,
        tolerance: timedelta = TOLERANCE,
    ) -> None:
        self._secrets = [secrets] if isinstance(secrets, str) else list(secrets)
        self._memory = memory if memory is not None else InMemory()
        self._tolerance = tolerance

    def receive(self, headers: Mapping[str, str], body: bytes) -> Received:
        """The event of a request. Call `handled` once you have acted on it.

        Raises:
            WebhookRejected: anything but a genuine, recent webhook.
        """
        webhook = verify_webhook(headers, body, self._secrets, tolerance=self._tolerance)
        event = webhook.event
        seen = self._memory.latest(event.app_id or "", event.biz_id or "") if event.n else 0
        return Received(
            event=event,
            webhook_id=webhook.id,
            is_duplicate=self._memory.is_known(webhook.id),
            is_stale=event.n is not None and event.n < seen,
        )

    def handled(self, received: Received) -> None:
        """Remember that you acted on it."""
        self._memory.remember(received.webhook_id, received.event)
