"""Guards of reading and indexing identity."""

from typing import Final

from tests.mutations.mutation import Mutation

_ORDERS: Final = "tests/service/api/routes/verifications/test_orders.py"
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
        "nothing spent above a limit",
        "usecases/requests/order_verification.py",
        "        await _check(app, number, parts.numbers, now=parts.clock())",
        "        pass",
        [f"{_ORDERS}::test_the_orders_of_one_number_are_limited_before_the_vendor_is_called"],
    ),
)
