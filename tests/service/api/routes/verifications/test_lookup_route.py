"""A plain lookup skips FastAPI's look for parameters, and is answered no differently for it."""

import httpx2
import pytest

from service.api.main import create_app
from service.api.routes.verifications.lookup_route import LookupRoute
from tests.support.http.api import RealApi
from tests.support.storage.stores import Store, biz_id, callback, payload

URL = "/v1/verifications"
TOKENS = {
    "reader": {"scopes": ["verifications:read"]},
    "writer": {"scopes": ["verifications:write"]},
    "one app": {"apps": ["demo"]},
    "other app": {"apps": ["other"]},
    "removed app": {"apps": ["removed"]},
}
AUTHORIZATIONS = [
    *(f"Bearer {name}" for name in TOKENS),
    "Bearer unknown",
    "Basic reader",
    "bearer reader",
    None,
]
NAMES = [
    biz_id(1),
    biz_id(2),
    biz_id(9),
    "short",
    "a b c d e f",
    "%00%00%00%00%00%00%00%00",
    "x" * 128,
    "x" * 129,
]


@pytest.fixture
async def known(store: Store, api_context: RealApi) -> None:
    """One verification of `demo` that is decided, and one that two apps have."""
    await store.decide(await store.record(callback(payload(1))))
    for app_id in ("demo", "other"):
        await store.record(callback(payload(2), app_id=app_id))
    for name, rights in TOKENS.items():
        await api_context.tokens.put(name, name, **rights)  # type: ignore[arg-type]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("name", NAMES)
async def test_both_ways_give_the_same_answers(api_context: RealApi, method: str, name: str) -> None:
    transport = httpx2.ASGITransport(create_app(api_context))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
        for authorization in AUTHORIZATIONS:
            headers = {} if authorization is None else {"authorization": authorization}
            plain = await client.request(method, f"{URL}/{name}", headers=headers)
            slow = await client.request(method, f"{URL}/{name}?wait=0", headers=headers)
            assert (plain.status_code, plain.content) == (slow.status_code, slow.content), authorization
            assert plain.headers.raw == slow.headers.raw


async def test_a_plain_lookup_takes_the_short_way(
    api: httpx2.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    answer = LookupRoute._answer

    async def noted(route: LookupRoute, request: object) -> object:
        taken.append("short")
        return await answer(route, request)  # type: ignore[arg-type]

    await store.record()
    monkeypatch.setattr(LookupRoute, "_answer", noted)
    for query in ("", "?wait=0", "?app_id=demo"):
        assert (await api.get(f"{URL}/{biz_id()}{query}")).status_code == 200
    assert taken == ["short"]
