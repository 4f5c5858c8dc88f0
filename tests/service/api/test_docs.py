"""The description for people needs nothing from the internet, and its pages let nothing else in."""

import base64
import hashlib
import re

import httpx2
import pytest

from tests.service.conftest import ClientOf

PAGES = ["/docs", "/redoc"]


@pytest.mark.parametrize("path", PAGES)
async def test_every_file_of_a_page_is_our_own(client_of: ClientOf, path: str) -> None:
    web = client_of(None)
    page = (await web.get(path)).text
    assert "//" not in re.sub(r"<script>.*?</script>|<!--.*?-->", "", page, flags=re.DOTALL)
    linked = [url for url in re.findall(r'(?:src|href)="([^"]+)"', page) if not url.startswith("data:")]
    assert linked
    for url in linked:
        answer = await web.get(url)
        assert (answer.status_code, len(answer.content) > 10_000) == (200, True), url


@pytest.mark.parametrize("path", PAGES)
async def test_the_policy_of_a_page_allows_its_own_scripts_and_nothing_else(
    client_of: ClientOf, path: str
) -> None:
    answer = await client_of(None).get(path)
    policy = answer.headers["content-security-policy"]
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    }
    assert set(allowed["script-src"].split()) == {"'self'", *hashes}
    assert allowed["default-src"] == "'none'"
    assert "http" not in policy


async def test_the_description_is_the_apps_own(client_of: ClientOf) -> None:
    answer: httpx2.Response = await client_of(None).get("/openapi.json")
    assert answer.json()["info"]["title"] == "faceid-gateway API"
    assert answer.headers["content-type"] == "application/json"
