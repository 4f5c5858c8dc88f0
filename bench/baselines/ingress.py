"""The naive ingress: FastAPI reads the form, the sign is checked, arq takes the payload. As in both manuals.

A good engineer's straightforward version: async throughout, one shared Redis pool, constant-time compare,
uvicorn with uvloop and httptools and without access log. Nothing of it is slowed.
"""

import hashlib
import hmac
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import uvicorn
from arq import create_pool
from arq.connections import RedisSettings
from fastapi import FastAPI, Form, HTTPException

SECRET = os.environ["BENCH_API_SECRET"]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One arq pool for the process."""
    app.state.arq = await create_pool(RedisSettings.from_dsn(os.environ["BENCH_REDIS_URL"]))
    yield
    await app.state.arq.aclose()


app = FastAPI(lifespan=lifespan)


@app.post("/callbacks/{app_id}/notify")
async def notify(app_id: str, data: Annotated[str, Form()], sign: Annotated[str, Form()]) -> dict[str, str]:
    """Check the sign, enqueue the payload."""
    expected = hashlib.sha1((SECRET + data).encode()).hexdigest()
    if not hmac.compare_digest(expected, sign):
        raise HTTPException(401)
    await app.state.arq.enqueue_job("process_callback", app_id, data)
    return {"status": "accepted"}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
