"""A client that hears every answer of a whole gateway."""

import json
from typing import Any
from urllib.parse import urlencode

import httpx2

from devstack.stack import Stack
from domain.callback.signature import sign_data
from tests.whole.e2e.gateway import Gateway


class Ears:
    """A gateway's client that keeps every answer of ingress and api."""

    def __init__(self, stack: Stack) -> None:
        self.gateway = Gateway(stack)
        self.heard: list[str] = []
        self._simulator = str(stack.simulator_url)
        for client in (self.gateway.api, self.gateway.web):
            client.event_hooks["response"] = [self._keep]

    async def _keep(self, answer: httpx2.Response) -> None:
        await answer.aread()
        if not str(answer.url).startswith(self._simulator):
            self.heard.append(f"{answer.status_code} {answer.headers} {answer.text}")

    async def post(self, fields: dict[str, Any], *, to: str = "notify", app_id: str = "demo") -> int:
        return (await self.gateway.post(urlencode(fields).encode(), to=to, app_id=app_id)).status_code

    def signed(self, tree: object) -> dict[str, Any]:
        """`data` and `sign` of a payload, or of bytes."""
        data = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
        return {"data": data, "sign": sign_data(data, self.gateway.stack.secrets.api_secret.encode())}
