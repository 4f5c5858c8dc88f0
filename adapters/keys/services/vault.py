"""HashiCorp Vault or OpenBao: the transit engine.

Needs the capabilities create, update and delete below `MOUNT/`. A key's name is the epoch's id with a random
end, so two processes never share one before the registry has chosen.
"""

import base64
import secrets
from typing import Any, Final

import httpx2

from adapters.keys.services.requests import content_of, open_client, refusal, send
from adapters.keys.services.service import KeyGone

NAME: Final = "Vault"
_OK: Final = 300
_MISSING: Final = 404
_BAD: Final = 400


class VaultService:
    """Transit keys of the mount `mount`. `namespace`: of Vault Enterprise, HCP or OpenBao."""

    def __init__(
        self, url: str, *, mount: str, token: str, namespace: str | None = None, ca: str | None = None
    ) -> None:
        self._client = open_client(url=url, ca=ca)
        self._mount = mount
        self._headers = {"X-Vault-Token": token, "X-Vault-Request": "true"}
        if namespace:
            self._headers["X-Vault-Namespace"] = namespace

    async def create(self, epoch: str) -> str:
        """A new key for this epoch. Raises KeysAway."""
        name = f"faceid-{epoch}-{secrets.token_hex(4)}"
        await self._done("POST", f"keys/{name}", {"type": "aes256-gcm96"})
        return name

    async def encrypt(self, key: str, plaintext: bytes, *, epoch: str) -> str:
        """Encrypt, bound to the epoch. Raises KeysAway."""
        asked = {"plaintext": _encoded(plaintext), "associated_data": _encoded(epoch.encode())}
        return str((await self._done("POST", f"encrypt/{key}", asked))["ciphertext"])

    async def decrypt(self, key: str, ciphertext: str, *, epoch: str) -> bytes:
        """Decrypt. Raises KeysAway, KeyGone."""
        asked = {"ciphertext": ciphertext, "associated_data": _encoded(epoch.encode())}
        answer = await self._send("POST", f"decrypt/{key}", asked)
        # Vault answers 400 for a key that does not exist, OpenBao 404.
        if answer.status_code in {_BAD, _MISSING} and await self._is_missing(key):
            raise KeyGone
        return base64.b64decode(_data(answer)["plaintext"])

    async def destroy(self, key: str) -> None:
        """Delete the key with all its versions. Raises KeysAway."""
        if await self._is_missing(key):
            return
        await self._done("POST", f"keys/{key}/config", {"deletion_allowed": True})
        await self._done("DELETE", f"keys/{key}")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _is_missing(self, key: str) -> bool:
        answer = await self._send("GET", f"keys/{key}")
        if answer.status_code != _MISSING:
            _data(answer)
        return answer.status_code == _MISSING

    async def _done(self, method: str, path: str, asked: dict[str, Any] | None = None) -> dict[str, Any]:
        return _data(await self._send(method, path, asked))

    async def _send(self, method: str, path: str, asked: dict[str, Any] | None = None) -> httpx2.Response:
        url = f"/v1/{self._mount}/{path}"
        request = self._client.build_request(method, url, json=asked, headers=self._headers)
        return await send(self._client, request, name=NAME)


def _data(answer: httpx2.Response) -> dict[str, Any]:
    if answer.status_code >= _OK:
        raise refusal(answer, "transit", name=NAME)
    if not answer.content:
        return {}
    data: dict[str, Any] = content_of(answer, name=NAME).get("data") or {}
    return data


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
