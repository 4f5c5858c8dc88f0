"""TLS and passwords in PostgreSQL URLs, against a server that requires both."""

import asyncio
import os
import ssl
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from adapters.postgres.engine import create_engine
from adapters.postgres.sqlstate import DatabaseAway
from adapters.postgres.troubles import database_trouble
from devstack import ports, servers
from tests.support.servers.doors_of_tls import pass_on, write_certificate
from tests.support.servers.private import killed_at_the_end

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Server:
    """A PostgreSQL that requires a password, behind a TLS proxy.

    The bundled one is built without TLS, so the door ends it. `encrypted` counts the connections with TLS.
    """

    def __init__(self, backend: int, folder: Path) -> None:
        self.folder, self.port, self.encrypted = folder, 0, 0
        self.backend = backend
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "server.crt", folder / "server.key")

    def url(
        self, query: str = "", *, user: str = "gw", password: str = "a%2F%23@:b", name: str = "postgres"
    ) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{name}?{query}"

    async def let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begin = await reader.readexactly(8)
        inside = await asyncio.open_connection("127.0.0.1", self.backend)
        try:
            if begin == SSL_REQUEST:
                writer.write(b"S")
                await writer.start_tls(self._context)
                self.encrypted += 1
            else:
                inside[1].write(begin)
            await asyncio.gather(pass_on(reader, inside[1]), pass_on(inside[0], writer))
        except OSError:
            # A client that trusts no certificate of ours hangs up.
            inside[1].close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    folder, certificates = Path(tempfile.mkdtemp(prefix="faceid-tests-")), tmp_path_factory.mktemp("tls")
    write_certificate(certificates)
    spec = servers.postgres(folder, env=os.environ)
    (folder / "postgres" / "pg_hba.conf").write_text("local all all trust\nhost all gw all scram-sha-256\n")
    port = ports.free_port()
    local = f"{spec.url}&port={port}"
    argv = [*spec.argv[:-1], "127.0.0.1", "-p", str(port)]
    spec = replace(spec, argv=argv, answers=lambda: servers.postgres_answers(local), url=local)
    async with killed_at_the_end(spec, folder):
        engine = create_engine(local)
        async with engine.begin() as connection:
            await connection.execute(text("CREATE ROLE gw LOGIN PASSWORD 'a/#@\\:b'"))
        await engine.dispose()
        door = Server(port, certificates)
        async with await asyncio.start_server(door.let_in, "127.0.0.1", 0) as listening:
            door.port = listening.sockets[0].getsockname()[1]
            yield door


async def ask(url: str, question: str) -> Any:
    engine = create_engine(url)
    try:
        async with engine.connect() as connection:
            return (await connection.execute(text(question))).scalar_one()
    finally:
        await engine.dispose()


SSL_REQUEST = bytes.fromhex("00000008 04d2162f")
"""PostgreSQL, 54.2.11."""


@pytest.mark.parametrize(
    ("query", "encrypted"),
    [
        ("", 1),
        ("sslmode=disable", 0),
        ("sslmode=prefer", 1),
        ("sslmode=require", 1),
        ("ssl=true", 1),
        ("sslmode=verify-ca&sslrootcert={}", 1),
        ("sslmode=verify-full&sslrootcert={}", 1),
    ],
)
async def test_tls_as_wanted_and_a_password_with_odd_characters(
    server: Server, query: str, encrypted: int
) -> None:
    before = server.encrypted
    assert await ask(server.url(query.format(server.folder / "server.crt")), "SELECT 1") == 1
    assert server.encrypted - before == encrypted


async def test_session_parameters_reach_the_server(server: Server) -> None:
    caches = "statement_cache_size=0&prepared_statement_cache_size=0"
    url = server.url(f"application_name=gw&options=-c%20statement_timeout%3D7s&connect_timeout=3&{caches}")
    assert await ask(url, "SELECT current_setting('application_name')") == "gw"
    assert await ask(url, "SELECT current_setting('statement_timeout')") == "7s"


async def test_the_next_host_is_asked_when_the_first_is_away(server: Server) -> None:
    url = server.url().replace("@127.0.0.1:", f"@127.0.0.1:{ports.free_port()},127.0.0.1:")
    assert await ask(url, "SELECT 1") == 1


async def test_the_password_may_stand_in_a_file(server: Server) -> None:
    file = server.folder / "pgpass"
    file.write_text("*:*:*:gw:a/#@:b\n")
    file.chmod(0o600)
    url = f"postgresql://gw@127.0.0.1:{server.port}/postgres?passfile={file}"
    assert await ask(url, "SELECT 1") == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"password": "S3CRETa"}, "the server refuses the user or the password"),
        ({"user": "S3CRETa"}, "pg_hba.conf"),
        ({"user": "S3CRETa", "query": "sslmode=require"}, "does not know this user"),
        ({"name": "S3CRETa"}, "the server has no database of that name"),
        ({"query": "sslmode=verify-full&sslrootcert=system"}, "certificate is not trusted"),
    ],
)
async def test_a_refusal_of_the_server_is_not_reported_as_an_outage(
    server: Server, changes: dict[str, str], why: str
) -> None:
    with pytest.raises(DatabaseAway) as caught:
        await ask(server.url(**changes), "SELECT 1")
    assert why in database_trouble(caught.value)
    assert "S3CRET" not in database_trouble(caught.value)


async def test_a_closed_port_is_an_outage() -> None:
    with pytest.raises(DatabaseAway) as caught:
        await ask(f"postgresql://u:p@127.0.0.1:{ports.free_port()}/x", "SELECT 1")
    assert database_trouble(caught.value).startswith("cannot be reached (")


async def test_a_server_without_tls_is_reported(server: Server) -> None:
    plain = f"postgresql://gw:x@127.0.0.1:{server.backend}/postgres?sslmode=require"
    with pytest.raises(DatabaseAway) as caught:
        await ask(plain, "SELECT 1")
    assert database_trouble(caught.value) == "the server does not support TLS, which sslmode requires"
