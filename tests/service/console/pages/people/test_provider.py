"""Sign in at an identity provider: what the browser keeps meanwhile, and how it comes back."""

import re
from dataclasses import dataclass, replace

import httpx2
import pytest

from domain.people.entry import Origin
from domain.people.errors import ProviderAway, ProviderRefused, TooManySignIns
from domain.people.roles import Role
from service.console.main import create_app
from tests.service.console.rig.site import Site

AT_PROVIDER = "https://login.example/authorize?state=s"


@dataclass
class FakeProvider:
    """Vouches for anyone who brings the right code."""

    cookie: str
    is_away: bool = False
    wait: float = 0

    async def begin(self) -> tuple[str, str]:
        if self.is_away:
            raise ProviderAway
        return "kept-secret", AT_PROVIDER

    async def finish(self, secret: str, *, state: str, code: str, origin: Origin) -> str:
        if self.wait:
            raise TooManySignIns(self.wait)
        if (secret, state, code) != ("kept-secret", "s", "good"):
            raise ProviderRefused("no_role")
        return self.cookie


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider("")


def browser_of(site: Site, provider: FakeProvider) -> httpx2.AsyncClient:
    context = replace(site.context, provider=provider, provider_title="Example Login")  # type: ignore[arg-type]
    transport = httpx2.ASGITransport(create_app(context))
    return httpx2.AsyncClient(transport=transport, base_url="https://console.example")


async def test_the_browser_comes_back_to_where_it_wanted_to_go(site: Site, provider: FakeProvider) -> None:
    provider.cookie = await site.enter(Role.VIEWER)
    async with browser_of(site, provider) as browser:
        page = await browser.get("/login?next=/help")
        assert "Example Login" in page.text
        begun = await browser.get("/login/oidc?next=/help")
        assert (begun.status_code, begun.headers["location"]) == (303, AT_PROVIDER)
        kept = begun.headers["set-cookie"]
        assert "SameSite=lax" in kept
        assert "Max-Age=600" in kept
        back = await browser.get("/login/oidc/back?state=s&code=good")
        # A redirect would count as the provider's, and a strict cookie would not come along.
        assert back.status_code == 200
        assert re.search(r'http-equiv="refresh" content="0;url=/help"', back.text)
        assert (await browser.get("/help")).status_code == 200


async def test_who_has_no_role_does_not_get_in(site: Site, provider: FakeProvider) -> None:
    async with browser_of(site, provider) as browser:
        await browser.get("/login/oidc")
        back = await browser.get("/login/oidc/back?state=s&code=bad")
        assert back.status_code == 403
        assert "gives you no role here" in back.text
        again = await browser.get("/login/oidc/back?state=s&code=good")
        assert again.status_code == 403, "the secret is used up"


async def test_a_provider_that_is_away_leaves_the_sign_in_page(site: Site, provider: FakeProvider) -> None:
    provider.is_away = True
    async with browser_of(site, provider) as browser:
        answer = await browser.get("/login/oidc")
    assert answer.status_code == 503
    assert "cannot be reached right now" in answer.text


async def test_too_many_failed_returns_wait(site: Site, provider: FakeProvider) -> None:
    provider.wait = 29.6
    async with browser_of(site, provider) as browser:
        await browser.get("/login/oidc")
        back = await browser.get("/login/oidc/back?state=s&code=good")
    assert (back.status_code, back.headers["retry-after"]) == (429, "30")
    assert "Too many tries" in back.text


async def test_without_a_provider_there_is_no_such_page(site: Site) -> None:
    async with site.client() as client:
        assert (await client.get("/login/oidc")).status_code == 404
        assert (await client.get("/login/oidc/back?state=s&code=c")).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/中?q=é", "/%E4%B8%AD?q=%C3%A9"),
        ('/a";b,c=d', "/a&#34;;b,c=d"),
        ("/help?x=%E4%B8%AD", "/help?x=%E4%B8%AD"),
        ("/" + "中" * 1000, "/"),
        ("//evil.example", "/"),
    ],
)
async def test_the_place_to_come_back_to_fits_into_a_cookie(
    site: Site, provider: FakeProvider, wanted: str, led: str
) -> None:
    provider.cookie = await site.enter(Role.VIEWER)
    async with browser_of(site, provider) as browser:
        begun = await browser.get("/login/oidc", params={"next": wanted})
        assert begun.status_code == 303
        back = await browser.get("/login/oidc/back?state=s&code=good")
    assert f'content="0;url={led}"' in back.text
