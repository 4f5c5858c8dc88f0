"""Free ports, and ports that a process listens on."""

import socket

from devstack.ports import free_port, listens


async def test_a_free_port_is_free() -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        assert not await listens(port)
        taken.listen()
        assert await listens(port)
        assert port > 1023
        assert free_port() != port
