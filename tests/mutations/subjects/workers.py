"""The guards of claims, leases and calls."""

from typing import Final

from tests.mutations.mutation import Mutation

OF_THE_WORKERS: Final = (
    Mutation(
        "fencing",
        "adapters/store/decisions/saving.py",
        "JOIN incoming i ON i.verification_id = v.id AND i.fence = v.fence\n",
        "JOIN incoming i ON i.verification_id = v.id\n",
        ["tests/usecases/ports/test_decisions.py::test_a_worker_without_the_lease_decides_nothing[real]"],
    ),
    Mutation(
        "fencing",
        "adapters/store/schedule/pull_ledger.py",
        "v.id = w.verification_id AND v.fence = w.fence",
        "v.id = w.verification_id",
        ["tests/usecases/ports/test_ledger.py::test_a_worker_without_the_lease_reserves_nothing[real]"],
    ),
    Mutation(
        "ledger reservation",
        "usecases/pulls/call.py",
        "not await context.ledger.reserve(case.lease, n, now=context.clock())",
        "False",
        [
            "tests/usecases/pulls/test_confirm.py::test_the_call_is_reserved_before_it_is_sent",
            "tests/usecases/pulls/test_confirm.py::test_two_workers_at_once_make_one_call",
        ],
    ),
    Mutation(
        "single flight",
        "adapters/store/schedule/pull_ledger.py",
        "WHERE p.state = 'not_sent'",
        "",
        ["tests/usecases/ports/test_ledger.py::test_of_fifty_processes_one_gets_the_call[real-a new call]"],
    ),
    Mutation(
        "stop at the signal",
        "usecases/process/vendor_gates.py",
        "return timedelta(0) if self._is_stopping else way",
        "return way",
        ["tests/usecases/pulls/test_confirm.py::test_a_worker_that_stops_leaves_the_call_to_another_at_once"],
    ),
    Mutation(
        "own limit first",
        "usecases/process/vendor_gates.py",
        "else (way.slots, room, self._pool)",
        "else (room, way.slots, self._pool)",
        ["tests/usecases/process/test_slots.py::test_a_call_waiting_for_its_apps_limit_holds_no_room"],
    ),
    Mutation(
        "the urgent are no probe",
        "usecases/process/vendor_gates.py",
        "if self.circuit.retry_at is not None and self.circuit.permits(now):",
        "if True:",
        [
            "tests/usecases/process/test_urgent_calls.py::test_a_fault_of_the_urgent_does_not_put_off_the_probe"
        ],
    ),
    Mutation(
        "answers in other hands",
        "domain/pulls/budget.py",
        "max(max(reserved) + rules.in_flight, open_since + LEDGER_CATCHES_UP)",
        "max(reserved) + rules.in_flight",
        ["tests/usecases/pulls/test_answers_in_other_hands.py::test_no_second_call_is_spent"],
    ),
    Mutation(
        "answers in other hands",
        "usecases/verifications/reconcile.py",
        "match wait or _asked_look",
        "match _asked_look",
        ["tests/usecases/pulls/test_answers_in_other_hands.py::test_no_registered_verification_expires"],
    ),
    Mutation(
        "answers in other hands",
        "usecases/verifications/pull_after_decision.py",
        "return awaited(context, case, ledger) or _UNANSWERED",
        "return _UNANSWERED",
        [
            "tests/usecases/pulls/test_answers_in_other_hands.py::test_no_pull_that_was_asked_for_is_called_unanswered"
        ],
    ),
    Mutation(
        "last call kept",
        "domain/pulls/budget.py",
        "len(sent_calls(ledger)) < PULL_LIMIT - 1",
        "True",
        ["tests/usecases/pulls/test_next_calls.py::test_the_last_call_is_not_spent_on_a_vendor_at_fault"],
    ),
    Mutation(
        "sweeper",
        "adapters/intake/inbox_scripts.py",
        "for _, id in ipairs(lapsed) do",
        "for _, id in ipairs({}) do",
        [
            "tests/usecases/batches/test_process_batches.py::test_a_batch_whose_worker_died_is_recorded_again",
        ],
    ),
    Mutation(
        "older readers",
        "adapters/processes/readers.py",
        "all(name in opens for",
        "all(True for",
        ["tests/adapters/processes/test_readers.py::test_one_of_an_older_version_does_not"],
    ),
    Mutation(
        "older readers",
        "adapters/sealing/compression/raw.py",
        'return f"{place}/{FORMAT}"',
        "return place",
        [
            "tests/adapters/sealing/compression/test_raw.py::test_an_older_version_cannot_open_what_is_compressed"
        ],
    ),
    Mutation(
        "suspects alone",
        "adapters/intake/inbox_scripts.py",
        "if callbacks > 0 and (suspect or full) then return false end",
        "if callbacks > 0 and full then return false end",
        ["tests/usecases/ports/callbacks/test_inbox.py::test_an_unfinished_batch_joins_no_group[real]"],
    ),
    Mutation(
        "suspects alone",
        "adapters/intake/inbox_scripts.py",
        "return not suspect",
        "return true",
        [
            "tests/usecases/ports/callbacks/test_inbox.py::test_an_unfinished_batch_is_claimed_first_and_alone[real]"
        ],
    ),
    Mutation(
        "slow groups are no killers",
        "workers/recording.py",
        "            if claimed := self._batches.claimed:",
        "            if claimed := ():",
        ["tests/usecases/batches/test_process_batches.py::test_a_slow_group_is_no_killer"],
    ),
    Mutation(
        "recording waits for no vendor",
        "usecases/batches/process_batches.py",
        "self._hand_over(group)\n",
        "self._hand_over(group)\n            await self._verifications.idle()\n",
        ["tests/workers/test_recording.py::test_recording_does_not_wait_for_the_vendor"],
    ),
    Mutation(
        "expired only in silence",
        "usecases/verifications/reconcile.py",
        "if isinstance(kept, Unconfirmed) and kept.is_unread:",
        "if False:",
        ["tests/usecases/verifications/test_unread_results.py::test_an_unreadable_result_goes_to_review"],
    ),
    Mutation(
        "registration at the decision",
        "usecases/verifications/await_registration.py",
        "return app.require_registration and case.registration is None and not case.is_decided",
        "return False",
        [
            "tests/usecases/verifications/test_await_registration.py::test_callbacks_recorded_under_older_settings_wait_too"
        ],
    ),
)
