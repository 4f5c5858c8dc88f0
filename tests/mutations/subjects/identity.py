"""Guards of reading and indexing identity."""

from typing import Final

from tests.mutations.mutation import Mutation

_ORDERS: Final = "tests/service/api/routes/verifications/test_order_limits.py"
_VELOCITY: Final = "tests/adapters/store/identity/numbers/test_velocity.py"
_LIMITED: Final = "tests/usecases/verifications/test_velocity.py"
_RULE: Final = "tests/domain/policy/rules/test_velocity.py"
_ROUTES: Final = "tests/service/api/routes/identity/test_reads.py"

OF_IDENTITY: Final = (
    Mutation(
        "one number, one digest",
        "domain/identity/numbers.py",
        'unicodedata.normalize("NFKC", text)',
        "text",
        [
            "tests/domain/identity/test_numbers.py::test_however_it_is_written_it_is_one_number",
            "tests/adapters/sealing/test_blind_index.py::test_however_a_number_is_written_it_has_one_digest",
        ],
    ),
    Mutation(
        "one number, one digest",
        "adapters/sealing/blind_index.py",
        "canonical(number)",
        "number",
        ["tests/adapters/sealing/test_blind_index.py::test_however_a_number_is_written_it_has_one_digest"],
    ),
    Mutation(
        "audit before the answer",
        "usecases/identity/read.py",
        "        await self._reads.note([row], limit=self._limit)\n",
        "",
        [
            f"{_ROUTES}::test_the_row_is_committed_before_the_answer_is_made",
            f"{_ROUTES}::test_without_the_audit_there_is_no_answer",
        ],
    ),
    Mutation(
        "audit before the answer",
        "usecases/identity/read.py",
        "        await self._reads.note(rows, limit=self._limit)\n",
        "",
        [f"{_ROUTES}::test_without_the_audit_there_is_no_answer"],
    ),
    Mutation(
        "a scope for each field",
        "service/api/routes/identity/reads.py",
        ", *(SCOPE_OF[each] for each in fields)",
        "",
        [f"{_ROUTES}::test_each_field_needs_its_scope"],
    ),
    Mutation(
        "identities of a day",
        "adapters/store/identity/reads.py",
        " WHERE r.reads < :limit",
        " WHERE r.reads < :limit OR true",
        [f"{_ROUTES}::test_a_day_has_a_limit_and_its_first_refusal_is_in_the_audit"],
    ),
    Mutation(
        "a number is noted before it is counted",
        "adapters/store/identity/numbers/velocity.py",
        "        noted = await write_group(self._engine, group, _note)\n",
        "        noted: list[DatabaseAway | None] = [None] * len(group)\n",
        [
            f"{_VELOCITY}::test_verifications_of_one_group_count_each_other",
            f"{_LIMITED}::test_two_workers_at_once_do_not_overlook_each_other",
        ],
    ),
    Mutation(
        "a number is noted under the lease alone",
        "adapters/store/identity/numbers/velocity.py",
        " AND i.fence = v.fence\n",
        "\n",
        ["tests/usecases/ports/test_velocity.py::test_a_worker_without_the_lease_indexes_nothing"],
    ),
    Mutation(
        "what is erased is not indexed again",
        "adapters/store/identity/numbers/velocity.py",
        " AND v.erased_at IS NULL\n",
        "\n",
        [f"{_VELOCITY}::test_what_was_erased_meanwhile_is_not_indexed_again"],
    ),
    Mutation(
        "an unknown number never passes",
        "domain/policy/rules/velocity.py",
        "        yield table.missing, Reason(Code.VELOCITY_MISSING)\n",
        "",
        [
            f"{_RULE}::test_an_unknown_number_never_passes_by_silence",
            f"{_LIMITED}::test_a_payload_without_a_number_goes_to_a_person",
        ],
    ),
    Mutation(
        "a policy without a maximum counts nothing",
        "usecases/verifications/decide.py",
        "    return any(policy.config.velocity.is_limited for policy in policies)",
        "    return True",
        [f"{_LIMITED}::test_a_policy_without_a_maximum_costs_no_statement"],
    ),
    Mutation(
        "a count is a fact of the decision",
        "usecases/verifications/decide.py",
        "        evidence = with_velocity(evidence, velocity)\n",
        "        with_velocity(evidence, velocity)\n",
        [f"{_LIMITED}::test_the_third_verification_of_a_number_is_stopped"],
    ),
    Mutation(
        "the api may index the number of an order",
        "deploy/roles.sql",
        "GRANT INSERT ON verifications, id_numbers TO faceid_api;",
        "GRANT INSERT ON verifications TO faceid_api;",
        ["tests/project/test_rights.py::test_an_order_and_a_decision_index_their_number"],
    ),
    Mutation(
        "nothing spent above a limit",
        "usecases/requests/order_verification.py",
        "        await _check(app, number, parts.numbers, now=parts.clock())",
        "        pass",
        [f"{_ORDERS}::test_the_orders_of_one_number_are_limited_before_the_vendor_is_called"],
    ),
)
