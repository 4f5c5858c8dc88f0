"""`listen` brings the events of a running gateway to a program on this machine."""

import asyncio
import json

import pytest
from standardwebhooks import Webhook

from adapters.tasks.background import end_tasks
from cli.commands.webhooks.listen import forward_all
from cli.connection.event_stream import Wanted
from cli.connection.whereabouts import ApiPlace
from devstack.waiting import until
from tests.support.servers.vendor import answers, serving
from tests.whole.e2e.gateway import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "whsec_" + "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="


async def test_a_decision_reaches_the_program_signed(gateway: Gateway) -> None:
    place = ApiPlace(gateway.stack.api_url, gateway.stack.secrets.api_token)
    async with serving(answers(204, b"")) as program:
        wanted = Wanted(("verification.rejected",), "demo", 0)
        forwarding = asyncio.create_task(forward_all(place, wanted, to=program.url, secret=SECRET))
        biz_id = (await gateway.simulate("attack"))["biz_id"]

        async def arrived() -> bool:
            return any(json.loads(body)["biz_id"] == biz_id for body in program.bodies)

        await until(arrived, patience=30)
        await end_tasks(forwarding)
    [at] = [n for n, body in enumerate(program.bodies) if json.loads(body)["biz_id"] == biz_id]
    lines = program.requests[at].split("\r\n")[1:]
    headers = dict(
        line.lower().split(": ", 1) for line in lines if not line.startswith("webhook-sig") and line
    )
    [signature] = [line.split(": ", 1)[1] for line in lines if line.lower().startswith("webhook-signature")]
    event = Webhook(SECRET).verify(program.bodies[at], headers | {"webhook-signature": signature})
    assert event["reasons"] == ["attack.synthetic_face"]
