"""A desk over a real store."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.reviews.case import ReviewCase
from domain.reviews.history import replay
from tests.support.storage.reviews import WANG, Reviews
from tests.support.storage.stores import Store


@pytest.fixture
def reviews(store: Store) -> Reviews:
    return Reviews(store)


async def replayed(reviews: Reviews, case_id: UUID) -> ReviewCase:
    """The stored case, which is what its events say."""
    view = await reviews.desk.find(case_id, WANG)
    case = view.listed.case
    again = replay(case, [each.event for each in view.events])
    assert replace(again, claim=None) == replace(case, claim=None)
    return case
