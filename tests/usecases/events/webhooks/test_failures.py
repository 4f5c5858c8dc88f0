"""What follows from failures: pauses, probes, and the end of an endpoint that only fails."""

from datetime import datetime, timedelta

import pytest

from domain.events.webhooks.schedule import GIVEN_UP_AFTER, PROBE_EVERY, SCHEDULE
from domain.events.webhooks.way import Answer, Fault, NotSent
from tests.support.storage.stores import NOW
from tests.support.webhooks.hooks import OK, Hooks


async def failed_times(hooks: Hooks, count: int) -> None:
    """Let this many attempts of different verifications fail at once."""
    for verification in range(count):
        await hooks.event(100 + verification)
    hooks.receiver.answer = lambda _way, _event: Answer(500)
    await hooks.run()


async def test_a_schedule_that_is_used_up_fails_the_delivery_and_tells_of_it(hooks: Hooks) -> None:
    # Seen elsewhere: retries for ever (convoy#1833).
    await hooks.endpoint(types=("verification.*",))
    seq = await hooks.event()
    hooks.receiver.answer = lambda _way, _event: Answer(500)
    await hooks.run()
    for pause in SCHEDULE:
        hooks.clock.go_on(pause + PROBE_EVERY)
        await hooks.run()
    hooks.clock.go_on(timedelta(days=9))
    await hooks.run()
    assert hooks.receiver.seqs() == [seq] * 11
    assert await hooks.states() == [("failed", "status_500")]
    [told] = await hooks.log("delivery.exhausted")
    [(event_id,)] = await hooks.rows("SELECT CAST(id AS text) FROM events WHERE seq = :seq", seq=seq)
    assert (told["error"], told["event_id"]) == ("status_500", event_id)


async def test_an_exhausted_delivery_of_such_an_event_makes_no_further_event(hooks: Hooks) -> None:
    await hooks.endpoint(types=("*",), schedule=())
    await hooks.event()
    hooks.receiver.answer = lambda _way, _event: Answer(500)
    await hooks.run()
    await hooks.run()
    assert len(await hooks.log("delivery.exhausted")) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("wish", "pause"), [(60, 60), (1, 5), (7200, 3600)])
async def test_retry_after_is_honoured_up_to_an_hour(
    hooks: Hooks, status: int, wish: int, pause: int
) -> None:
    await hooks.endpoint()
    await hooks.event()
    hooks.receiver.answer = lambda _way, _event: Answer(status, timedelta(seconds=wish))
    await hooks.run()
    assert await hooks.due() == [timedelta(seconds=pause)]


async def test_410_disables_the_endpoint_and_ends_what_is_pending(hooks: Hooks) -> None:
    await hooks.endpoint(max_in_flight=1)
    await hooks.event(1)
    await hooks.event(1)
    hooks.receiver.answer = lambda _way, _event: Answer(410)
    await hooks.run()
    assert await hooks.health() == ("disabled", "gone", 1)
    await hooks.loop().clear_away()
    assert await hooks.states() == [("failed", "status_410"), ("failed", "endpoint_disabled")]
    assert [each["reason"] for each in await hooks.log("endpoint.disabled")] == ["gone"]
    await hooks.event(2)
    assert await hooks.fan_out() == 0


async def test_after_five_failures_in_a_row_one_probe_goes_at_a_time(hooks: Hooks) -> None:
    await hooks.endpoint()
    await failed_times(hooks, 5)
    for verification in range(3):
        await hooks.event(verification)
    await hooks.fan_out()
    assert await hooks.claim() == [], "the next probe has its time"
    hooks.clock.go_on(PROBE_EVERY)
    assert len(await hooks.claim()) == 1
    assert await hooks.claim() == [], "one at a time"


async def test_a_probe_that_succeeds_opens_the_way_for_all(hooks: Hooks) -> None:
    await hooks.endpoint()
    await failed_times(hooks, 5)
    seqs = [await hooks.event(verification) for verification in range(3)]
    hooks.receiver.answer = lambda _way, _event: OK
    hooks.clock.go_on(PROBE_EVERY)
    await hooks.run()
    assert set(seqs) <= set(hooks.receiver.seqs())
    assert await hooks.health() == ("enabled", None, 0)


async def test_an_endpoint_that_failed_for_five_days_is_disabled_with_an_event(hooks: Hooks) -> None:
    # Seen elsewhere: dead endpoints that look as if their deliveries were pending (polar#8690).
    await hooks.endpoint()
    await failed_times(hooks, 2)
    hooks.clock.now = NOW + GIVEN_UP_AFTER - timedelta(seconds=1)
    await failed_times(hooks, 1)
    assert (await hooks.health())[0] == "enabled"
    hooks.clock.now = NOW + GIVEN_UP_AFTER + PROBE_EVERY
    await failed_times(hooks, 1)
    assert (await hooks.health())[:2] == ("disabled", "failing")
    [told] = await hooks.log("endpoint.disabled")
    assert told["reason"] == "failing"
    assert told["endpoint_id"]


async def test_half_way_to_that_there_is_one_warning(hooks: Hooks) -> None:
    await hooks.endpoint()
    await failed_times(hooks, 5)
    hooks.clock.now = NOW + GIVEN_UP_AFTER / 2 - timedelta(seconds=1)
    await failed_times(hooks, 1)
    assert await hooks.log("endpoint.failing") == []
    hooks.clock.now = NOW + GIVEN_UP_AFTER / 2 + PROBE_EVERY
    for _ in range(2):
        await failed_times(hooks, 1)
        hooks.clock.go_on(timedelta(hours=1))
    [told] = await hooks.log("endpoint.failing")
    assert told["endpoint_id"]
    assert datetime.fromisoformat(told["since"]) == NOW


async def test_one_success_within_five_days_keeps_it_enabled(hooks: Hooks) -> None:
    await hooks.endpoint()
    await failed_times(hooks, 2)
    hooks.clock.now = NOW + timedelta(days=4)
    hooks.receiver.answer = lambda _way, _event: OK
    await hooks.run()
    hooks.clock.now = NOW + timedelta(days=6)
    await failed_times(hooks, 1)
    assert await hooks.health() == ("enabled", None, 1)


@pytest.mark.parametrize("fault", [Fault.DNS, Fault.PROXY, Fault.OURS])
async def test_only_faults_of_the_receiver_count_against_it(hooks: Hooks, fault: Fault) -> None:
    await hooks.endpoint()
    for verification in range(6):
        await hooks.event(verification)
    hooks.receiver.answer = lambda _way, _event: NotSent(fault, "word")
    await hooks.run()
    assert await hooks.health() == ("enabled", None, 0)
    assert await hooks.states() == [("pending", "word")] * 6


async def test_a_type_that_is_no_longer_subscribed_is_not_retried(hooks: Hooks) -> None:
    # Seen elsewhere: failed deliveries of types that were given up are sent again for ever (polar#6706).
    endpoint = await hooks.endpoint(types=("verification.*",))
    await hooks.event(1)
    kept = await hooks.event(2, kind="verification.rejected", outcome="rejected")
    hooks.receiver.answer = lambda _way, _event: Answer(500)
    await hooks.run()
    sent = len(hooks.receiver.sent)
    await hooks.rows("SELECT 1")
    await change_types(hooks, endpoint.id, ["verification.rejected"])
    await hooks.loop().clear_away()
    assert await hooks.states() == [("failed", "unsubscribed"), ("pending", "status_500")]
    hooks.clock.go_on(timedelta(seconds=5))
    await hooks.run()
    assert hooks.receiver.seqs()[sent:] == [kept]


async def test_a_type_given_up_a_moment_ago_is_not_sent(hooks: Hooks) -> None:
    endpoint = await hooks.endpoint()
    await hooks.event(1)
    await hooks.fan_out()
    await change_types(hooks, endpoint.id, ["verification.rejected"])
    await hooks.run()
    assert hooks.receiver.sent == []
    assert await hooks.states() == [("failed", "unsubscribed")]


async def test_deliveries_of_a_deleted_endpoint_end(hooks: Hooks) -> None:
    endpoint = await hooks.endpoint()
    await hooks.event(1)
    await hooks.fan_out()
    await hooks.endpoints.delete(endpoint.id, None)
    await hooks.loop().clear_away()
    assert await hooks.states() == [("failed", "endpoint_deleted")]


async def change_types(hooks: Hooks, endpoint_id: object, types: list[str]) -> None:
    from sqlalchemy import text  # noqa: PLC0415

    async with hooks.engine.begin() as connection:
        await connection.execute(
            text("UPDATE endpoints SET types = :types, updated_at = :now WHERE id = :id"),
            {"types": types, "now": hooks.clock(), "id": endpoint_id},
        )


async def test_old_deliveries_are_deleted_with_their_attempts(hooks: Hooks) -> None:
    await hooks.endpoint()
    await hooks.event(1)
    await hooks.run()
    hooks.receiver.answer = lambda _way, _event: Answer(500)
    await hooks.event(2)
    await hooks.run()
    hooks.clock.go_on(timedelta(days=31))
    await hooks.loop().clear_away()
    assert await hooks.states() == [("pending", "status_500")]
    assert await hooks.rows("SELECT count(*) FROM attempts") == [(1,)]
