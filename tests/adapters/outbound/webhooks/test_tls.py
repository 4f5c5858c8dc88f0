"""TLS: certificates are checked, an endpoint may bring its CA and a client certificate."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.outbound.webhooks.sender import WebhookSender
from adapters.outbound.webhooks.tls import BadCertificate, tls_context
from domain.events.webhooks.addresses import parse_allowed
from domain.events.webhooks.way import Answer, Fault, NotSent, Way
from tests.support.servers.doors_of_tls import serving_tls, write_certificate
from tests.support.servers.vendor import VendorServer, answers

HERE = parse_allowed(["127.0.0.0/8"])
TLS = NotSent(Fault.RECEIVER, "tls")
DELIVERED = Answer(200, head=b"{}")


@asynccontextmanager
async def tls_receiver(folder: Path, *, asks_for_certificate: bool = False) -> AsyncIterator[VendorServer]:
    receiver = VendorServer(answers(200))
    async with serving_tls(receiver, folder, asks_for_certificate=asks_for_certificate):
        yield receiver


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_certificate(tmp_path)
    return tmp_path


def pem(folder: Path, *names: str) -> str:
    return "".join((folder / name).read_text() for name in names)


async def post(way: Way) -> Answer | NotSent:
    async with WebhookSender(allowed=HERE) as sender:
        return await sender.post(way, b"{}", {})


async def test_an_unknown_authority_is_refused(folder: Path) -> None:
    async with tls_receiver(folder) as receiver:
        assert await post(Way(f"https://127.0.0.1:{receiver.port}/")) == TLS
    assert receiver.requests == []


async def test_the_endpoints_authority_is_trusted(folder: Path) -> None:
    async with tls_receiver(folder) as receiver:
        way = Way(f"https://127.0.0.1:{receiver.port}/", ca=pem(folder, "server.crt"))
        assert await post(way) == DELIVERED


async def test_a_certificate_of_another_name_is_refused(folder: Path) -> None:
    async with tls_receiver(folder) as receiver:
        way = Way(f"https://127.0.0.2:{receiver.port}/", ca=pem(folder, "server.crt"))
        async with WebhookSender(allowed=HERE) as sender:
            result = await sender.post(way, b"{}", {})
    assert isinstance(result, NotSent)
    assert receiver.requests == []


async def test_the_client_certificate_is_shown(folder: Path) -> None:
    async with tls_receiver(folder, asks_for_certificate=True) as receiver:
        url, ca = f"https://127.0.0.1:{receiver.port}/", pem(folder, "server.crt")
        certificate = pem(folder, "server.crt", "server.key")
        assert await post(Way(url, ca=ca, client_certificate=certificate)) == DELIVERED
        assert isinstance(await post(Way(url, ca=ca)), NotSent)


@pytest.mark.parametrize(
    "way",
    [Way("https://127.0.0.1:1/", ca="no PEM"), Way("https://127.0.0.1:1/", client_certificate="no PEM")],
)
async def test_broken_pem_has_a_word(way: Way) -> None:
    assert await post(way) == NotSent(Fault.RECEIVER, "bad_certificate")


async def test_a_receiver_without_tls_has_a_word() -> None:
    assert await posted_to(b"HTTP/1.1 400 Bad Request\r\n\r\n") == TLS


async def test_tls_that_ends_half_way_has_a_word() -> None:
    assert await posted_to(b"\x16\x03\x03\x00\x7a\x02\x00\x00") == NotSent(Fault.RECEIVER, "reset")


async def posted_to(answer_to_hello: bytes) -> Answer | NotSent:
    """The result of a post to a server that answers the hello of TLS like this, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer_to_hello)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await post(Way(f"https://127.0.0.1:{port}/"))


def test_certificates_that_are_empty_do_not_mean_the_systems() -> None:
    with pytest.raises(BadCertificate):
        tls_context("", None)
