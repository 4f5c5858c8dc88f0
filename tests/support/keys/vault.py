"""Vault's transit engine, as its API documentation describes it."""

import base64
import json
from typing import Any

from tests.support.keys.server import Keys, Reply, Request

TOKEN = "hvs.test"
MOUNT = "transit/faceid"


class Transit:
    """Transit keys below `MOUNT`."""

    def __init__(self) -> None:
        self.keys = Keys()
        self._deletable: set[str] = set()

    def __call__(self, request: Request) -> Reply:
        """Answer a request."""
        if request.headers.get("x-vault-token") != TOKEN:
            return Reply(403, {"errors": ["permission denied"]})
        prefix = f"/v1/{MOUNT}/"
        assert request.path.startswith(prefix)
        verb, name, *rest = request.path.removeprefix(prefix).split("/")
        asked = json.loads(request.body) if request.body else {}
        if verb == "keys":
            return self._key(request.method, name, rest, asked)
        if not self.keys.has(name):
            return Reply(400, {"errors": ["encryption key not found"]})
        context = asked["associated_data"]
        if verb == "encrypt":
            sealed = self.keys.encrypt(name, base64.b64decode(asked["plaintext"]), context)
            return Reply(200, {"data": {"ciphertext": f"vault:v1:{base64.b64encode(sealed).decode()}"}})
        sealed = base64.b64decode(asked["ciphertext"].removeprefix("vault:v1:"))
        plaintext = self.keys.decrypt(name, sealed, context)
        return Reply(200, {"data": {"plaintext": base64.b64encode(plaintext).decode()}})

    def _key(self, method: str, name: str, rest: list[str], asked: dict[str, Any]) -> Reply:
        if method == "POST" and rest == ["config"]:
            self._deletable |= {name} if asked["deletion_allowed"] else set()
        elif method == "POST":
            self.keys.create(name)
        elif not self.keys.has(name):
            return Reply(404, {"errors": []})
        elif method == "DELETE":
            if name not in self._deletable:
                return Reply(400, {"errors": ["deletion is not allowed for this key"]})
            self.keys.delete(name)
            return Reply(204)
        return Reply(200, {"data": {"name": name}})
