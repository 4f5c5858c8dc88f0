"""The sockets of a listener, opened before anything else, so that a port in use gives one line."""

import contextlib
import errno
import socket
import sys
from typing import Final

from domain.errors import SettingsError

_BACKLOG: Final = 2048
_REASONS: Final = {
    errno.EADDRINUSE: "the port is taken by another process",
    errno.EACCES: "this user may not listen on that port",
    errno.EADDRNOTAVAIL: "the address is not one of this machine's",
}


def open_doors(host: str, port: int, *, balanced: bool = False) -> list[socket.socket]:
    """A listening socket for each address of `host`; early connections wait until the app serves.

    `balanced`: other sockets of this user may listen on the same address, and Linux spreads the connections.

    Raises:
        SettingsError: the address or the port is not available.
    """
    doors: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            doors.append(_bound(family, address, balanced=balanced))
            # Of two processes that bind at once, one fails only here.
            doors[-1].listen(_BACKLOG)
    except OSError as error:
        for door in doors:
            door.close()
        raise _unavailable(host, port, error) from None
    return doors


def open_balanced_doors(host: str, port: int, *, count: int) -> list[list[socket.socket]]:
    """The doors of `count` processes: separate ones where the system spreads connections over them.

    Elsewhere (macOS gives all connections to one of the sockets) the processes share the same doors.

    Raises:
        SettingsError: the address or the port is not available.
    """
    if count == 1 or sys.platform != "linux":
        return [open_doors(host, port)] * count
    port = _free_port(host, port)
    return [open_doors(host, port, balanced=True) for _ in range(count)]


def _free_port(host: str, port: int) -> int:
    """The port, or any for 0. Balanced sockets would join those of another gateway; this one finds them."""
    with contextlib.ExitStack() as doors:
        try:
            found = [
                doors.enter_context(_bound(family, address)) for family, address in _addresses(host, port)
            ]
        except OSError as error:
            raise _unavailable(host, port, error) from None
        return int(found[0].getsockname()[1])


def _unavailable(host: str, port: int, error: OSError) -> SettingsError:
    reason = _REASONS.get(error.errno or 0) or error.strerror or type(error).__name__
    return SettingsError(f"--host {host} --port {port}: {reason}")


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _bound(
    family: socket.AddressFamily, address: tuple[object, ...], *, balanced: bool = False
) -> socket.socket:
    door = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A predecessor's connections may still be closing.
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if balanced:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        door.bind(address)
    except OSError:
        door.close()
        raise
    return door
