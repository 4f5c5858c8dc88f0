"""A console on real servers, and readers in a real browser: both languages, with and without JavaScript.

Fixtures and tests of this folder share one event loop, since a browser belongs to the loop that started it.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from domain.people.roles import Role
from tests.service.console.rig.browser import NONE, Reader, chromium, reading, started
from tests.service.console.rig.site import Site, console_site

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One loop for all of them."""
    for item in items:
        if _HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(loop_scope="session")
async def site(redis_url: str, database_url: str) -> AsyncIterator[Site]:
    """A console on empty tables."""
    async with console_site(redis_url, database_url) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium; without one, the tests that need it are skipped."""
    binary = chromium()
    if binary is None:
        pytest.skip(NONE)
    async with started(binary) as browser:
        yield browser


@dataclass(frozen=True)
class Readers:
    """Makes readers of one kind."""

    enter: Callable[[AbstractAsyncContextManager[Reader]], object]
    site: Site
    browser: Browser
    language: str
    with_scripts: bool

    async def sign_in(self, role: Role | None = None, app_id: str | None = None) -> Reader:
        """A reader with this role, in every app or in one; None: not signed in."""
        cookie = None if role is None else await self.site.enter(role, app_id)
        window = reading(
            self.browser, self.site.url, language=self.language, with_scripts=self.with_scripts, cookie=cookie
        )
        return await self.enter(window)  # type: ignore[misc,no-any-return]


_KINDS = [("en", True), ("en", False), ("zh", True), ("zh", False)]


@pytest_asyncio.fixture(
    loop_scope="session",
    params=_KINDS,
    ids=[f"{language}-{'js' if scripts else 'plain'}" for language, scripts in _KINDS],
)
async def readers(request: pytest.FixtureRequest, site: Site, browser: Browser) -> AsyncIterator[Readers]:
    """Readers in each language, with and without JavaScript."""
    language, with_scripts = request.param
    async with AsyncExitStack() as windows:
        yield Readers(windows.enter_async_context, site, browser, language, with_scripts)


@pytest_asyncio.fixture(loop_scope="session")
async def english(site: Site, browser: Browser) -> AsyncIterator[Readers]:
    """Readers in English with JavaScript, where more kinds would show nothing more."""
    async with AsyncExitStack() as windows:
        yield Readers(windows.enter_async_context, site, browser, "en", with_scripts=True)
