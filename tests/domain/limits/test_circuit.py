"""A circuit opens after enough failures in a row, lets one probe through at a time, and heals."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.limits.circuit import Circuit, CircuitRules, CircuitState

RULES = CircuitRules(
    threshold=3,
    first_pause=timedelta(seconds=1),
    longest_pause=timedelta(seconds=5),
    probe_within=timedelta(seconds=10),
)
CLOSED, OPEN, HALF_OPEN = CircuitState


def opened(at: float = 0) -> Circuit:
    circuit = Circuit(RULES)
    for _ in range(RULES.threshold):
        circuit = circuit.failed(at)
    return circuit


def test_a_new_one_is_closed_and_stays_the_same_while_all_is_well() -> None:
    circuit = Circuit(RULES)
    assert (circuit.state(0), circuit.permits(0)) == (CLOSED, True)
    assert circuit.started(0) is circuit
    assert circuit.succeeded() is circuit


def test_failures_in_a_row_open_it_and_no_fewer() -> None:
    circuit = Circuit(RULES).failed(0).failed(0)
    assert circuit.state(0) is CLOSED
    assert circuit.failed(0).state(0) is OPEN
    assert not circuit.failed(0).permits(0.9)


def test_a_success_in_between_starts_the_count_again() -> None:
    circuit = Circuit(RULES).failed(0).failed(0).succeeded().failed(0).failed(0)
    assert circuit.state(0) is CLOSED


def test_by_default_one_failure_is_enough() -> None:
    circuit = Circuit().failed(10)
    assert (circuit.state(10), circuit.permits(10.24), circuit.permits(10.25)) == (OPEN, False, True)


def test_after_the_pause_one_probe_may_go_and_no_second_one() -> None:
    circuit = opened()
    assert (circuit.permits(0.99), circuit.permits(1)) == (False, True)
    assert circuit.state(1) is HALF_OPEN
    probed = circuit.started(1)
    assert (probed.state(1), probed.permits(1), probed.permits(10.99)) == (HALF_OPEN, False, False)
    assert probed.permits(11), "a probe that never ended is followed by another one"


def test_a_patient_caller_is_no_probe_until_the_last_failure_is_long_ago() -> None:
    circuit, patience = opened(), timedelta(seconds=8)
    assert [circuit.permits(at, patience=patience) for at in (0.5, 1, 7.9, 8)] == [False, False, False, True]
    failed_again = circuit.started(1).failed(2)
    assert [failed_again.permits(at, patience=patience) for at in (8, 9.9, 10)] == [False, False, True]
    assert Circuit(RULES).permits(0, patience=patience), "a closed one lets everybody through"


def test_a_probe_that_came_to_nothing_leaves_room_for_another() -> None:
    probing = opened().started(1)
    assert probing.withdrawn(1.5).permits(1.5)
    assert opened().withdrawn(0.5) == opened()
    assert Circuit(RULES).withdrawn(0) == Circuit(RULES)


def test_a_probe_that_succeeds_closes_it() -> None:
    healed = opened().started(1).succeeded()
    assert healed == Circuit(RULES)


def test_each_probe_that_fails_doubles_the_pause_up_to_the_longest() -> None:
    circuit, now, pauses = opened(), 0.0, []
    for _ in range(5):
        assert circuit.retry_at is not None
        pauses.append(circuit.retry_at - now)
        now = circuit.retry_at
        circuit = circuit.started(now).failed(now)
    assert pauses == [1, 2, 4, 5, 5]


def test_late_failures_of_calls_from_before_do_not_lengthen_the_pause() -> None:
    circuit = opened()
    assert circuit.failed(0.5) == circuit


def test_a_late_success_of_a_call_from_before_closes_it() -> None:
    assert opened().succeeded().state(0.5) is CLOSED


@pytest.mark.parametrize("threshold", [1, 2, 7])
@given(ends=st.lists(st.booleans(), max_size=40))
def test_closed_means_fewer_failures_in_a_row_than_the_threshold(threshold: int, ends: list[bool]) -> None:
    circuit, in_a_row = Circuit(CircuitRules(threshold=threshold)), 0
    for ended_well in ends:
        circuit = circuit.succeeded() if ended_well else circuit.failed(0)
        in_a_row = 0 if ended_well else in_a_row + 1
        assert (circuit.state(0) is CLOSED) == (in_a_row < threshold)


class Callers(RuleBasedStateMachine):
    """Callers that ask for permission first, a server that fails on demand, and a clock set by the test."""

    def __init__(self) -> None:
        super().__init__()
        self.circuit, self.now, self.probes = Circuit(RULES), 0.0, 0

    @rule(seconds=st.floats(0, 30))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(ends_well=st.booleans())
    def a_call_is_made(self, ends_well: bool) -> None:
        if self.circuit.permits(self.now):
            begun = self.circuit.started(self.now)
            self.circuit = begun.succeeded() if ends_well else begun.failed(self.now)
            assert ends_well == (self.circuit.failures == 0)

    @rule()
    def a_probe_dies(self) -> None:
        if self.circuit.permits(self.now):
            self.circuit = self.circuit.started(self.now)

    @invariant()
    def it_always_permits_a_call_within_the_longest_wait(self) -> None:
        longest = max(RULES.longest_pause, RULES.probe_within).total_seconds()
        assert self.circuit.permits(self.now + longest)

    @invariant()
    def closed_permits_and_open_does_not(self) -> None:
        state, permits = self.circuit.state(self.now), self.circuit.permits(self.now)
        assert state is not CLOSED or permits
        assert state is not OPEN or not permits


TestCallers = Callers.TestCase
