"""Alibaba Cloud KMS (API 2016-01-20), signed with ACS3-HMAC-SHA256.

Needs kms:CreateKey, Encrypt, Decrypt and ScheduleKeyDeletion. A key whose deletion is scheduled decrypts
nothing from then on; until the window of seven days ends, an administrator can cancel it.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx2
import msgspec

from adapters.keys.services.requests import content_of, open_client, refusal, send
from adapters.keys.services.service import KeyGone

NAME: Final = "Alibaba Cloud KMS"
WINDOW_DAYS: Final = 7
_VERSION: Final = "2016-01-20"
_ALGORITHM: Final = "ACS3-HMAC-SHA256"
_OK: Final = 300
_GONE: Final = frozenset({"Forbidden.KeyNotFound", "Rejected.PendingDeletion"})


class AccessKey(msgspec.Struct, frozen=True):
    """An AccessKey pair, with the token of a temporary one. Its repr shows no secret."""

    id: str
    secret: str
    token: str | None = None

    def __repr__(self) -> str:
        return f"AccessKey(id={self.id!r})"


class AliyunService:
    """Keys of one region. `endpoint`: another URL than the region's public one, such as the VPC's."""

    def __init__(
        self,
        region: str,
        *,
        access: AccessKey,
        endpoint: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._url = endpoint or f"https://kms.{region}.aliyuncs.com"
        self._client = open_client(url=self._url)
        self._access = access
        self._clock = clock

    async def create(self, epoch: str) -> str:
        """A new key for this epoch. Raises KeysAway."""
        made = await self._done("CreateKey", Description=f"faceid-gateway epoch {epoch}")
        return str(made["KeyMetadata"]["KeyId"])

    async def encrypt(self, key: str, plaintext: bytes, *, epoch: str) -> str:
        """Encrypt, bound to the epoch. Raises KeysAway."""
        encoded = base64.b64encode(plaintext).decode()
        done = await self._done("Encrypt", KeyId=key, Plaintext=encoded, EncryptionContext=_context(epoch))
        return str(done["CiphertextBlob"])

    async def decrypt(self, key: str, ciphertext: str, *, epoch: str) -> bytes:  # noqa: ARG002 - it names its key
        """Decrypt. Raises KeysAway, KeyGone."""
        answer = await self._send("Decrypt", CiphertextBlob=ciphertext, EncryptionContext=_context(epoch))
        if _code(answer) in _GONE:
            raise KeyGone
        return base64.b64decode(_content(answer)["Plaintext"])

    async def destroy(self, key: str) -> None:
        """Schedule the key's deletion, which makes it unusable at once. Raises KeysAway."""
        answer = await self._send("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=str(WINDOW_DAYS))
        if _code(answer) not in _GONE:
            _content(answer)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _done(self, action: str, **query: str) -> dict[str, Any]:
        return _content(await self._send(action, **query))

    async def _send(self, action: str, **query: str) -> httpx2.Response:
        search = canonical_query(query)
        headers = {
            "host": urlsplit(self._url).netloc,
            "x-acs-action": action,
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
            "x-acs-date": f"{self._clock():%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": _VERSION,
        }
        if self._access.token:
            headers["x-acs-security-token"] = self._access.token
        headers["authorization"] = authorization(self._access, headers, search)
        request = self._client.build_request("POST", f"/?{search}", headers=headers)
        return await send(self._client, request, name=NAME)


def canonical_query(query: Mapping[str, str]) -> str:
    """The query, sorted and encoded as the signature needs it."""
    return "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query))


def authorization(access: AccessKey, headers: Mapping[str, str], search: str) -> str:
    """The header of a POST to `/` without a body that has these headers (Alibaba Cloud, signature V3)."""
    signed = sorted(headers)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in signed)
    parts = ("POST", "/", search, lines, ";".join(signed), headers["x-acs-content-sha256"])
    hashed = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    signature = hmac.digest(access.secret.encode(), f"{_ALGORITHM}\n{hashed}".encode(), "sha256").hex()
    return f"{_ALGORITHM} Credential={access.id},SignedHeaders={';'.join(signed)},Signature={signature}"


def _context(epoch: str) -> str:
    return json.dumps({"epoch": epoch})


def _code(answer: httpx2.Response) -> str:
    return "" if answer.status_code < _OK else str(content_of(answer, name=NAME).get("Code", ""))


def _content(answer: httpx2.Response) -> dict[str, Any]:
    if answer.status_code >= _OK:
        raise refusal(answer, _code(answer), name=NAME)
    return content_of(answer, name=NAME)
