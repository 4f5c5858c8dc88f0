"""The guards of the audit."""

from typing import Final

from tests.mutations.mutation import Mutation

_BLOCKS: Final = "tests/adapters/store/audit/test_blocks.py"

_RECORDED: Final = "tests/adapters/store/audit/test_recorded.py"
_OF_ENDPOINTS: Final = ("add_an_endpoint", "change_an_endpoint", "disable_an_endpoint", "delete_an_endpoint")

OF_THE_AUDIT: Final = (
    Mutation(
        "block chain link",
        "domain/audit/blocks.py",
        "previous = BEGINNING if after is None else after.hash",
        "previous = BEGINNING",
        [f"{_BLOCKS}::test_closers_at_once_never_fork"],
    ),
    Mutation(
        "no skipped row",
        "adapters/store/audit/blocks.py",
        "oldest_running: int = found[0].xmin",
        "oldest_running: int = found[-1].xid + 1",
        [
            f"{_BLOCKS}::test_a_row_that_is_committed_late_gets_into_a_later_block",
        ],
    ),
    Mutation(
        "no skipped row",
        "adapters/store/audit/blocks.py",
        "return min(oldest_running, found[-1].xid) if full else oldest_running",
        "return oldest_running",
        [f"{_BLOCKS}::test_what_a_full_block_leaves_gets_into_the_next"],
    ),
    Mutation(
        "one closer",
        "adapters/store/audit/blocks.py",
        "if not await connection.scalar(_TRY_LOCK):",
        "if False:",
        [
            f"{_BLOCKS}::test_while_one_closes_others_do_nothing_and_writers_do_not_wait",
        ],
    ),
    Mutation(
        "row in the transaction",
        "adapters/store/webhooks/endpoints.py",
        "await audit_rows.append(connection, [about])",
        "pass",
        [f"{_RECORDED}::test_without_its_row_nothing_changes[{name}]" for name in _OF_ENDPOINTS],
    ),
    Mutation(
        "row in the transaction",
        "adapters/store/dead_letters.py",
        "await append_rows(connection, of_each_app(audit, (each.app_id for each in opened if each)))",
        "pass",
        [f"{_RECORDED}::test_without_its_row_nothing_changes[retry_letters]"],
    ),
    Mutation(
        "row in the transaction",
        "adapters/store/schedule/pull_requests.py",
        "if audit is not None:",
        "if False:",
        [f"{_RECORDED}::test_without_its_row_nothing_changes[request_a_pull]"],
    ),
    Mutation(
        "row in the transaction",
        "adapters/store/event_upkeep.py",
        "await audit.append(connection, [_noted(row) for row in ordered if row.name in changed])",
        "pass",
        [f"{_RECORDED}::test_without_its_row_nothing_changes[activate_a_policy]"],
    ),
    Mutation(
        "denials are bounded",
        "usecases/audit/denials.py",
        "if (actor, what) in self._noted or len(self._noted) >= MOST:",
        "if (actor, what) in self._noted:",
        ["tests/usecases/audit/test_denials.py::test_the_last_row_of_a_flood_says_so"],
    ),
    Mutation(
        "anchors",
        "cli/audit/verify_audit.py",
        "elif self.hashes[height] != expected:",
        "elif False:",
        ["tests/cli/audit/test_verify_audit.py::test_only_anchors_show_that_all_was_rewritten"],
    ),
)
