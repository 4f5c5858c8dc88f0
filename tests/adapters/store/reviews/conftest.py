"""A desk over a real store."""

import pytest

from tests.support.storage.reviews import Reviews
from tests.support.storage.stores import Store


@pytest.fixture
def reviews(store: Store) -> Reviews:
    return Reviews(store)
