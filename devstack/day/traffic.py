"""The callbacks of a day: the simulator plays the vendor and its users, in front of the real ingress."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

import httpx2

from domain.callback.signature import sign_data
from simulator.scenarios.identity import fake_number

AT_ONCE: Final = 4
ORDERED: Final = 3
"""Every n-th verification is ordered through the api first, as an integrated program does."""
REPEATED: Final = 9
"""Every n-th callback comes twice, as from the vendor."""
MISUSED: Final = 20
"""Every n-th verification is of one ID number, so that a limit of `[velocity]` has something to find."""

UNUSABLE: Final = (
    {"status": "OK", "biz_info": {"biz_no": "order-without-id"}},
    {"status": "OK"},
    {"status": "OK", "biz_info": {"biz_id": "not an id"}},
    {"status": "OK", "biz_info": {"biz_id": "另一种编号"}},
    {"status": "CANCELLED", "biz_info": {"biz_id": ""}},
)
"""Signed correctly, but without a usable biz_id: each becomes a dead letter."""


class Traffic:
    """Sends verifications through the addresses of a running `dev` (its description, as in dev.json)."""

    def __init__(self, client: httpx2.AsyncClient, dev: dict[str, Any], *, name: str) -> None:
        self._client = client
        self._dev = dev
        self._name = name
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self, scenarios: Sequence[str]) -> None:
        """Run these scenarios, a few at a time.

        Raises:
            httpx2.HTTPError: the simulator or the api does not answer, or refuses.
        """
        async with asyncio.TaskGroup() as group:
            for number, scenario in enumerate(scenarios, start=1):
                group.create_task(self._one(number, scenario))

    async def _one(self, number: int, scenario: str) -> None:
        async with self._room:
            await self._end(number, scenario)

    async def _end(self, number: int, scenario: str) -> None:
        biz_no = f"{self._name}-{number:04}"
        wanted: dict[str, Any] = {"app_id": self._dev["app_id"], "scenario": scenario}
        if scenario == "silent" or number % ORDERED == 0:
            wanted["biz_id"] = await self._order(biz_no)
        else:
            wanted["biz_no"] = biz_no
        if number % MISUSED == 0:
            wanted["idcard_number"] = fake_number("misused")
        if number % REPEATED == 0:
            wanted["duplicates"] = 2
        await self._post(f"{self._dev['simulator_url']}/simulator/verifications", wanted)

    async def _order(self, biz_no: str) -> str:
        order = {"app_id": self._dev["app_id"], "biz_no": biz_no}
        return str((await self._post(f"{self._dev['api_url']}/v1/verifications", order))["biz_id"])

    async def _post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._client.post(url, json=body)
        return dict(answer.raise_for_status().json())

    async def send_unusable(self) -> None:
        """Send callbacks that become dead letters."""
        url = f"{self._dev['ingress_url']}/callbacks/{self._dev['app_id']}/notify"
        secret = self._dev["vendor"]["api_secret"].encode()
        for payload in UNUSABLE:
            data = json.dumps(payload, ensure_ascii=False).encode()
            form = {"data": data.decode(), "sign": sign_data(data, secret, hash_name="sha1").decode()}
            (await self._client.post(url, data=form)).raise_for_status()
