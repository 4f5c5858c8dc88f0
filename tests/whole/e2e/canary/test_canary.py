"""A name, a number and secrets go through every flow and every refusal; afterwards they are found nowhere.

Searched: every answer of ingress and api, what Redis and PostgreSQL tell, and every file of the data folder:
logs, Valkey's append-only file, PostgreSQL's tables and write-ahead log, the spool.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.postgres.engine import create_engine
from devstack.stack import Stack
from simulator.api.results import JPEG
from tests.support.storage.dumps import dump_database, dump_redis
from tests.whole.e2e.canary.callbacks import (
    callbacks_of_every_kind,
    dead_letters,
    redis_away,
    refused_callbacks,
    spooled,
)
from tests.whole.e2e.canary.requests import (
    endpoints,
    everything_that_can_be_read,
    orders_and_registrations,
    reads_of_identity,
    refused_requests,
)
from tests.whole.e2e.canary.words import (
    EXTRA,
    NAME,
    NUMBER,
    ORDER,
    PICTURE,
    RIGHT_NUMBER,
    WORD,
    files_of,
    stands,
)
from tests.whole.e2e.ears import Ears

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def ears(stack: Stack) -> AsyncIterator[Ears]:
    ears = Ears(stack)
    yield ears
    await ears.gateway.aclose()


async def test_the_canary_is_found_nowhere(ears: Ears, stack: Stack, stack_folder: Path) -> None:
    shown = await endpoints(ears)
    await callbacks_of_every_kind(ears)
    await refused_callbacks(ears)
    await orders_and_registrations(ears)
    await refused_requests(ears)
    await dead_letters(ears)
    async with redis_away(ears):
        await spooled(ears, stack_folder)
    await ears.gateway.settled()
    await everything_that_can_be_read(ears)
    await reads_of_identity(ears)
    secrets = stack.secrets
    words = [NAME, NUMBER, RIGHT_NUMBER, EXTRA, PICTURE.decode(), WORD, *shown]
    words += [secrets.api_secret, secrets.api_token, secrets.master_key]
    engine = create_engine(stack.database_url)
    texts = {
        "answers": "\n".join(ears.heard),
        "redis": await dump_redis(ears.gateway.redis),
        "database": await dump_database(engine),
    }
    await engine.dispose()
    places = {place: text.encode() for place, text in texts.items()}
    places |= await asyncio.to_thread(files_of, stack_folder)
    assert [
        (place, word) for place, content in places.items() for word in words if stands(word, content)
    ] == []
    _assert_no_picture_is_readable(places)
    _assert_the_search_finds(places)
    assert len(ears.heard) > 60
    assert texts["database"].count("decision.saved") >= 4


def _assert_no_picture_is_readable(places: Mapping[str, bytes]) -> None:
    """The simulator's pictures were stored, and are found nowhere as they are."""
    assert [place for place in places if place.startswith("pictures/")]
    encoded = base64.b64encode(JPEG).rstrip(b"=")
    assert [place for place, content in places.items() if JPEG in content or encoded in content] == []


def _assert_the_search_finds(places: Mapping[str, bytes]) -> None:
    """What is kept in the clear is found where it has to be."""
    found = [place for place, content in places.items() if stands(ORDER, content)]
    assert {"answers", "database"} <= set(found)
    assert any("pg_wal" in place for place in found)
    assert any("appendonly" in place for place in places)
    assert any(b"decision.saved" in content for place, content in places.items() if "worker" in place)
