"""A way that cannot be gone is refused at once, by name."""

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.outbound.webhooks import ways
from adapters.outbound.webhooks.ways import CheckedWays
from domain.events.webhooks.addresses import NOTHING, Allowed, parse_allowed
from domain.events.webhooks.mistakes import EndpointRefused, Mistake
from domain.events.webhooks.way import Way
from tests.adapters.outbound.webhooks.test_guard import LITERALS, Names

PUBLIC = "93.184.216.34"


async def refusal(
    url: str, *, allowed: Allowed = NOTHING, names: AbstractResolver | None = None, has_proxy: bool = False
) -> str | None:
    checked = CheckedWays(allowed=allowed, has_proxy=has_proxy, resolver=names or Names())
    try:
        await checked.check(Way(url))
    except EndpointRefused as error:
        return error.code
    return None


@pytest.mark.parametrize("host", [*LITERALS, "①②⑦.⓪.⓪.①", "127。0。0。1", "[::1%25lo]"])
@pytest.mark.parametrize("has_proxy", [True, False])
async def test_a_literal_of_a_refused_address_is_refused(host: str, has_proxy: bool) -> None:
    assert await refusal(f"http://{host}/", has_proxy=has_proxy) == Mistake.ADDRESS_REFUSED


async def test_a_name_with_any_refused_address_is_refused() -> None:
    class Both(Names):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            found = [await Names(x=[each]).resolve("x", port) for each in (PUBLIC, "10.0.0.1")]
            return [each for [each] in found]

    assert await refusal("https://shop.example/", names=Both()) == Mistake.ADDRESS_REFUSED


async def test_a_name_with_public_addresses_is_accepted() -> None:
    assert await refusal("https://shop.example/", names=Names(shop_example=[PUBLIC])) is None


async def test_a_name_that_does_not_resolve_is_refused() -> None:
    assert await refusal("https://nowhere.example/") == Mistake.ADDRESS_UNRESOLVABLE


@pytest.mark.parametrize(
    "host",
    ["xn--", "xn--a", "a..b", "...", "a" * 300, "a%00b", "%zz", "[v1.x]", "ö" * 300, "\u200b", "\u202ea"],
)
async def test_a_name_that_is_none_is_refused(host: str) -> None:
    assert await refusal(f"http://{host}/") in {Mistake.URL_NOT_HTTP, Mistake.ADDRESS_UNRESOLVABLE}


async def test_a_name_is_resolved_as_the_sender_resolves_it() -> None:
    names = Names()
    names.answers["xn--czrs0t.example"] = [PUBLIC]
    assert await refusal("https://商店.example/", names=names) is None


async def test_a_name_that_does_not_resolve_in_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Names):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            await asyncio.Event().wait()
            return []

    monkeypatch.setattr(ways, "_PATIENCE", 0.01)
    assert await refusal("https://slow.example/", names=Slow()) == Mistake.ADDRESS_UNRESOLVABLE


@pytest.mark.parametrize("entry", ["10.0.0.0/8", "crm.internal", "http://crm.internal"])
async def test_the_operators_entry_opens_the_way(entry: str) -> None:
    allowed = parse_allowed([entry])
    assert (
        await refusal("http://crm.internal/", allowed=allowed, names=Names(crm_internal=["10.0.0.1"])) is None
    )


async def test_behind_a_proxy_names_are_the_proxys() -> None:
    assert await refusal("https://nowhere.example/", has_proxy=True) is None


@pytest.mark.parametrize(
    "way", [Way("https://x", ca="no PEM"), Way("https://x", client_certificate="no PEM")]
)
async def test_a_certificate_that_cannot_be_used_is_refused(way: Way) -> None:
    with pytest.raises(EndpointRefused) as refused:
        await CheckedWays(has_proxy=True).check(way)
    assert refused.value.code == Mistake.CERTIFICATE_INVALID
