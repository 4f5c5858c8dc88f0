"""An authority stamps the newest block once an hour; what it stamps must be what was asked."""

import asyncio
import base64
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.outbound.anchors.timestamps import TimestampAnchor
from adapters.store.audit.blocks import PgAuditBlocks
from adapters.store.audit.timestamps import PgTimestamps
from cli.audit import verify_audit
from domain.audit.blocks import Block
from domain.errors import AnchorFailed
from tests.support.storage.audit.audits import close_all, exported, write_rows

Stamp = Callable[[bytes], Awaitable[web.Response]]

_CONFIG = """
[tsa]
default_tsa = stub
[stub]
serial = {folder}/serial
signer_cert = {folder}/cert.pem
signer_key = {folder}/key.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
"""


class Authority:
    """A stub of a time stamping authority, by the command `openssl ts`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "config").write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        names = ("-subj", "/CN=stub", "-addext", "extendedKeyUsage=critical,timeStamping")
        files = ("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"))
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", *names, *files)

    async def stamp(self, query: bytes) -> web.Response:
        """The answer to a query."""
        token = await asyncio.to_thread(self._stamp, query)
        return web.Response(body=token, content_type="application/timestamp-reply")

    def accepts(self, token: bytes, data: bytes) -> bool:
        """Whether `openssl ts -verify` takes the token for this data."""
        (self._folder / "token").write_bytes(token)
        (self._folder / "data").write_bytes(data)
        files = ("-in", str(self._folder / "token"), "-data", str(self._folder / "data"))
        known = str(self._folder / "cert.pem")
        command = ["openssl", "ts", "-verify", *files, "-CAfile", known, "-untrusted", known]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def _stamp(self, query: bytes) -> bytes:
        (self._folder / "query").write_bytes(query)
        files = ("-queryfile", str(self._folder / "query"), "-out", str(self._folder / "reply"))
        self._openssl("ts", "-reply", "-config", str(self._folder / "config"), *files)
        return (self._folder / "reply").read_bytes()

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], capture_output=True, check=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


@asynccontextmanager
async def serving(stamp: Stamp) -> AsyncIterator[str]:
    """The URL of an authority."""

    async def answer(request: web.Request) -> web.Response:
        assert request.headers["Content-Type"] == "application/timestamp-query"
        return await stamp(await request.read())

    app = web.Application()
    app.router.add_post("/tsa", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/tsa"
    finally:
        await runner.cleanup()


async def newest(engine: AsyncEngine) -> Block:
    block = await PgAuditBlocks(engine).newest()
    assert block is not None
    return block


async def stamped(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as connection:
        heights = await connection.execute(text("SELECT height FROM audit_timestamps ORDER BY height"))
        return list(heights.scalars())


async def test_the_newest_block_is_stamped_once_an_hour(engine: AsyncEngine, authority: Authority) -> None:
    await write_rows(engine, 2)
    await close_all(engine)
    first = await newest(engine)
    async with serving(authority.stamp) as url:
        anchor = TimestampAnchor(url, PgTimestamps(engine))
        await anchor.keep(first)
        await write_rows(engine)
        anchors = await close_all(engine)
        await anchor.keep(await newest(engine))
        assert await stamped(engine) == [1]
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE audit_timestamps SET at = at - interval '1 hour'"))
        await anchor.keep(await newest(engine))
    assert await stamped(engine) == [1, 2]
    lines = await exported(engine)
    tokens = [base64.b64decode(line["token"]) for line in lines if line["kind"] == "timestamp"]
    assert authority.accepts(tokens[0], first.hash)
    assert not authority.accepts(tokens[1], first.hash)
    good, said = verify_audit.verify(map(json.dumps, lines), anchors)
    assert good
    assert any(line.startswith("2 time stamps are about their blocks") for line in said)
    for line in lines:
        if line["kind"] == "timestamp":
            line["height"] = 3 - line["height"]
    assert not verify_audit.verify(map(json.dumps, lines), anchors)[0]


@pytest.mark.parametrize("answer", ["another", "status", "rubbish", "away"])
async def test_what_is_no_time_stamp_of_the_block_is_not_kept(
    engine: AsyncEngine, authority: Authority, answer: str
) -> None:
    await write_rows(engine)
    await close_all(engine)
    queries: list[bytes] = []

    async def stamp(query: bytes) -> web.Response:
        queries.append(query)
        match answer:
            case "another":
                return await authority.stamp(queries[0])
            case "status":
                return web.Response(status=503)
        return web.Response(body=b"rubbish")

    async with serving(stamp) as url:
        anchor = TimestampAnchor("http://127.0.0.1:1/tsa" if answer == "away" else url, PgTimestamps(engine))
        if answer == "another":
            await anchor.keep(await newest(engine))
            await write_rows(engine)
            await close_all(engine)
            async with engine.begin() as connection:
                await connection.execute(text("UPDATE audit_timestamps SET at = at - interval '1 hour'"))
        with pytest.raises(AnchorFailed):
            await anchor.keep(await newest(engine))
    assert await stamped(engine) == ([1] if answer == "another" else [])


async def test_a_time_stamp_is_due_an_hour_after_the_last(engine: AsyncEngine) -> None:
    timestamps, hour = PgTimestamps(engine), timedelta(hours=1)
    assert await timestamps.is_due(every=hour)
    await timestamps.keep(1, b"first")
    await timestamps.keep(1, b"second")
    assert not await timestamps.is_due(every=hour)
    assert await timestamps.is_due(every=timedelta(0))
