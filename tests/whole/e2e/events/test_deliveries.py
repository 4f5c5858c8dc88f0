"""A process that only records makes events and sends nothing; one that only delivers sends each in every
format, and the receiver verifies it.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from adapters.postgres.engine import create_engine
from adapters.sealing.envelope import KeyRing
from adapters.store.webhooks.endpoints import PgEndpoints
from devstack.waiting import until
from domain.events.bodies import Format
from domain.events.webhooks.endpoint import Endpoint, EndpointPrivate, EndpointSettings
from domain.events.webhooks.signing import Signature, SigningSecret, new_secret
from tests.whole.e2e.roles.lone_roles import KEY, PATIENCE, Servers, decided, role, running_servers

pytestmark = pytest.mark.timeout(180)

SECRET: Final = new_secret(b"a-secret-of-32-bytes-for-testing")
KINDS: Final = [*Format, Signature.FORM_SHA1]
ALLOWED: Final = {"FACEID_WEBHOOK_ALLOW": "127.0.0.0/8"}


def verified(kind: str, headers: Any, body: bytes) -> dict[str, Any]:
    """The event of a genuine request."""
    if kind != Signature.FORM_SHA1:
        return dict(Webhook(SECRET).verify(body.decode(), dict(headers)))
    form = parse_qs(body.decode(), strict_parsing=True)
    [data], [sign] = form["data"], form["sign"]
    assert sign == hashlib.sha1(SECRET.encode() + data.encode()).hexdigest()
    return dict(json.loads(data))


class Receiver:
    """Verified events, by the path that they came to."""

    def __init__(self) -> None:
        self.events: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)

    async def take(self, request: web.Request) -> web.Response:
        kind = request.match_info["kind"]
        event = verified(kind, request.headers, await request.read())
        assert event["id"] == request.headers["webhook-id"]
        self.events[kind].append(event)
        return web.Response(status=204)

    async def has(self, count: int) -> bool:
        return [len(self.events[kind]) for kind in KINDS] == [count] * len(KINDS)


@asynccontextmanager
async def receiving(servers: Servers) -> AsyncIterator[Receiver]:
    """A receiver with an endpoint for each kind of body."""
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/{kind}", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    engine = create_engine(servers.postgres.url)
    try:
        for n, kind in enumerate(KINDS):
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/{kind}"
            assert await PgEndpoints(engine, keys=KeyRing([KEY])).add(endpoint(n, kind, url), limit=9)
        yield receiver
    finally:
        await engine.dispose()
        await runner.cleanup()


def endpoint(n: int, kind: Format | Signature, url: str) -> Endpoint:
    form, signature = (Format.THIN, kind) if isinstance(kind, Signature) else (kind, Signature.STANDARD)
    return Endpoint(
        id=UUID(int=n),
        app_id="demo",
        settings=EndpointSettings(url=url, format=form, signature=signature),
        private=EndpointPrivate(secrets=(SigningSecret(SECRET),)),
        created_at=datetime.now(UTC),
        updated_at=datetime.now(UTC),
    )


async def test_one_process_records_and_another_delivers_in_every_format(tmp_path: Path) -> None:
    async with running_servers(tmp_path) as servers, receiving(servers) as receiver:
        recording = servers.roles.with_settings(FACEID_ROLES="record").worker()
        async with role(recording, ends={0}):
            await servers.hand_in(1)
            await decided(servers, 1)
        assert receiver.events == {}
        delivering = servers.roles.with_settings(FACEID_ROLES="deliver", **ALLOWED).worker()
        async with role(delivering, ends={0}):
            await until(lambda: receiver.has(1), patience=PATIENCE)
    [thin], [full], [cloud], [form] = (receiver.events[kind] for kind in KINDS)
    assert thin["outcome"] is not None
    assert thin == form == cloud["data"]
    assert full == thin | {"scores": full["scores"]}
    assert full["scores"]["comparisons"]
    assert (cloud["specversion"], cloud["type"], cloud["subject"]) == ("1.0", thin["type"], thin["biz_id"])
