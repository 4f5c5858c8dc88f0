"""A sign-in at an identity provider over real HTTP: what proves an identity, and what does not."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc.jwk import OctKey
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from adapters.people.oidc.client import OidcClient, Secrets
from adapters.people.oidc.provider import OidcProvider
from domain.people.errors import ProviderAway, ProviderRefused
from domain.people.provider import ProvenIdentity
from tests.adapters.people.oidc.conftest import BACK, BROWSER, EC, OTHER, RSA, refusal, signed_in
from tests.support.http.provider import CLIENT, SECRET, Provider, hashed, signed, unsigned
from tests.support.storage.stores import Clock


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256")])
async def test_a_signed_token_proves_who_it_is(
    ours: OidcProvider, provider: Provider, key: Any, algorithm: str
) -> None:
    provider.key, provider.algorithm = key, algorithm
    identity = await signed_in(ours, provider)
    assert identity == ProvenIdentity(provider.issuer, "subject-1", "li.na", ("staff",))


async def test_the_address_asks_for_a_code_with_pkce(ours: OidcProvider, provider: Provider) -> None:
    address = await ours.address(BROWSER, back_to=BACK)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{provider.issuer}/authorize?")
    assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", CLIENT, "openid profile")
    assert (asked["redirect_uri"], asked["code_challenge_method"]) == (BACK, "S256")
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert BROWSER not in address
    other = await ours.address("another browser", back_to=BACK)
    assert asked["state"] not in other


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "another-client"}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": [CLIENT, "another-client"]}, "azp"),
        ({"aud": [CLIENT, "another-client"], "azp": "another-client"}, "azp"),
        ({"azp": "another-client"}, "azp"),
        ({"nonce": "of another browser"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": 1}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"iat": None}, "iat"),
        ({"nbf": 32503680000}, "nbf"),
        ({"at_hash": "of another token"}, "at_hash"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
        ({"preferred_username": None}, "no_name"),
        ({"preferred_username": ["li.na"]}, "no_name"),
        ({"groups": {"staff": True}}, "groups"),
        ({"groups": ["staff", 7]}, "groups"),
        ({"groups": 7}, "groups"),
    ],
)
async def test_a_wrong_claim_proves_nothing(
    ours: OidcProvider, provider: Provider, claims: dict[str, Any], code: str
) -> None:
    provider.claims = claims
    assert await refusal(ours, provider) == code


async def test_a_token_that_expired_a_while_ago_proves_nothing(
    ours: OidcProvider, provider: Provider, clock: Clock
) -> None:
    expired = int(clock().timestamp()) - 61
    provider.claims = {"exp": expired}
    assert await refusal(ours, provider) == "exp"
    provider.claims = {"exp": expired + 30}
    assert (await signed_in(ours, provider)).subject == "subject-1", "clocks may differ a little"


@pytest.mark.parametrize(("groups", "known"), [(None, ()), ([], ()), ("staff", ("staff",))])
async def test_groups_are_a_list_one_text_or_none(
    ours: OidcProvider, provider: Provider, groups: Any, known: tuple[str, ...]
) -> None:
    provider.claims = {"groups": groups}
    assert (await signed_in(ours, provider)).groups == known


FORGED: dict[str, Callable[[dict[str, Any]], str]] = {
    "none": unsigned,
    "another key": lambda claims: signed(claims, OTHER, "RS256", kid="rsa"),
    "the public key as a secret": lambda claims: hashed(claims, RSA.as_pem(private=False), "rsa"),
    "a key in the token": lambda claims: signed(
        claims, OTHER, "RS256", kid="rsa", jwk=OTHER.as_dict(private=False)
    ),
    "changed": lambda claims: changed(signed(claims, RSA, "RS256")),
    "no signature": lambda claims: signed(claims, RSA, "RS256").rpartition(".")[0] + ".",
    "no token": lambda _: "canary",
    "nothing": lambda _: "",
    "a list": lambda _: "W10.W10.W10",
    "huge": lambda _: "a" * 500_000,
}


def changed(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}"


@pytest.mark.parametrize("forged", FORGED)
async def test_a_forged_token_proves_nothing(ours: OidcProvider, provider: Provider, forged: str) -> None:
    provider.sign = FORGED[forged]
    code = await refusal(ours, provider)
    assert "canary" not in code


async def test_a_symmetric_key_that_is_published_signs_nothing(
    ours: OidcProvider, provider: Provider
) -> None:
    shared = OctKey.generate_key(256, {"kid": "shared"})
    provider.keys, provider.key, provider.algorithm = [RSA, shared], shared, "HS256"
    assert await refusal(ours, provider) in {"key", "unsupported_algorithm"}


async def test_the_state_and_the_code_are_of_this_browser(ours: OidcProvider, provider: Provider) -> None:
    assert await refusal(ours, provider, state="forged") == "state"
    assert await refusal(ours, provider, state="\ud800") == "state"
    assert await refusal(ours, provider, code="forged") == "code"
    assert await refusal(ours, provider, code="") == "code"
    assert await refusal(ours, provider, code="x" * 5000) == "code"
    brought = provider.sign_in(await ours.address("another browser", back_to=BACK))
    with pytest.raises(ProviderRefused, match="state"):
        await ours.prove(BROWSER, **brought, back_to=BACK)
    with pytest.raises(ProviderRefused, match="state"):
        await ours.prove("", **brought, back_to=BACK)


async def test_a_code_of_another_browser_is_refused_by_pkce(ours: OidcProvider, provider: Provider) -> None:
    theirs = provider.sign_in(await ours.address("the attacker's browser", back_to=BACK))
    assert await refusal(ours, provider, code=theirs["code"]) == "code"
    assert "/token refused" in provider.asked


async def test_a_code_is_used_once(ours: OidcProvider, provider: Provider) -> None:
    brought = provider.sign_in(await ours.address(BROWSER, back_to=BACK))
    ends = await asyncio.gather(
        *(ours.prove(BROWSER, **brought, back_to=BACK) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(end, ProvenIdentity) for end in ends) == 1


@pytest.mark.parametrize("methods", [["client_secret_basic"], ["client_secret_post"], [], None])
async def test_the_client_authenticates_as_the_provider_wants(
    ours: OidcProvider, provider: Provider, methods: list[str] | None
) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": methods}
    assert (await signed_in(ours, provider)).name == "li.na"


async def test_a_public_client_has_no_secret(
    provider: Provider, transport: httpx2.AsyncBaseTransport, clock: Clock
) -> None:
    client = OidcClient(issuer=provider.issuer, client_id=CLIENT, groups_claim="roles", name_claim="email")
    provider.claims = {"roles": ["a"], "email": "li.na@shop.example"}
    identity = await signed_in(OidcProvider(client, transport, clock=clock), provider)
    assert (identity.name, identity.groups) == ("li.na@shop.example", ("a",))


async def test_keys_are_kept_and_asked_for_again_when_they_changed(
    provider: Provider, transport: httpx2.AsyncBaseTransport, clock: Clock
) -> None:
    now = 1000.0
    client = OidcClient(issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET)
    ours = OidcProvider(client, transport, clock=clock, monotonic=lambda: now)
    for _ in range(3):
        await signed_in(ours, provider)
    assert provider.asked.count("/keys") == 1
    provider.keys = [OTHER]
    assert await refusal(ours, provider) == "key", "a stranger's unknown keys are not worth a request each"
    assert provider.asked.count("/keys") == 1
    now += 61
    assert (await signed_in(ours, provider)).name == "li.na"
    assert provider.asked.count("/keys") == 2


BROKEN: dict[str, Response] = {
    "status": PlainTextResponse("canary", 500),
    "html": PlainTextResponse("<html>canary"),
    "a list": PlainTextResponse("[]"),
    "deep": PlainTextResponse("[" * 100_000),
    "huge": PlainTextResponse("x" * (1024 * 1024 + 1)),
    "elsewhere": RedirectResponse("http://169.254.169.254/"),
    "compressed": Response(b"{}", headers={"content-encoding": "gzip"}),
}


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys", "/userinfo"])
@pytest.mark.parametrize("broken", BROKEN)
async def test_a_broken_provider_is_away(
    ours: OidcProvider, provider: Provider, path: str, broken: str
) -> None:
    provider.claims, provider.userinfo = {"groups": None}, {}
    provider.answers[path] = BROKEN[broken]
    with pytest.raises(ProviderAway) as away:
        await signed_in(ours, provider)
    assert "canary" not in repr(away.value)


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://evil.example"}, {"authorization_endpoint": None}, {"token_endpoint": 7},
     {"jwks_uri": "file:///etc/passwd"}, {"token_endpoint": "ftp://host/token"}, {"jwks_uri": "http://["},
     {"jwks_uri": "http://host\n/keys"}, {"token_endpoint": "http:///token"}, {"jwks_uri": "http://h:99999"}],
)  # fmt: skip
async def test_a_description_that_does_not_fit_is_not_used(
    ours: OidcProvider, provider: Provider, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    with pytest.raises(ProviderAway):
        await signed_in(ours, provider)


async def test_nobody_listens(transport: httpx2.AsyncBaseTransport, clock: Clock, free_port: int) -> None:
    client = OidcClient(issuer=f"http://127.0.0.1:{free_port}", client_id=CLIENT)
    with pytest.raises(ProviderAway):
        await OidcProvider(client, transport, clock=clock).address(BROWSER, back_to=BACK)


def test_nothing_secret_is_shown() -> None:
    client = OidcClient(issuer="https://login.example", client_id=CLIENT, client_secret=SECRET)
    assert SECRET not in repr(client)
    assert BROWSER not in repr(Secrets.of(BROWSER))
    assert Secrets.of(BROWSER).verifier not in repr(Secrets.of(BROWSER))
