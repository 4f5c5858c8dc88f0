"""The ceiling of uvicorn: a bare ASGI app that reads the body and answers a constant."""

import sys
from typing import Any

import uvicorn

START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"21")],
}
BODY = {"type": "http.response.body", "body": b'{"status":"accepted"}'}


async def app(_scope: Any, receive: Any, send: Any) -> None:
    """Read everything, check nothing, keep nothing."""
    while (await receive()).get("more_body"):
        pass
    await send(START)
    await send(BODY)


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning", lifespan="off")
