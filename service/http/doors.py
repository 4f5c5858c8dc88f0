"""The sockets of a listener, opened before anything else, so that a port in use gives one line."""

import errno
import socket
from typing import Final

from domain.errors import SettingsError

_BACKLOG: Final = 2048
_REASONS: Final = {
    errno.EADDRINUSE: "the port is taken by another process",
    errno.EACCES: "this user may not listen on that port",
    errno.EADDRNOTAVAIL: "the address is not one of this machine's",
}


def open_doors(host: str, port: int) -> list[socket.socket]:
    """A listening socket for each address of `host`; early connections wait until the app serves.

    Raises:
        SettingsError: the address or the port is not available.
    """
    doors: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            doors.append(_listening(family, address))
    except OSError as error:
        for door in doors:
            door.close()
        reason = _REASONS.get(error.errno or 0) or error.strerror or type(error).__name__
        raise SettingsError(f"--host {host} --port {port}: {reason}") from None
    return doors


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _listening(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    door = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A predecessor's connections may still be closing.
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        door.bind(address)
        # Of two processes that bind at once, one fails only here.
        door.listen(_BACKLOG)
    except OSError:
        door.close()
        raise
    return door
