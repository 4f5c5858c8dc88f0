"""The guards of the store: no row twice, and no error that blames the wrong one."""

from typing import Final

from tests.mutations.mutation import Mutation

OF_THE_STORE: Final = (
    Mutation(
        "doubt of a server",
        "adapters/postgres/engine.py",
        "context.is_disconnect = True",
        "pass",
        [
            "tests/adapters/postgres/test_changes_of_server.py::test_one_refused_write_gives_up_every_connection[write]"
        ],
    ),
    Mutation(
        "doubt of a server",
        "adapters/store/statements/bulk.py",
        "                doubt(engine)",
        "                pass",
        [
            "tests/adapters/postgres/test_changes_of_server.py::test_one_refused_write_gives_up_every_connection[write_in_bulk]"
        ],
    ),
    Mutation(
        "doubt of a server",
        "adapters/store/decisions/decisions.py",
        "self._kept_policies.clear()",
        "pass",
        [
            "tests/adapters/postgres/test_changes_of_server.py::test_policies_are_kept_again_in_an_older_database"
        ],
    ),
    Mutation(
        "locked rows alone",
        "adapters/store/statements/bulk.py",
        "if error.sqlstate == LOCK_NOT_AVAILABLE:",
        "if False:",
        [
            "tests/adapters/postgres/test_locked_rows.py::test_a_table_that_is_locked_as_a_whole_fails_the_group_at_once"
        ],
    ),
    Mutation(
        "guilt of values alone",
        "adapters/postgres/sqlstate.py",
        "if known.startswith(_VALUE):",
        'if known.startswith((*_VALUE, "XX")):',
        ["tests/adapters/postgres/test_sqlstate.py::test_no_other_class_is_a_values_fault[X]"],
    ),
    Mutation(
        "unique key",
        "adapters/store/decisions/saving.py",
        "ON CONFLICT (verification_id) DO NOTHING",
        "ON CONFLICT (verification_id) DO UPDATE SET outcome = EXCLUDED.outcome",
        ["tests/usecases/ports/test_decisions.py::test_the_first_decision_is_kept[real]"],
    ),
    Mutation(
        "unique key",
        "adapters/store/recording/callbacks.py",
        "c.xmax = 0 AS is_new",
        "true AS is_new",
        [
            "tests/usecases/ports/callbacks/test_recorder.py::test_a_duplicate_is_counted_and_changes_nothing[real]"
        ],
    ),
    Mutation(
        "one owner",
        "adapters/store/recording/recorder.py",
        "entry.of(owners.get(entry.ref))",
        "entry.of(None)",
        [
            "tests/usecases/verifications/test_shared_accounts.py::test_a_pair_of_one_app_is_not_decided_again_at_the_other"
        ],
    ),
)
