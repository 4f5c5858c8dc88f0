"""A search by ID number shows no conclusion to a person of whom a blind second look waits."""

from dataclasses import replace

import httpx2
import pytest

from domain.model import Identity
from service.api.main import create_app
from tests.service.api.routes.reviews.test_cases import REJECTION, NotedTokens, concluded
from tests.support.http.api import RealApi, door_of
from tests.support.payloads.callbacks import NAME, policy_with
from tests.support.storage.reviews import Reviews
from tests.support.storage.stores import Store

NUMBER = "11010519491231002X"
BODY = {"app_id": "demo", "id_number": NUMBER, "reason": "ticket 4711"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("wang", None), ("wang/identity:number", None), ("li", "rejected"), ("li/identity:number", "rejected")],
)
async def test_a_search_hides_what_was_concluded(
    api_context: RealApi, store: Store, name: str, expected: str | None
) -> None:
    reviews, identity = Reviews(store), Identity(NAME, NUMBER)
    policy = policy_with(review={"second_look": 1.0})
    case_id = await reviews.case_of(await reviews.verification(policy=policy, identity=identity))
    transport = httpx2.ASGITransport(create_app(replace(api_context, door=door_of(NotedTokens()))))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
        client.headers["authorization"] = "Bearer li"
        await concluded(client, case_id, REJECTION)
        client.headers["authorization"] = f"Bearer {name}"
        answer = await client.post("/v1/persons/search", json=BODY)
    [item] = answer.json()["items"]
    assert (item["outcome"], item["effective_outcome"]) == ("review", expected)
