"""The health of an endpoint after several attempts: warned at half of five days, disabled after all."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.events.webhooks.delivery import (
    DeliveryLease,
    DeliveryState,
    EndedAttempt,
    EndpointAfter,
    endpoint_after,
)
from domain.events.webhooks.endpoint import DisabledReason
from domain.events.webhooks.schedule import GIVEN_UP_AFTER, Health
from domain.events.webhooks.verdict import Verdict

START = datetime(2026, 11, 28, tzinfo=UTC)
HALF = GIVEN_UP_AFTER / 2
SOON = timedelta(hours=1)
FAILING = Health(3, START)


def attempt(verdict: Verdict, after: timedelta, *, counts: bool) -> EndedAttempt:
    lease = DeliveryLease(UUID(int=1), UUID(int=2), 1)
    state = DeliveryState.DELIVERED if verdict is Verdict.DELIVERED else DeliveryState.PENDING
    return EndedAttempt(lease, state, START + after, verdict=verdict, counts_against_receiver=counts)


def failure(after: timedelta) -> EndedAttempt:
    return attempt(Verdict.RETRY, after, counts=True)


def success(after: timedelta) -> EndedAttempt:
    return attempt(Verdict.DELIVERED, after, counts=False)


def gone(after: timedelta) -> EndedAttempt:
    return attempt(Verdict.GONE, after, counts=True)


def test_no_attempts_change_nothing() -> None:
    assert endpoint_after(FAILING, []) == EndpointAfter(FAILING)


def test_failures_count_up_from_the_first_of_them() -> None:
    attempts = [failure(SOON), failure(2 * SOON)]
    assert endpoint_after(Health(), attempts) == EndpointAfter(Health(2, START + SOON))


def test_a_success_starts_the_count_again_in_the_order_of_the_ends() -> None:
    assert endpoint_after(FAILING, [failure(SOON), success(2 * SOON)]).health == Health()
    assert endpoint_after(FAILING, [success(SOON), failure(2 * SOON)]).health == Health(1, START + 2 * SOON)


def test_a_fault_on_our_side_counts_neither_way() -> None:
    ours = attempt(Verdict.RETRY, 2 * GIVEN_UP_AFTER, counts=False)
    assert endpoint_after(FAILING, [ours]) == EndpointAfter(FAILING)


@pytest.mark.parametrize(("after", "alarms"), [(HALF - SOON, False), (HALF, True), (HALF + SOON, True)])
def test_half_of_the_time_alarms(after: timedelta, alarms: bool) -> None:
    assert endpoint_after(FAILING, [failure(after)]) == EndpointAfter(Health(4, START), None, alarms)


def test_it_alarms_once() -> None:
    """The failure before these attempts was late enough to alarm already."""
    attempts = [failure(HALF + SOON)]
    assert not endpoint_after(FAILING, attempts, last_failure=START + HALF).alarms
    assert endpoint_after(FAILING, attempts, last_failure=START + HALF - SOON).alarms


def test_a_later_failure_of_the_same_batch_keeps_the_alarm() -> None:
    assert endpoint_after(FAILING, [failure(HALF), failure(HALF + SOON)]).alarms


@pytest.mark.parametrize(
    ("after", "disabled"), [(GIVEN_UP_AFTER - SOON, None), (GIVEN_UP_AFTER, DisabledReason.FAILING)]
)
def test_five_days_of_failures_disable(after: timedelta, disabled: DisabledReason | None) -> None:
    assert endpoint_after(FAILING, [failure(after)]).disabled is disabled


def test_a_disabled_endpoint_does_not_alarm_as_well() -> None:
    found = endpoint_after(FAILING, [failure(GIVEN_UP_AFTER)])
    assert (found.disabled, found.alarms) == (DisabledReason.FAILING, False)


def test_a_receiver_that_is_gone_is_disabled_at_once() -> None:
    found = endpoint_after(Health(), [gone(SOON)])
    assert found == EndpointAfter(Health(1, START + SOON), DisabledReason.GONE)


def test_gone_is_the_reason_whatever_else_failed() -> None:
    late = GIVEN_UP_AFTER + SOON
    for attempts in ([failure(GIVEN_UP_AFTER), gone(late)], [gone(GIVEN_UP_AFTER), failure(late)]):
        assert endpoint_after(FAILING, attempts).disabled is DisabledReason.GONE
