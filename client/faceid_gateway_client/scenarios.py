"""Signed webhooks as the gateway would send them, for the tests of your receiver. No network, no gateway."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import io
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import count
from typing import Any
from uuid import uuid4

SECRET = "whsec_" + base64.b64encode(b"a secret for tests alone").decode()

_POLICY = {"name": "default", "version": "1", "hash": "0" * 64}

SCENARIOS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "pass": ("verification.approved", "approved", ()),
    "face_mismatch": ("verification.rejected", "rejected", ("face.below_threshold",)),
    "attack": ("verification.rejected", "rejected", ("attack.synthetic_face",)),
    "cancelled": ("verification.incomplete", "incomplete", ("flow.cancelled",)),
    "timeout": ("verification.incomplete", "incomplete", ("flow.timeout",)),
    "will_fail": ("verification.rejected", "rejected", ("will.failed",)),
    "name_mismatch": ("verification.rejected", "rejected", ("id.name_mismatch",)),
    "tampered": ("verification.review", "review", ("confirmation.disagrees",)),
    "result_lost": ("verification.review", "review", ("confirmation.unavailable",)),
    "silent": ("verification.approved", "approved", ()),
}
"""By the simulator's names: the event's type, outcome and reasons."""


@dataclass(frozen=True)
class SignedWebhook:
    """A request as the gateway sends it."""

    event: Mapping[str, Any]
    body: bytes
    headers: Mapping[str, str]

    def to_wsgi(self, app: Callable[..., Iterable[bytes]], path: str = "/") -> int:
        """Call a WSGI application (Django, Flask) with it; the status of its answer."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST", "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "",
            "SERVER_NAME": "testserver", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(self.body)),
            "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(), "wsgi.multithread": False, "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }  # fmt: skip
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        statuses: list[str] = []
        for _ in app(environ, lambda status, _headers, _error=None: statuses.append(status)):
            pass
        return int(statuses[0].split(" ", 1)[0])

    def to_asgi(self, app: Callable[..., Awaitable[None]], path: str = "/") -> int:
        """Call an ASGI application (FastAPI, Starlette, Django) with it; the status of its answer."""
        return asyncio.run(self.to_asgi_async(app, path))

    async def to_asgi_async(self, app: Callable[..., Awaitable[None]], path: str = "/") -> int:
        """As `to_asgi`, in a running loop."""
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
            "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
            "headers": [*headers, (b"host", b"testserver"), (b"content-length", b"%d" % len(self.body))],
            "server": ("testserver", 80), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        statuses: list[int] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": self.body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await app(scope, receive, send)
        return statuses[0]


@dataclass
class WebhookFactory:
    """Makes signed webhooks; each gets the next `seq`, each of a verification its next `n`."""

    secret: str = SECRET
    app_id: str = "demo"
    _seq: count[int] = field(default_factory=lambda: count(1))
    _n: dict[str, int] = field(default_factory=dict)

    def scenario(self, name: str, *, biz_id: str | None = None, **changes: Any) -> SignedWebhook:
        """The webhook of a scenario of the simulator. Raises KeyError for an unknown name."""
        kind, outcome, reasons = SCENARIOS[name]
        return self.event(kind, biz_id=biz_id, outcome=outcome, reasons=list(reasons), **changes)

    def expired(self, *, biz_id: str | None = None) -> SignedWebhook:
        """The webhook of a verification that nothing came of."""
        return self.event("verification.expired", biz_id=biz_id, policy=None, basis=None)

    def reviewed(
        self, outcome: str = "approved", *, biz_id: str | None = None, **changes: Any
    ) -> SignedWebhook:
        """The webhook of a person's conclusion about a verification that the policy left to a person."""
        told = {"outcome": "review", "effective_outcome": outcome, "reasons": ["confirmation.disagrees"]}
        detail = {"case_id": str(uuid4()), "review": 1, "reasons": ["person.matches"]}
        return self.event("verification.reviewed", biz_id=biz_id, **{**told, "detail": detail, **changes})

    def event(self, kind: str, *, biz_id: str | None = None, **changes: Any) -> SignedWebhook:
        """The webhook of an event of this type; `changes` replaces its members."""
        verification = biz_id or f"1462259748,{uuid4()}"
        outcome = changes.get("outcome")
        self._n[verification] = self._n.get(verification, 0) + 1
        event: dict[str, Any] = {
            "seq": next(self._seq),
            "id": str(uuid4()),
            "type": kind,
            "at": _now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "app_id": self.app_id,
            "biz_id": verification,
            "biz_no": f"order-{verification[-8:]}",
            "n": self._n[verification],
            "outcome": outcome,
            "effective_outcome": outcome,
            "reasons": [],
            "basis": "confirmed",
            "policy": _POLICY,
        }
        return self.sign(event | changes)

    def sign(self, event: Mapping[str, Any], *, at: datetime | None = None) -> SignedWebhook:
        """Sign an event, as of now or of another time."""
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = str(int((at or _now()).timestamp()))
        key = base64.b64decode(self.secret.partition("_")[2])
        content = f"{event['id']}.{timestamp}.".encode() + body
        signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        headers = {
            "content-type": "application/json",
            "webhook-id": event["id"],
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{signature}",
        }
        return SignedWebhook(event, body, headers)


def _now() -> datetime:
    return datetime.now(timezone.utc)
