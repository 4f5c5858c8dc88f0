"""The guards of the settings, of the command line and of `--processes`."""

from typing import Final

from tests.mutations.mutation import Mutation

OF_THE_SETTINGS: Final = (
    Mutation(
        "servers of others",
        "devstack/preflight.py",
        "    if named:\n",
        "    if not named:\n",
        ["tests/devstack/test_preflight.py::test_a_shell_with_settings_of_production_starts_nothing"],
    ),
    Mutation(
        "tokens beside no other",
        "adapters/store/people/api_tokens.py",
        '.on_conflict_do_nothing(index_elements=["name"])',
        '.on_conflict_do_update(index_elements=["name"], set_=row)',
        ["tests/adapters/store/people/test_api_tokens.py::test_a_token_with_an_existing_name_is_not_added"],
    ),
    Mutation(
        "revoked within a second",
        "service/api/access/recent_tokens.py",
        "now - seen.asked_at < _SECONDS",
        "now - seen.asked_at < 3 * _SECONDS",
        [
            "tests/service/api/access/test_recent_tokens.py::test_a_revoked_token_ends_within_a_second[False]",
        ],
    ),
    Mutation(
        "revoked within a second",
        "service/api/access/recent_tokens.py",
        "self._note(key, found, now)",
        "self._note(key, found, self._monotonic())",
        ["tests/service/api/access/test_recent_tokens.py::test_an_answer_is_as_old_as_its_question"],
    ),
    Mutation(
        "same rights on the short way",
        "service/api/routes/verifications/lookup_route.py",
        "scopes=self.scopes",
        "scopes=frozenset()",
        ["tests/service/api/routes/verifications/test_lookup_route.py::test_both_ways_give_the_same_answers"],
    ),
    Mutation(
        "visible secrets",
        "adapters/configuration/values.py",
        "        return check_visible(content)\n",
        "        return content\n",
        [
            "tests/adapters/configuration/test_mistakes.py::test_a_variable_that_is_referred_to_is_looked_at_too"
        ],
    ),
    Mutation(
        "parameters of TLS",
        "adapters/configuration/urls/database_url.py",
        '    "sslmode", "sslnegotiation",',
        '    "sslnegotiation",',
        [
            "tests/adapters/configuration/urls/test_database_tls.py::test_tls_as_wanted_and_a_password_with_odd_characters"
        ],
    ),
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
