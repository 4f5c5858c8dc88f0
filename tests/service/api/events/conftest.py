"""The api on a real socket, because a stream never ends by itself; and its feed, which follows the log."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI

from adapters.tasks.background import end_tasks
from tests.support.http.api import RealApi
from tests.support.http.clients import plain_client
from tests.support.http.requests_sent import LIMITS
from tests.support.http.sockets import served


@pytest.fixture
async def following(api_context: RealApi) -> AsyncIterator[None]:
    """The feed follows the log, as in the API's lifespan."""
    task = asyncio.create_task(api_context.feed.follow())
    yield
    await end_tasks(task)


@pytest.fixture
async def sockets(
    api_app: FastAPI, api_context: RealApi, following: None
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the api over sockets, with a token for every app."""
    await api_context.tokens.put("all", "all-token")
    async with (
        served(api_app, LIMITS) as listener,
        plain_client(
            f"http://127.0.0.1:{listener.port}", headers={"authorization": "Bearer all-token"}, timeout=20
        ) as client,
    ):
        yield client
        api_context.lifecycle.draining = True
        api_context.feed.wake_all()
