"""An identity provider on a real socket: discovery, keys and tokens, right or wrong as tests want."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.http.requests_sent import LIMITS
from tests.support.http.sockets import served

CLIENT, SECRET = "gateway", "client-secret-5d41"
Key = RSAKey | ECKey | OctKey


def rsa_key(kid: str = "rsa") -> RSAKey:
    """A new key for RS256."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


def ec_key(kid: str = "ec") -> ECKey:
    """A new key for ES256."""
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


@dataclass
class Provider:
    """`keys`: what it publishes. `sign`: makes the ID token of these claims. `claims`: of who signs in, over
    the right ones. `userinfo`: what its endpoint tells the bearer of the access token; None: there is none.
    `answers`: what a path answers instead.
    """

    clock: Callable[[], datetime]
    keys: list[Key]
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    answers: dict[str, Response] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    issuer: str = ""
    key: Key | None = None
    algorithm: str = "RS256"
    sign: Callable[[dict[str, Any]], str] | None = None

    def sign_in(self, address: str) -> dict[str, str]:
        """What a browser that signs in at `address` brings back: code and state."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def app(self) -> Starlette:
        """Its HTTP side."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._describe),
                Route("/keys", self._keys),
                Route("/token", self._token, methods=["POST"]),
                Route("/userinfo", self._userinfo),
            ]
        )

    async def _describe(self, request: Request) -> Response:
        right = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        if self.userinfo is not None:
            right["userinfo_endpoint"] = f"{self.issuer}/userinfo"
        return self._answer(request, right | self.metadata)

    async def _userinfo(self, request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer a":
            return JSONResponse({"error": "invalid_token"}, 401)
        return self._answer(request, self.userinfo or {})

    async def _keys(self, request: Request) -> Response:
        return self._answer(request, dict(KeySet(list(self.keys)).as_dict(private=False)))

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or not _is_client(request, form) or not _proves(form, asked):
            self.asked.append("/token refused")
            return JSONResponse({"error": "invalid_grant"}, 400)
        claims = self._right_claims(asked) | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        return self._answer(request, {"id_token": self._signed(claims), "access_token": "a"})

    def _right_claims(self, asked: dict[str, str]) -> dict[str, Any]:
        now = int(self.clock().timestamp())
        return {
            "iss": self.issuer,
            "sub": "subject-1",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "preferred_username": "li.na",
            "groups": ["staff"],
        }

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.sign is not None:
            return self.sign(claims)
        return signed(claims, self.key or self.keys[0], self.algorithm)

    def _answer(self, request: Request, right: dict[str, Any]) -> Response:
        self.asked.append(request.url.path)
        return self.answers.get(request.url.path) or JSONResponse(right)


def signed(claims: dict[str, Any], key: Key, algorithm: str, **header: Any) -> str:
    """An ID token."""
    names = {"alg": algorithm, "kid": key.kid} | header
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    return jwt.encode({name: value for name, value in names.items() if value}, claims, key, registry=registry)


def unsigned(claims: dict[str, Any]) -> str:
    """An ID token with `alg` `none`."""
    return ".".join([_encoded({"alg": "none"}), _encoded(claims), ""])


def hashed(claims: dict[str, Any], secret: bytes, kid: str) -> str:
    """An ID token with an HMAC by `secret`, as by a client that takes a public key for one."""
    text = ".".join([_encoded({"alg": "HS256", "kid": kid}), _encoded(claims)])
    digest = hmac.digest(text.encode(), secret, "sha256")
    return f"{text}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


@asynccontextmanager
async def running(provider: Provider) -> AsyncIterator[Provider]:
    """The provider, while it listens."""
    async with served(provider.app(), LIMITS) as listener:
        provider.issuer = f"http://127.0.0.1:{listener.port}"
        yield provider


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def _is_client(request: Request, form: dict[str, str]) -> bool:
    kind, _, shown = request.headers.get("authorization", "").partition(" ")
    if kind == "Basic":
        name, _, secret = base64.b64decode(shown).decode().partition(":")
        return (unquote(name), unquote(secret)) == (CLIENT, SECRET)
    return (form.get("client_id"), form.get("client_secret", SECRET)) == (CLIENT, SECRET)


def _proves(form: dict[str, str], asked: dict[str, str]) -> bool:
    """PKCE, and the same address to come back to."""
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return (
        asked["code_challenge_method"] == "S256"
        and asked["code_challenge"] == challenge
        and asked["redirect_uri"] == form.get("redirect_uri")
    )
