"""The api's pages for people in a real browser: they render, and ask no other host for anything."""

import httpx2
import pytest
from playwright.async_api import Page, Route

from tests.service.conftest import ClientOf
from tests.service.console.rig.browser import NONE, chromium, started

RENDERED = {"/docs": ".opblock-summary-path", "/redoc": "[data-section-id]"}


@pytest.mark.parametrize("path", RENDERED)
async def test_a_page_renders_without_the_internet(client_of: ClientOf, path: str) -> None:
    binary = chromium()
    if binary is None:
        pytest.skip(NONE)
    web, others, said = client_of(None), list[str](), list[str]()
    async with started(binary) as browser:
        page = await browser.new_page()
        _listen(page, said)
        await page.route("**/*", lambda route: _answer(route, web, others))
        await page.goto(f"http://api{path}")
        await page.wait_for_selector(RENDERED[path], timeout=90_000)
        assert "/v1/verifications" in await page.content()
    assert (others, said) == ([], [])


def _listen(page: Page, said: list[str]) -> None:
    """Note what the browser complains of."""
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None
    )


async def _answer(route: Route, web: httpx2.AsyncClient, others: list[str]) -> None:
    """Answer from the api; a request to another host is noted and refused."""
    url = route.request.url
    if not url.startswith("http://api/"):
        others.append(url)
        await route.abort()
        return
    answer = await web.get(url)
    await route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)
