"""The demo's receiver takes genuine webhooks alone."""

from datetime import UTC, datetime, timedelta

from devstack.receiver import WebhookReceiver
from domain.events.webhooks.signing import new_secret, sign_standard
from tests.support.http.clients import plain_client

SECRET, OTHER = new_secret(b"k" * 32), new_secret(b"o" * 32)
BODY = b'{"biz_id": "1,a", "n": 1}'


async def send(receiver: WebhookReceiver, *, secret: str = SECRET, ago: float = 0, **changes: str) -> int:
    at = datetime.now(UTC) - timedelta(seconds=ago)
    webhook = sign_standard(BODY, event_id="e1", at=at, secrets=[secret])
    headers = {**webhook.headers, **{f"webhook-{name}": value for name, value in changes.items()}}
    async with plain_client() as client:
        return (await client.post(receiver.url, content=BODY, headers=headers)).status_code


async def test_a_genuine_webhook_is_noted() -> None:
    async with WebhookReceiver() as receiver:
        receiver.secret = SECRET
        before = datetime.now(UTC)
        assert await send(receiver) == 204
        arrival = await receiver.arrival("1,a", patience=10)
    assert arrival is not None
    assert arrival.event == {"biz_id": "1,a", "n": 1}
    assert before <= arrival.at <= datetime.now(UTC)


async def test_what_is_not_genuine_is_refused() -> None:
    async with WebhookReceiver() as receiver:
        assert await send(receiver) == 401
        receiver.secret = SECRET
        assert await send(receiver, secret=OTHER) == 401
        assert await send(receiver, ago=301) == 401
        assert await send(receiver, id="e2") == 401
        assert await send(receiver, timestamp="now") == 401
        assert await receiver.arrival("1,a", patience=0) is None
