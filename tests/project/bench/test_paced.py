"""The load at a constant rate: connections that the server ends, and connections that are used in turn."""

import selectors
import socket
from threading import Event, Thread

from bench.traffic.paced import Pace, send_all

REQUEST = b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


def test_an_idle_connection_that_the_server_ends_is_replaced() -> None:
    served: list[bytes] = []
    over = Event()

    def serve(server: socket.socket) -> None:
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            with connection:
                served.append(connection.recv(65_536))
                connection.sendall(ANSWER)

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        thread = Thread(target=serve, args=(server,))
        thread.start()
        try:
            send_all(server.getsockname()[1], Pace(rate=2, count=3), iter([REQUEST] * 3))
        finally:
            over.set()
            thread.join()
    assert served == [REQUEST] * 3


def test_a_spread_load_uses_each_connection_in_turn() -> None:
    spread, each = 3, 4
    served = [0] * spread

    def serve(server: socket.socket) -> None:
        connections = [server.accept()[0] for _ in served]
        selector = selectors.DefaultSelector()
        for number, connection in enumerate(connections):
            selector.register(connection, selectors.EVENT_READ, number)
        while sum(served) < spread * each:
            for key, _ in selector.select():
                assert connections[key.data].recv(65_536) == REQUEST
                served[key.data] += 1
                connections[key.data].sendall(ANSWER)
        for connection in connections:
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=serve, args=(server,))
        thread.start()
        pace = Pace(rate=100, count=spread * each, spread=spread)
        send_all(server.getsockname()[1], pace, iter([REQUEST] * pace.count))
        thread.join()
    assert served == [each] * spread
