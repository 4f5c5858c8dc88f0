"""An identity provider over HTTP: discovery, keys, and the exchange of a code."""

import asyncio
import hmac
import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import httpx2
import structlog

from adapters.outbound.vendor.get_result import EXTENSIONS, HTTP_OK, UnusableAnswer, exchange
from adapters.people.oidc.client import (
    NO_HEADERS,
    OidcClient,
    Secrets,
    bearer,
    sign_in_address,
    token_request,
)
from adapters.people.oidc.id_token import UnknownKey, identity_of, missing_claims, prove
from domain.people.errors import ProviderAway, ProviderRefused
from domain.people.provider import ProvenIdentity

_MAX_ANSWER: Final = 1024 * 1024
_SECONDS: Final = 10.0
_KEPT: Final = 3600.0
"""Seconds for which discovery and keys are kept."""

_KEYS_AGAIN: Final = 60.0
"""Seconds before an unknown key makes us ask for the keys again: tokens of strangers name unknown keys."""

_LONGEST_CODE: Final = 4096
_WELL_KNOWN: Final = "/.well-known/openid-configuration"

log = structlog.get_logger(__name__)


class _Kept(NamedTuple):
    value: Mapping[str, Any]
    at: float


class OidcProvider:
    """Talks to the provider; what it answers is checked, capped and never logged."""

    def __init__(
        self,
        client: OidcClient,
        transport: httpx2.AsyncBaseTransport,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._transport = transport
        self._clock = clock
        self._monotonic = monotonic
        self._kept: dict[str, _Kept] = {}

    async def address(self, secret: str, *, back_to: str) -> str:
        """Where the browser goes to sign in. Raises ProviderAway."""
        endpoint = await self._endpoint("authorization_endpoint")
        return sign_in_address(self._client, Secrets.of(secret), endpoint=endpoint, back_to=back_to)

    async def prove(self, secret: str, *, state: str, code: str, back_to: str) -> ProvenIdentity:
        """Exchange a code for the identity. Raises ProviderRefused, ProviderAway."""
        secrets = Secrets.of(secret)
        if not secret or not hmac.compare_digest(
            secrets.state.encode(), state.encode(errors="surrogatepass")
        ):
            raise ProviderRefused("state")
        if not 0 < len(code) <= _LONGEST_CODE or not code.isprintable():
            raise ProviderRefused("code")
        answer = await self._exchanged(secrets, code, back_to)
        id_token, access_token = answer.get("id_token"), _text(answer.get("access_token"))
        if not isinstance(id_token, str):
            raise ProviderRefused("no_id_token")
        claims = await self._claims(id_token, secrets, access_token)
        return await self._identity(claims, access_token)

    async def _claims(self, id_token: str, secrets: Secrets, access_token: str | None) -> Mapping[str, Any]:
        try:
            return await self._proven(id_token, secrets, access_token, again=False)
        except UnknownKey:
            return await self._proven_by_new_keys(id_token, secrets, access_token)

    async def _identity(self, claims: Mapping[str, Any], access_token: str | None) -> ProvenIdentity:
        """The identity in proven claims; a name or groups that they lack are asked for at `userinfo`."""
        missing = missing_claims(claims, self._client)
        if not missing or access_token is None or "userinfo_endpoint" not in await self._metadata():
            return identity_of(claims, self._client)
        told = await self._userinfo(access_token)
        if told.get("sub") != claims.get("sub"):
            # OpenID Connect Core 1.0, 5.3.2: an answer about someone else is not to be used.
            raise ProviderRefused("userinfo")
        return identity_of({**claims, **{name: told.get(name) for name in missing}}, self._client)

    async def _userinfo(self, access_token: str) -> Mapping[str, Any]:
        url = await self._endpoint("userinfo_endpoint")
        status, answer = await self._ask("GET", url, headers=bearer(access_token))
        if status != HTTP_OK:
            raise ProviderRefused("userinfo") if 400 <= status < 500 else ProviderAway
        return answer

    async def _exchanged(self, secrets: Secrets, code: str, back_to: str) -> Mapping[str, Any]:
        metadata = await self._metadata()
        body, headers = token_request(
            self._client,
            secrets,
            code=code,
            back_to=back_to,
            methods=metadata.get("token_endpoint_auth_methods_supported"),
        )
        url = await self._endpoint("token_endpoint")
        status, answer = await self._ask("POST", url, content=body, headers=headers)
        if status != HTTP_OK:
            raise ProviderRefused("code") if 400 <= status < 500 else ProviderAway
        return answer

    async def _proven_by_new_keys(
        self, id_token: str, secrets: Secrets, access_token: str | None
    ) -> Mapping[str, Any]:
        try:
            return await self._proven(id_token, secrets, access_token, again=True)
        except UnknownKey:
            raise ProviderRefused("key") from None

    async def _proven(
        self, id_token: str, secrets: Secrets, access_token: str | None, *, again: bool
    ) -> Mapping[str, Any]:
        keys = await self._fetched(await self._endpoint("jwks_uri"), age=_KEYS_AGAIN if again else _KEPT)
        return prove(
            id_token,
            keys,
            self._client,
            nonce=secrets.nonce,
            access_token=access_token,
            now=int(self._clock().timestamp()),
        )

    async def _endpoint(self, name: str) -> str:
        url = (await self._metadata()).get(name)
        if not isinstance(url, str) or not _is_safe(url, self._client.issuer):
            log.warning("oidc.unusable", detail=name)
            raise ProviderAway
        return url

    async def _metadata(self) -> Mapping[str, Any]:
        """The provider's description of itself, which must have the issuer that is configured."""
        metadata = await self._fetched(self._client.issuer.rstrip("/") + _WELL_KNOWN, age=_KEPT)
        if metadata.get("issuer") != self._client.issuer:
            log.warning("oidc.unusable", detail="issuer")
            raise ProviderAway
        return metadata

    async def _fetched(self, url: str, *, age: float) -> Mapping[str, Any]:
        now, kept = self._monotonic(), self._kept.get(url)
        if kept is not None and now - kept.at < age:
            return kept.value
        status, answer = await self._ask("GET", url)
        if status != HTTP_OK:
            log.warning("oidc.unusable", detail="status", http_status=status)
            raise ProviderAway
        self._kept[url] = _Kept(answer, now)
        return answer

    async def _ask(
        self, method: str, url: str, *, content: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, Mapping[str, Any]]:
        """Status and JSON object of the answer; redirects are not followed. Raises ProviderAway."""
        try:
            async with asyncio.timeout(_SECONDS):
                request = httpx2.Request(
                    method, url, content=content, headers=dict(headers), extensions=EXTENSIONS
                )
                await request.aread()
                status, body = await exchange(self._transport, request, limit=_MAX_ANSWER)
            answer = json.loads(body) if status == HTTP_OK else {}
        except (UnusableAnswer, ValueError, RecursionError):
            log.warning("oidc.unusable", detail="answer")
            raise ProviderAway from None
        except Exception as error:
            # Not only httpx2.HTTPError: errors of aiohttp's parser pass through unchanged. No cause, since
            # its message may contain the request.
            log.warning("oidc.unusable", detail="connection", error=type(error).__name__)
            raise ProviderAway from None
        if not isinstance(answer, dict):
            log.warning("oidc.unusable", detail="answer")
            raise ProviderAway
        return status, answer


def _is_safe(url: str, issuer: str) -> bool:
    """HTTPS, or plain HTTP where the issuer itself is configured so."""
    try:
        parts = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        return False
    return bool(parts.host) and parts.scheme in {"https", urlsplit(issuer).scheme}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
