"""A server that ends idle connections costs the constant load no callback."""

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
