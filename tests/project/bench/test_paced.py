"""The load at a constant rate: connections that the server ends, and connections that are used in turn."""

import selectors
import socket
from collections import Counter
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
    spread, count = 3, 12
    served: Counter[socket.socket] = Counter()

    def serve(server: socket.socket) -> None:
        selector = selectors.DefaultSelector()
        selector.register(server, selectors.EVENT_READ)
        while served.total() < count:
            for key, _ in selector.select():
                if key.fileobj is server:
                    selector.register(server.accept()[0], selectors.EVENT_READ)
                    continue
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                served[connection] += connection.recv(65_536).count(REQUEST)
                connection.sendall(ANSWER)
        for key in list(selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket) and key.fileobj is not server:
                key.fileobj.close()
        selector.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=serve, args=(server,))
        thread.start()
        pace = Pace(rate=100, count=count, spread=spread)
        send_all(server.getsockname()[1], pace, iter([REQUEST] * count))
        thread.join()
    # Where answers are slow, there are more.
    assert len(served) >= spread
    assert min(list(served.values())[:spread]) >= 1
