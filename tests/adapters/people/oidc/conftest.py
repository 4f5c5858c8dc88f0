"""Our side of a sign-in, and a provider on a real socket."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest

from adapters.people.oidc.client import OidcClient
from adapters.people.oidc.provider import OidcProvider
from adapters.people.oidc.transport import ProviderTransport
from domain.people.errors import ProviderRefused
from domain.people.provider import ProvenIdentity
from tests.support.http.provider import CLIENT, SECRET, Provider, ec_key, rsa_key, running
from tests.support.storage.stores import Clock

BACK = "https://console.example/login/oidc/back"
BROWSER = "the random secret of one browser"
RSA, EC, OTHER = rsa_key(), ec_key(), rsa_key("other")


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC))


@pytest.fixture
async def provider(clock: Clock) -> AsyncIterator[Provider]:
    async with running(Provider(clock, [RSA, EC])) as made:
        yield made


@pytest.fixture
async def transport(provider: Provider) -> AsyncIterator[httpx2.AsyncBaseTransport]:
    made = ProviderTransport(provider.issuer)
    yield made
    await made.aclose()


@pytest.fixture
def ours(provider: Provider, transport: httpx2.AsyncBaseTransport, clock: Clock) -> OidcProvider:
    """Our side."""
    client = OidcClient(issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET)
    return OidcProvider(client, transport, clock=clock)


async def signed_in(ours: OidcProvider, provider: Provider, **changes: str) -> ProvenIdentity:
    brought = provider.sign_in(await ours.address(BROWSER, back_to=BACK)) | changes
    return await ours.prove(BROWSER, state=brought["state"], code=brought["code"], back_to=BACK)


async def refusal(ours: OidcProvider, provider: Provider, **changes: str) -> str:
    with pytest.raises(ProviderRefused) as refused:
        await signed_in(ours, provider, **changes)
    return refused.value.code
