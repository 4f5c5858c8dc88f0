"""No spelling of an address, no name and no change of DNS leads to a connection that is not allowed."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.outbound.webhooks.connector import own_addresses
from adapters.outbound.webhooks.sender import WebhookSender
from domain.events.webhooks.addresses import NOTHING, Allowed, parse_allowed
from domain.events.webhooks.way import Answer, Fault, NotSent, Way
from tests.domain.events.webhooks.test_addresses import REFUSED
from tests.support.servers.vendor import VendorServer, answers, serving

REFUSED_ADDRESS = NotSent(Fault.RECEIVER, "refused_address")

LITERALS = [f"[{each}]" if ":" in each else each for each in REFUSED if "%" not in each]
SPELLINGS = [
    *LITERALS,
    "localhost", "LOCALHOST", "localhost.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1",
    "0177.0.0.1", "017700000001", "127.0.0.1.", "①②⑦.⓪.⓪.①", "127。0。0。1", "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]", "%31%32%37.0.0.1", "[::1%25lo]", "[fe80::1%25eth0]",
]  # fmt: skip


class Names(AbstractResolver):
    """DNS: each look at a name gives the next of its answers, the last one for ever."""

    def __init__(self, **answers: Sequence[str]) -> None:
        self.answers = {name.replace("_", "."): list(found) for name, found in answers.items()}
        self.looks = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.looks += 1
        found = self.answers.get(host.rstrip("."))
        if found is None:
            raise OSError(f"no such name: {host}")
        address = found.pop(0) if len(found) > 1 else found[0]
        version = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [ResolveResult(hostname=host, host=address, port=port, family=version, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@pytest.fixture
async def receiver() -> AsyncIterator[VendorServer]:
    async with serving(answers(200)) as server:
        yield server


async def posted(
    url: str, *, allowed: Allowed = NOTHING, names: Names | None = None, times: int = 1
) -> list[Answer | NotSent]:
    async with WebhookSender(allowed=allowed, resolver=names) as sender:
        return [await sender.post(Way(url), b"{}", {}) for _ in range(times)]


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_a_refused_address_is_connected_to(host: str, receiver: VendorServer) -> None:
    names = Names(localhost=["127.0.0.1"], LOCALHOST=["127.0.0.1"])
    names.answers["127.0.0.1"] = ["127.0.0.1"]
    (result,) = await posted(f"http://{host}:{receiver.port}/hook", names=names)
    assert isinstance(result, NotSent)
    assert result.error in {"refused_address", "dns"}
    assert receiver.connections == 0


def test_there_are_at_least_sixty_spellings() -> None:
    assert len(set(SPELLINGS)) >= 60


async def test_a_name_with_a_private_address_is_not_connected_to(receiver: VendorServer) -> None:
    url = f"http://evil.example:{receiver.port}/hook"
    assert await posted(url, names=Names(evil_example=["127.0.0.1"])) == [REFUSED_ADDRESS]
    assert receiver.connections == 0


async def test_dns_that_changes_between_two_looks_changes_nothing(receiver: VendorServer) -> None:
    """The address that is connected to is the one that is checked: there is no second look at the name."""
    names = Names(evil_example=["240.0.0.1", "127.0.0.1"])
    url = f"http://evil.example:{receiver.port}/hook"
    assert await posted(url, names=names, times=3) == [REFUSED_ADDRESS] * 3
    assert receiver.connections == 0


@pytest.mark.parametrize("entry", ["127.0.0.0/8", "crm.internal", "http://crm.internal:{port}"])
async def test_the_operators_entry_opens_the_way(entry: str, receiver: VendorServer) -> None:
    allowed = parse_allowed([entry.format(port=receiver.port)])
    names = Names(crm_internal=["127.0.0.1"])
    url = f"http://crm.internal:{receiver.port}/hook"
    assert await posted(url, allowed=allowed, names=names) == [Answer(200, head=b"{}")]


async def test_another_name_of_an_allowed_host_stays_closed(receiver: VendorServer) -> None:
    allowed = parse_allowed(["crm.internal"])
    names = Names(evil_example=["127.0.0.1"])
    url = f"http://evil.example:{receiver.port}/hook"
    assert await posted(url, allowed=allowed, names=names) == [REFUSED_ADDRESS]
    assert receiver.connections == 0


async def test_a_connection_of_an_allowed_host_is_not_reused_for_another_name(receiver: VendorServer) -> None:
    allowed = parse_allowed(["crm.internal"])
    names = Names(crm_internal=["127.0.0.1"], evil_example=["127.0.0.1"])
    async with WebhookSender(allowed=allowed, resolver=names) as sender:
        first = await sender.post(Way(f"http://crm.internal:{receiver.port}/"), b"{}", {})
        second = await sender.post(Way(f"http://evil.example:{receiver.port}/"), b"{}", {})
    assert (first, second) == (Answer(200, head=b"{}"), REFUSED_ADDRESS)


async def test_a_redirect_to_a_private_address_is_not_followed(receiver: VendorServer) -> None:
    inside = f"http://127.0.0.1:{receiver.port}/"
    async with serving(answers(302, location=inside)) as outside:
        allowed = parse_allowed([f"http://127.0.0.1:{outside.port}"])
        (result,) = await posted(outside.url, allowed=allowed)
    assert isinstance(result, Answer)
    assert result.status == 302
    assert receiver.connections == 0


async def test_the_name_and_not_the_address_is_in_the_host_header(receiver: VendorServer) -> None:
    allowed, names = parse_allowed(["127.0.0.0/8"]), Names(crm_internal=["127.0.0.1"])
    await posted(f"http://crm.internal:{receiver.port}/a", allowed=allowed, names=names)
    assert f"Host: crm.internal:{receiver.port}\r\n" in receiver.requests[0]


async def test_no_proxy_of_the_environment_is_used(
    receiver: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(answers(200)) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        await posted(receiver.url, allowed=parse_allowed(["127.0.0.1"]))
    assert (proxy.connections, receiver.connections) == (0, 1)


async def test_an_egress_proxy_gets_the_request_and_no_refused_literal(receiver: VendorServer) -> None:
    async with serving(answers(200)) as proxy, WebhookSender(proxy=proxy.url) as sender:
        refused = await sender.post(Way("http://169.254.169.254/latest"), b"{}", {})
        sent = await sender.post(Way("http://crm.example/hook"), b"{}", {})
    assert refused == REFUSED_ADDRESS
    assert sent == Answer(200, head=b"{}")
    assert proxy.targets == ["http://crm.example/hook"]


@pytest.mark.parametrize("host", ["xn--a", "xn--"])
async def test_a_proxy_is_asked_for_a_name_that_is_none(host: str) -> None:
    async with serving(answers(200)) as proxy, WebhookSender(proxy=proxy.url) as sender:
        assert await sender.post(Way(f"http://{host}/hook"), b"{}", {}) == Answer(200, head=b"{}")


async def test_a_proxy_that_is_away_is_the_proxys_fault(unused_port: int) -> None:
    async with WebhookSender(proxy=f"http://127.0.0.1:{unused_port}") as sender:
        assert await sender.post(Way("http://crm.example/"), b"{}", {}) == NotSent(Fault.PROXY, "proxy")


async def test_a_name_that_is_unknown_is_dnss_fault() -> None:
    assert await posted("http://nowhere.example/", names=Names()) == [NotSent(Fault.DNS, "dns")]


async def test_the_machines_own_addresses_are_known() -> None:
    await asyncio.sleep(0)
    assert "127.0.0.1" in map(str, own_addresses())


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
