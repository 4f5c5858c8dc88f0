"""A list by the outcome that counts shows nothing of a conclusion that the reader must not know yet."""

from collections.abc import Mapping
from dataclasses import replace

import httpx2
import pytest

from domain.model import Outcome
from service.api.main import create_app
from tests.service.api.routes.reviews.test_cases import REJECTION, NotedTokens, concluded
from tests.service.conftest import clients_of
from tests.support.http.api import RealApi, door_of
from tests.support.payloads.callbacks import policy_with
from tests.support.storage.reviews import Reviews
from tests.support.storage.stores import Store, biz_id

REJECTED: dict[str, str | int] = {"effective_outcome": "rejected"}


async def page_of(client: httpx2.AsyncClient, query: Mapping[str, str | int]) -> tuple[list[str], bool]:
    """The biz_ids of a page, and whether another one follows."""
    page = (await client.get("/v1/verifications", params=dict(query))).json()
    return [each["biz_id"] for each in page["items"]], page["next_cursor"] is not None


@pytest.mark.parametrize("name", ["wang", "chen/verifications:read", "li", "viewer", "program"])
async def test_neither_a_short_page_nor_its_cursor_shows_it(
    api_context: RealApi, store: Store, name: str
) -> None:
    reviews = Reviews(store)
    await reviews.verification(2, outcome=Outcome.REJECTED)
    case_id = await reviews.case(policy=policy_with(review={"second_look": 1.0}))
    async with clients_of(create_app(replace(api_context, door=door_of(NotedTokens())))) as of:
        await concluded(of("li"), case_id, REJECTION)
        short, whole = [await page_of(of(name), REJECTED | {"limit": limit}) for limit in (1, 50)]
        everything = await page_of(of(name), {})
    is_blind = name in {"wang", "chen/verifications:read"}
    assert short == (([biz_id(2)], False) if is_blind else ([biz_id()], True))
    assert whole == ([biz_id(2)] if is_blind else [biz_id(), biz_id(2)], False)
    assert everything == ([biz_id(), biz_id(2)], False)
