"""Too many connections: the ones that wait give way, the ones that work do not."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest
import structlog
from fastapi import FastAPI

from devstack.waiting import until
from service.http.connections import Connections, Limits, Phase
from service.http.leaving import Leaving
from tests.support.http.asgi import signed
from tests.support.http.sockets import Listener, post, served
from tests.support.payloads.callbacks import dump
from tests.support.storage.stores import payload

BODY = signed(dump(payload()))


class Noted:
    """A connection that notes what becomes of it."""

    def __init__(self, address: str) -> None:
        self.phase: Phase | None = None
        self.address = address
        self.dropped = False
        self.expired_at: float | None = None

    def expire(self, phase: Phase) -> None:
        """Note it."""
        self.expired_at = asyncio.get_running_loop().time()

    def drop(self) -> None:
        """Note it."""
        self.dropped = True

    def leave(self, leaving: Leaving) -> None:
        """Note it."""
        self.dropped = True


async def filled(limits: Limits, *addresses: str) -> tuple[Connections, list[Noted]]:
    connections, added = Connections(limits), [Noted(address) for address in addresses]
    for connection in added:
        assert connections.add(connection)
    return connections, added


def dropped(connections: list[Noted]) -> list[int]:
    return [number for number, connection in enumerate(connections) if connection.dropped]


@pytest.mark.parametrize("phase", [Phase.OPENED, Phase.RECEIVING, Phase.IDLE, Phase.CLOSING, Phase.STALLED])
async def test_the_one_that_waits_longest_gives_way(phase: Phase) -> None:
    connections, added = await filled(Limits(connections=3), "192.0.2.1", "192.0.2.2", "192.0.2.3")
    for connection, now in zip(added, (Phase.BUSY, phase, Phase.OPENED), strict=True):
        connections.enter(connection, now)
    assert connections.add(Noted("192.0.2.4"))
    assert dropped(added) == [1]
    assert connections.count == 3


async def test_if_all_connections_are_busy_the_new_one_is_refused() -> None:
    connections, added = await filled(Limits(connections=2), "192.0.2.1", "192.0.2.2")
    for connection in added:
        connections.enter(connection, Phase.BUSY)
    assert not connections.add(Noted("192.0.2.3"))
    assert dropped(added) == []
    connections.remove(added[0])
    assert connections.add(Noted("192.0.2.3"))


@pytest.mark.parametrize(
    ("mine", "others"),
    [
        (["192.0.2.1"] * 3, ["192.0.2.2"]),
        (["2001:db8::1", "2001:db8::2", "2001:db8::ffff:1"], ["2001:db8:0:1::1"]),
        (["::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1"], ["::ffff:192.0.2.2"]),
    ],
    ids=["IPv4", "one /64", "IPv4 in IPv6"],
)
async def test_an_address_with_too_many_gives_way_itself(mine: list[str], others: list[str]) -> None:
    _, added = await filled(Limits(connections=100, per_address=2), *others, *mine)
    assert dropped(added) == [1]


async def test_an_address_is_not_refused_while_its_connections_work() -> None:
    connections, added = await filled(Limits(connections=4, per_address=2), *["192.0.2.1"] * 2)
    for connection in added:
        connections.enter(connection, Phase.BUSY)
    assert connections.add(Noted("192.0.2.1"))
    assert dropped(added) == []


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", ""])
async def test_a_trusted_proxy_and_a_local_socket_have_no_limit_of_their_own(address: str) -> None:
    proxies = [ip_network("10.0.0.0/8"), ip_network("::ffff:10.0.0.0/104")]
    _, added = await filled(Limits(per_address=2, trusted_proxies=proxies), *[address] * 5)
    assert dropped(added) == []


async def test_many_that_expire_together_leave_time_for_others() -> None:
    connections, added = await filled(Limits(request_seconds=0.05, per_address=99), *["192.0.2.1"] * 60)

    async def are_expired() -> bool:
        for connection in added:
            if connection.expired_at is not None:
                connections.remove(connection)
        return all(connection.expired_at is not None for connection in added)

    await until(are_expired)
    moments = {connection.expired_at for connection in added}
    assert len(moments) >= 4, "in groups, with a breath between them"


@pytest.fixture
async def listener(ingress: FastAPI) -> AsyncIterator[Listener]:
    async with served(ingress, Limits(connections=20, request_seconds=30)) as listening:
        yield listening


@pytest.mark.parametrize(
    "first", [b"", b"POST /callbacks/demo/notify HTTP/1.1\r\nx: y\r\n", post(BODY)[:-10]]
)
async def test_slow_sockets_do_not_keep_others_out(listener: Listener, first: bytes) -> None:
    for number in range(100):
        client = await listener.connect()
        client.send(first)
        if number % 10 == 0:
            good = await listener.connect()
            good.send(post(BODY))
            assert (await good.answer())[0] == 200
    assert listener.connections.count <= 20


async def test_a_flood_of_refusals_is_one_line_in_the_log(ingress: FastAPI) -> None:
    async with served(ingress, Limits()) as listener:
        with structlog.testing.capture_logs() as logged:
            await asyncio.gather(*(listener.exchange(b"nonsense\r\n\r\n") for _ in range(50)))

            async def is_logged() -> bool:
                return "connections.refused" in [line["event"] for line in logged]

            await until(is_logged)
    told = [(line["event"], line["code"]) for line in logged if line["event"] != "serving"]
    assert told == [("connections.refused", "malformed_request")]


async def test_a_connection_that_sends_nothing_waits_no_longer_than_an_idle_one(ingress: FastAPI) -> None:
    async with served(ingress, Limits(request_seconds=600, idle_seconds=0.3)) as listening:
        client = await listening.connect()
        assert await asyncio.wait_for(client.rest(), 30) == b""
        await until(listening.is_empty)
