"""What an ID token proves: signature, issuer, audience, nonce and times are checked, then it is read."""

from collections.abc import Mapping
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from adapters.people.oidc.client import OidcClient
from domain.people.errors import ProviderRefused
from domain.people.provider import ProvenIdentity

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
)  # fmt: skip
"""Signatures by a private key of the provider: never `none`, and no HMAC, whose key the provider's public key
might be taken for.
"""

_LEEWAY: Final = 60
"""Seconds by which the clocks may differ."""

_LONGEST_TEXT: Final = 255
_CLAIMS: Final = frozenset({"iss", "aud", "azp", "sub", "exp", "iat", "nbf", "nonce", "at_hash"})


class UnknownKey(Exception):
    """The token is signed by a key that is not among those known."""


def prove(
    id_token: str,
    keys: Mapping[str, Any],
    client: OidcClient,
    *,
    nonce: str,
    access_token: str | None,
    now: int,
) -> Mapping[str, Any]:
    """The claims of an ID token. `keys`: the provider's JWKS.

    Raises:
        UnknownKey: no key has the token's `kid`.
        ProviderRefused: it proves nothing; `code` says what is wrong.
    """
    try:
        return _checked(id_token, keys, client, nonce=nonce, access_token=access_token, now=now)
    except InvalidKeyIdError:
        raise UnknownKey from None
    except JoseError as error:
        raise ProviderRefused(_word_of(error)) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ProviderRefused("id_token") from None


def identity_of(claims: Mapping[str, Any], client: OidcClient) -> ProvenIdentity:
    """The identity in proven claims. Raises ProviderRefused."""
    return ProvenIdentity(
        client.issuer,
        _text(claims.get("sub"), "sub"),
        _text(claims.get(client.name_claim), "no_name"),
        _groups(claims.get(client.groups_claim)),
    )


def missing_claims(claims: Mapping[str, Any], client: OidcClient) -> frozenset[str]:
    """The claims of the name and the groups that are not in an ID token."""
    return frozenset(name for name in (client.name_claim, client.groups_claim) if claims.get(name) is None)


def _checked(
    id_token: str,
    keys: Mapping[str, Any],
    client: OidcClient,
    *,
    nonce: str,
    access_token: str | None,
    now: int,
) -> Mapping[str, Any]:
    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    token = jwt.decode(id_token, KeySet.import_key_set({"keys": _signing(keys)}), registry=registry)
    claims = CodeIDToken(
        token.claims,
        token.header,
        {
            "iss": {"essential": True, "value": client.issuer},
            "aud": {"essential": True, "value": client.client_id},
        },
        {"nonce": nonce, "client_id": client.client_id, "access_token": access_token},
    )
    claims.validate(now=now, leeway=_LEEWAY)
    return dict(claims)


def _signing(keys: Mapping[str, Any]) -> list[Any]:
    """The keys of a JWKS that may sign; a symmetric key in it would be everybody's."""
    return [
        key
        for key in keys.get("keys", [])
        if isinstance(key, dict) and key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig"
    ]


def _groups(value: object) -> tuple[str, ...]:
    """The groups; one text is one group. Raises ProviderRefused for anything else: half a list of groups
    could be the harmful half.
    """
    listed = [value] if isinstance(value, str) else value
    if listed is None:
        return ()
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise ProviderRefused("groups")
    return tuple(listed)


def _text(value: object, code: str) -> str:
    if isinstance(value, str) and 0 < len(value) <= _LONGEST_TEXT and value.isprintable():
        return value
    raise ProviderRefused(code)


def _word_of(error: JoseError) -> str:
    claim = getattr(error, "claim", None)
    return claim if claim in _CLAIMS else error.error or "id_token"
