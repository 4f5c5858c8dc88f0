"""The guards of `--processes`."""

from typing import Final

from tests.mutations.mutation import Mutation

OF_THE_SUPERVISOR: Final = (
    Mutation(
        "the new process works first",
        "cli/supervisor/supervisor.py",
        "if await new.is_ready(within=READY_WITHIN):",
        "if True:",
        [
            "tests/whole/e2e/roles/test_supervised.py::test_a_restart_that_fails_leaves_the_processes_that_work"
        ],
    ),
    Mutation(
        "clients leave first",
        "service/http/serving.py",
        "return not self.server_state.connections or time.monotonic() >= self._retire_at",
        "return True",
        [
            "tests/cli/supervisor/test_child.py::test_a_listener_that_retires_ends_in_order_and_its_door_stays_open"
        ],
    ),
    Mutation(
        "no orphans",
        "adapters/processes/supervisor_link.py",
        "        _end_in_order()\n        time.sleep(_ENDS_WITHIN)",
        "        time.sleep(_ENDS_WITHIN)",
        [
            "tests/whole/e2e/roles/test_supervised.py::test_a_supervisor_that_is_killed_leaves_no_process_behind"
        ],
    ),
)
