"""A receiver of webhooks that verifies each, notes it in a file, and answers 204: one line for each request.

A separate process (`python -m tests.whole.faults.rig.receiver PORT FILE`), so that a test can kill it.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

from aiohttp import web
from standardwebhooks.webhooks import Webhook

from domain.events.webhooks.signing import new_secret

SECRET: Final = new_secret(b"a secret of the fault suite, 32!")


async def _serve(port: int, file: Path) -> None:
    log = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        event = Webhook(SECRET).verify(body.decode(), dict(request.headers))
        assert event["id"] == request.headers["webhook-id"]
        os.write(log, f"{event['n']} {event['id']}\n".encode())
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
