"""Every answer has the strict headers, also one to an error."""

import pytest

from domain.people.roles import Role
from service.console.app.headers import CONTENT_POLICY
from service.console.app.static import static_url
from tests.service.console.rig.site import Site

PATHS = [
    "/login",
    "/login?link=gone",
    "/help",
    "/nothing",
    "/static/0/console.css",
    "/healthz",
    "/readyz",
    "/language",
]


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_is_strict_and_not_kept(site: Site, path: str) -> None:
    async with site.client(Role.VIEWER) as client:
        answer = await client.get(path)
    assert answer.headers["content-security-policy"] == CONTENT_POLICY
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_defect_gives_a_strict_page_without_its_text(site: Site) -> None:
    @site.app.get("/defect")
    async def defect() -> None:
        raise RuntimeError("a secret")

    async with site.client(Role.VIEWER) as client:
        answer = await client.get("/defect")
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"] == CONTENT_POLICY
    assert "Something went wrong" in answer.text
    assert "a secret" not in answer.text


async def test_static_files_are_kept_by_their_hash(site: Site) -> None:
    async with site.client() as client:
        answer = await client.get(static_url("console.css"))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["content-security-policy"] == CONTENT_POLICY
