"""How the gateway is registered at the provider, and what it sends: addresses, challenges, forms."""

import base64
import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

NO_HEADERS: Final = MappingProxyType[str, str]({})


class OidcClient(msgspec.Struct, frozen=True, kw_only=True):
    """The registration. `client_secret` None: a public client. `name_claim`, `groups_claim`: the claims with
    the login name and the groups, in the ID token or else at `userinfo`. The repr does not show the secret.
    """

    issuer: str
    client_id: str
    client_secret: str | None = None
    scopes: tuple[str, ...] = ("openid", "profile")
    name_claim: str = "preferred_username"
    groups_claim: str = "groups"

    def __repr__(self) -> str:
        return f"OidcClient({self.issuer!r})"


class Secrets(msgspec.Struct, frozen=True):
    """What binds a sign-in to one browser: state, nonce and PKCE's verifier, all from the one random secret
    that this browser keeps.
    """

    state: str
    nonce: str
    verifier: str

    @classmethod
    def of(cls, secret: str) -> "Secrets":
        """The three of one sign-in."""
        return cls(*(_derived(secret, purpose) for purpose in (b"state", b"nonce", b"verifier")))

    def __repr__(self) -> str:
        return "Secrets(...)"


def sign_in_address(client: OidcClient, secrets: Secrets, *, endpoint: str, back_to: str) -> str:
    """Where the browser goes to sign in."""
    address: str = prepare_grant_uri(
        endpoint,
        client.client_id,
        "code",
        redirect_uri=back_to,
        scope=list(client.scopes),
        state=secrets.state,
        nonce=secrets.nonce,
        code_challenge=create_s256_code_challenge(secrets.verifier),
        code_challenge_method="S256",
    )
    return address


def token_request(
    client: OidcClient, secrets: Secrets, *, code: str, back_to: str, methods: object
) -> tuple[bytes, Mapping[str, str]]:
    """Body and headers of the request that exchanges a code. `methods`: how the provider lets clients
    authenticate; basic unless it wants the form.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back_to,
        "code_verifier": secrets.verifier,
    }
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    if client.client_secret is None:
        form["client_id"] = client.client_id
    elif _wants_basic(methods):
        headers["authorization"] = _basic(client.client_id, client.client_secret)
    else:
        form |= {"client_id": client.client_id, "client_secret": client.client_secret}
    return urlencode(form).encode(), headers


def bearer(access_token: str) -> Mapping[str, str]:
    """The headers of a request for the claims that the ID token lacks."""
    return {"authorization": f"Bearer {access_token}", "accept": "application/json"}


def _wants_basic(methods: object) -> bool:
    return not isinstance(methods, list) or not methods or "client_secret_basic" in methods


def _basic(client_id: str, client_secret: str) -> str:
    """RFC 6749, 2.3.1: both parts are form-encoded first."""
    text = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def _derived(secret: str, purpose: bytes) -> str:
    digest = hmac.digest(secret.encode(errors="surrogatepass"), b"faceid-gateway oidc " + purpose, "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
