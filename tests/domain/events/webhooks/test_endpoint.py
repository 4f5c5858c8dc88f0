"""An endpoint's way and pauses; its repr shows no secret."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.events.webhooks.endpoint import Endpoint, EndpointPrivate, EndpointSettings, SigningKey
from domain.events.webhooks.schedule import SCHEDULE
from domain.events.webhooks.way import Way

NOW = datetime(2026, 11, 28, tzinfo=UTC)
URL = "https://example.com/hooks/s3cret?key=s3cret"
PRIVATE = EndpointPrivate(
    headers=(("Authorization", "s3cret"),),
    ca="a CA",
    client_certificate="s3cret",
    keys=(SigningKey(b"s3cret", "whpk_1"),),
)


def an_endpoint(private: EndpointPrivate | None = PRIVATE, **settings: Any) -> Endpoint:
    return Endpoint(
        id=UUID(int=1),
        app_id="demo",
        settings=EndpointSettings(url=URL, **settings),
        private=private,
        created_at=NOW,
        updated_at=NOW,
    )


def test_the_way_joins_the_settings_and_the_private_part() -> None:
    assert an_endpoint().way == Way(URL, (("Authorization", "s3cret"),), "a CA", "s3cret")


def test_an_endpoint_that_no_key_opens_has_no_way() -> None:
    assert an_endpoint(None).way is None


def test_the_pauses_are_the_endpoints_own_or_the_default() -> None:
    assert an_endpoint().pauses == SCHEDULE
    assert an_endpoint(schedule=(timedelta(seconds=1),)).pauses == (timedelta(seconds=1),)
    assert an_endpoint(schedule=()).pauses == ()


def test_no_repr_shows_a_secret() -> None:
    endpoint = an_endpoint()
    assert "s3cret" not in repr(endpoint)
    assert "s3cret" not in repr((endpoint.way, PRIVATE, PRIVATE.keys))
    assert "whpk_1" in repr(PRIVATE.keys)
