"""An app may limit how often one ID number is ordered in a day."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import msgspec
import pytest

from domain.model import verification_id
from service.api.main import create_app
from tests.service.api.routes.verifications.conftest import ORDER, URL, ScriptedIssuer
from tests.service.conftest import ClientOf, assert_problem
from tests.support.http.api import RealApi
from tests.support.payloads.callbacks import ID_NUMBER
from tests.support.storage.stores import (
    Store,
    biz_id,
)

NUMBER = "11010519491231002X"


@pytest.fixture
async def limited(api_context: RealApi, issuer: ScriptedIssuer, client_of: ClientOf) -> AsyncIterator[Any]:
    """A client of an api whose app `demo` allows two orders of one number in a day."""
    apps = dict(api_context.apps)
    apps["demo"] = msgspec.structs.replace(apps["demo"], orders_of_number=2)
    await api_context.tokens.put("t", "t")
    transport = httpx2.ASGITransport(create_app(replace(api_context, apps=apps, issuer=issuer)))
    headers = {"authorization": "Bearer t"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://api", headers=headers) as client:
        yield client


async def test_the_orders_of_one_number_are_limited_before_the_vendor_is_called(
    limited: httpx2.AsyncClient, api_context: RealApi, issuer: ScriptedIssuer
) -> None:
    for n in (5, 6):
        noted = verification_id("demo", biz_id(n))
        await api_context.numbers.note("demo", noted, NUMBER, at=api_context.clock())
    for written in (NUMBER, "110105491231002", "１１０１０５１９４９１２３１００２ｘ"):
        answer = await limited.post(URL, json=ORDER | {"idcard_number": written})
        assert_problem(answer, 429, "number_limit")
        assert NUMBER not in answer.text
    assert issuer.orders == []
    assert (await limited.post(URL, json=ORDER | {"idcard_number": ID_NUMBER})).status_code == 201


async def test_an_order_counts_and_is_forgotten_after_a_day(
    limited: httpx2.AsyncClient, api_context: RealApi, store: Store
) -> None:
    assert (await limited.post(URL, json=ORDER | {"idcard_number": NUMBER})).status_code == 201
    now = api_context.clock()
    count = api_context.numbers.count
    assert await count("demo", NUMBER, since=now - timedelta(days=1), most=9) == 1
    assert await count("demo", NUMBER, since=now + timedelta(seconds=1), most=9) == 0
    assert await count("other", NUMBER, since=now - timedelta(days=1), most=9) == 0
    [(digest,)] = await store.rows("SELECT digest FROM id_numbers")
    assert NUMBER.encode() not in digest


async def test_without_a_limit_nothing_of_an_order_is_indexed(
    scripted: httpx2.AsyncClient, store: Store
) -> None:
    assert (await scripted.post(URL, json=ORDER | {"idcard_number": NUMBER})).status_code == 201
    assert await store.rows("SELECT * FROM id_numbers") == []
