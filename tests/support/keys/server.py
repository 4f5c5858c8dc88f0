"""A key service over HTTP on a loopback port. Synchronous, in threads: botocore blocks its own."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from uuid import uuid4

from cryptography.exceptions import InvalidTag

from adapters.sealing.envelope import SealingKey
from domain.errors import BrokenSeal


class Request(NamedTuple):
    """A request. `headers` by lower-case name; `query` as it came."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """An answer in JSON."""

    status: int
    content: object = None


class Refused(Exception):
    """The service refuses with this status and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Keys:
    """The keys of a service: they encrypt until they are destroyed."""

    def __init__(self) -> None:
        self._keys: dict[str, bytes] = {}
        self.pending: set[str] = set()
        self._lock = threading.Lock()

    def create(self, name: str | None = None) -> str:
        """A new key; one that exists stays."""
        with self._lock:
            name = name or str(uuid4())
            self._keys.setdefault(name, uuid4().bytes + uuid4().bytes)
            return name

    def has(self, name: str) -> bool:
        """Whether there is such a key."""
        return name in self._keys

    def encrypt(self, name: str, plaintext: bytes, context: str) -> bytes:
        """Raises KeyError."""
        return SealingKey(self._keys[name]).seal(plaintext, place=context)

    def decrypt(self, name: str, ciphertext: bytes, context: str) -> bytes:
        """Raises KeyError, BrokenSeal."""
        return SealingKey(self._keys[name]).unseal(ciphertext, place=context)

    def delete(self, name: str) -> None:
        """Forget a key."""
        self._keys.pop(name, None)

    @property
    def count(self) -> int:
        """How many keys still encrypt."""
        return len(self._keys.keys() - self.pending)


@contextmanager
def serving(answer: Callable[[Request], Reply]) -> Iterator[str]:
    """The URL of a server that answers with this function."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _reply(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, path, query, headers, self.rfile.read(length))
            try:
                reply = answer(request)
            except (BrokenSeal, InvalidTag):
                reply = Reply(400, {"Code": "InvalidCiphertext", "__type": "InvalidCiphertextException"})
            content = b"" if reply.content is None else json.dumps(reply.content).encode()
            self.send_response(reply.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _reply  # noqa: N815 - the names of http.server

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
