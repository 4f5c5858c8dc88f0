"""The timeline names the token that requested a pull. For the rest see tests/usecases/ports."""

from datetime import timedelta

from tests.support.storage.stores import NOW, Store


async def test_a_request_on_the_timeline_names_its_token(store: Store) -> None:
    recorded = await store.record()
    later = NOW + timedelta(minutes=5)
    assert await store.pull_requests.ask(recorded.verification_id, now=later, by="night shift") is None
    last = (await store.lookups.timeline(recorded.verification_id))[-1]
    assert (last.event, last.detail) == ("pull.requested", {"by": "night shift"})
