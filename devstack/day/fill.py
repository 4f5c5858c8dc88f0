"""Fill a running `dev` with a day: traffic, persons, reviews, dead letters, webhooks."""

from datetime import datetime
from typing import Any, Final

import httpx2

from devstack.day.cases import Reviews
from devstack.day.overdue import make_overdue
from devstack.day.people import persons_at_work
from devstack.day.plan import REVIEWED, plan_of
from devstack.day.traffic import Traffic

HEALTHY, FAILING = 204, 503
ANSWERS: Final = {HEALTHY: "verification.*", FAILING: "verification.rejected"}
"""The answer of a receiver of the simulator, and the events that it gets."""

PATIENCE: Final = 60.0


async def fill(dev: dict[str, Any], count: int, *, now: datetime) -> None:
    """Run `count` verifications through the `dev` with this description (as in dev.json), and what people do
    with them. Everything goes through the ingress, the api and the use cases, so all of it happens now; only
    the case that is overdue gets an earlier time.

    Raises:
        httpx2.HTTPError, TimeoutError, ServerAway: something does not answer.
    """
    headers = {"authorization": f"Bearer {dev['api_token']}"}
    scenarios = plan_of(count)
    async with httpx2.AsyncClient(trust_env=False, headers=headers, timeout=PATIENCE) as client:
        await _listen(client, dev)
        traffic = Traffic(client, dev, name=f"order-{now:%m%d-%H%M%S}")
        await traffic.run(scenarios)
        await traffic.send_unusable()
        async with persons_at_work(dev["database_url"]) as tokens:
            expected = sum(each in REVIEWED for each in scenarios)
            waiting = await Reviews(client, dev["api_url"], tokens).work(expected=expected)
    if waiting is not None:
        await make_overdue(dev["database_url"], waiting)


async def _listen(client: httpx2.AsyncClient, dev: dict[str, Any]) -> None:
    """A webhook endpoint that works and one that fails, once."""
    endpoints = f"{dev['api_url']}/v1/endpoints"
    listed = (await client.get(endpoints)).raise_for_status().json()["items"]
    for answer, types in ANSWERS.items():
        url = f"{dev['simulator_url']}/simulator/receivers/{answer}"
        if all(each["url"] != url for each in listed):
            wanted = {"app_id": dev["app_id"], "url": url, "types": [types]}
            (await client.post(endpoints, json=wanted)).raise_for_status()
