"""Where requests to the provider go: to the issuer, to public and allowed addresses, and nowhere else."""

from pathlib import Path

import httpx2
import pytest

from adapters.outbound.webhooks.connector import RefusedAddress
from adapters.people.oidc.client import OidcClient
from adapters.people.oidc.provider import OidcProvider
from adapters.people.oidc.transport import ProviderTransport
from adapters.people.oidc.way import ProviderWay
from domain.events.webhooks.addresses import parse_allowed
from domain.people.errors import ProviderAway
from tests.adapters.people.oidc.conftest import signed_in
from tests.support.http.provider import CLIENT, SECRET, Provider
from tests.support.servers.doors_of_tls import serving_tls, write_certificate
from tests.support.servers.vendor import VendorServer, answers, serving
from tests.support.storage.stores import Clock

ISSUER = "https://login.example/realms/company"


async def asked(issuer: str, url: str, way: ProviderWay = ProviderWay()) -> int:  # noqa: B008 - immutable
    """The status of the answer to one request."""
    transport = ProviderTransport(issuer, way)
    try:
        return (await transport.handle_async_request(httpx2.Request("GET", url))).status_code
    finally:
        await transport.aclose()


async def test_the_issuers_own_origin_may_be_private() -> None:
    async with serving(answers(200)) as server:
        assert await asked(f"{server.url}/realms/company", f"{server.url}/keys") == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]"])
async def test_another_private_place_is_refused(host: str) -> None:
    async with serving(answers(200)) as server:
        with pytest.raises(httpx2.TransportError):
            await asked(ISSUER, f"http://{host}:{server.port}/keys")
    assert server.connections == 0


async def test_another_port_of_the_issuers_host_is_another_place() -> None:
    async with serving(answers(200)) as issuer, serving(answers(200)) as server:
        with pytest.raises(httpx2.TransportError):
            await asked(issuer.url, f"{server.url}/keys")
    assert server.connections == 0


@pytest.mark.parametrize("entry", ["127.0.0.0/8", "127.0.0.1", "{url}"])
async def test_the_operator_allows_private_places(entry: str) -> None:
    async with serving(answers(200)) as server:
        way = ProviderWay(parse_allowed([entry.format(url=server.url)]))
        assert await asked(ISSUER, f"{server.url}/keys", way) == 200


async def test_a_description_that_names_a_private_place_is_not_followed(
    provider: Provider, clock: Clock
) -> None:
    transport = ProviderTransport(provider.issuer)
    client = OidcClient(issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET)
    async with serving(answers(200)) as other:
        provider.metadata = {"token_endpoint": f"{other.url}/token"}
        with pytest.raises(ProviderAway):
            await signed_in(OidcProvider(client, transport, clock=clock), provider)
    await transport.aclose()
    assert other.connections == 0, "the client's secret went nowhere"


async def test_a_proxy_gets_the_requests_and_no_refused_literal() -> None:
    async with serving(answers(200)) as proxy:
        way = ProviderWay(proxy=proxy.url)
        assert await asked("http://login.example", "http://login.example/keys", way) == 200
        assert await asked("http://login.example", "http://keys.example/keys", way) == 200
        with pytest.raises(RefusedAddress):
            await asked("http://login.example", "http://169.254.169.254/keys", way)
    assert proxy.targets == ["http://login.example/keys", "http://keys.example/keys"]


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(answers(200)) as proxy, serving(answers(200)) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert await asked(server.url, server.url) == 200
    assert proxy.connections == 0


async def test_certificates_of_the_operator_are_trusted_and_no_others(tmp_path: Path) -> None:
    write_certificate(tmp_path)
    receiver = VendorServer(answers(200))
    async with serving_tls(receiver, tmp_path):
        url = f"https://127.0.0.1:{receiver.port}"
        with pytest.raises(httpx2.TransportError):
            await asked(url, url)
        assert receiver.requests == []
        assert await asked(url, url, ProviderWay(ca=(tmp_path / "server.crt").read_text())) == 200


def test_nothing_of_the_way_is_shown() -> None:
    assert "canary" not in repr(ProviderWay(proxy="http://u:canary@proxy.example:3128"))
