"""The guards that nothing may be lost without, how each is taken away, and which test must notice."""

from collections.abc import Sequence
from typing import Final, NamedTuple


class Mutation(NamedTuple):
    """Without `old`, which stands once in `file`, and with `new` in its place, the guard is gone.

    `tests`: node ids, each of which must fail then.
    """

    guard: str
    file: str
    old: str
    new: str
    tests: Sequence[str]


GUARDS: Final = (
    "fsync",
    "unique key",
    "sign compare",
    "duplicate-field check",
    "fencing",
    "ledger reservation",
    "single flight",
    "stop at the signal",
    "last call kept",
    "size cap",
    "strict JSON",
    "registration match",
    "spool byte count",
    "sweeper",
    "suspects alone",
    "recording waits for no vendor",
    "live face",
    "signs of any name",
    "cut policies",
    "clear card dates",
    "doubtful payloads",
    "members that stand twice",
    "texts that can be stored",
    "expired only in silence",
    "one owner",
    "registration at the decision",
    "token first",
    "servers of others",
    "tokens beside no other",
    "visible secrets",
    "parameters of TLS",
)

MUTATIONS: Final = (
    Mutation(
        "fsync",
        "adapters/redis_durability.py",
        '"appendfsync": "always",',
        "",
        ["tests/adapters/test_redis_durability.py::test_each_setting_that_loses_writes_is_named"],
    ),
    Mutation(
        "fsync",
        "adapters/spool/writer.py",
        "self._disk.sync(descriptor)",
        "pass",
        ["tests/adapters/spool/test_spool.py::test_every_batch_is_synced_before_it_counts"],
    ),
    Mutation(
        "unique key",
        "adapters/store/decisions.py",
        "ON CONFLICT (verification_id) DO NOTHING",
        "ON CONFLICT (verification_id) DO UPDATE SET outcome = EXCLUDED.outcome",
        ["tests/contracts/test_decisions.py::test_the_first_decision_stands[real]"],
    ),
    Mutation(
        "unique key",
        "adapters/store/recorder.py",
        "c.xmax = 0 AS is_new",
        "true AS is_new",
        ["tests/contracts/test_recorder.py::test_a_duplicate_is_counted_and_changes_nothing[real]"],
    ),
    Mutation(
        "sign compare",
        "domain/signature.py",
        "equal = hmac.compare_digest(sign_data(data, secret, hash_name=hash_name), candidate)",
        "equal = True",
        [
            "tests/domain/test_signature.py::test_every_bit_of_the_data_is_signed",
            "tests/service/test_notify.py::test_another_apps_pair_is_refused",
        ],
    ),
    Mutation(
        "duplicate-field check",
        "domain/form.py",
        "if len(values) > 1:",
        "if False:",
        ["tests/domain/test_form_refusals.py::test_urlencoded_bodies_that_are_refused"],
    ),
    Mutation(
        "fencing",
        "adapters/store/decisions.py",
        "v.fence\n  FROM verifications v JOIN incoming i ON i.verification_id = v.id AND i.fence = v.fence",
        "i.fence\n  FROM verifications v JOIN incoming i ON i.verification_id = v.id",
        ["tests/contracts/test_decisions.py::test_whoever_lost_the_lease_decides_nothing[real]"],
    ),
    Mutation(
        "fencing",
        "adapters/store/ledger.py",
        "v.id = w.verification_id AND v.fence = w.fence",
        "v.id = w.verification_id",
        ["tests/contracts/test_ledger.py::test_whoever_lost_the_lease_reserves_nothing[real]"],
    ),
    Mutation(
        "ledger reservation",
        "workers/calls.py",
        "not await context.ledger.reserve(case.verification_id, n, fence=case.fence, now=context.clock())",
        "False",
        [
            "tests/workers/test_confirmation.py::test_the_call_is_reserved_before_it_is_sent",
            "tests/workers/test_confirmation.py::test_two_workers_at_once_make_one_call",
        ],
    ),
    Mutation(
        "single flight",
        "adapters/store/ledger.py",
        "WHERE p.state = 'not_sent'",
        "",
        ["tests/contracts/test_ledger.py::test_of_fifty_processes_one_gets_the_call[real-a new call]"],
    ),
    Mutation(
        "stop at the signal",
        "workers/vendor_gates.py",
        "return timedelta(0) if self._is_stopping else way",
        "return way",
        ["tests/workers/test_confirmation.py::test_a_worker_that_stops_leaves_the_call_to_another_at_once"],
    ),
    Mutation(
        "last call kept",
        "workers/confirmation.py",
        "len(sent_calls(ledger)) < PULL_LIMIT - 1",
        "True",
        ["tests/workers/test_confirmation.py::test_the_last_call_is_not_spent_on_a_vendor_at_fault"],
    ),
    Mutation(
        "size cap",
        "service/ingress/body.py",
        "if len(body) > limit:",
        "if False:",
        ["tests/service/test_body.py::test_an_endless_body_is_cut_off_at_the_cap"],
    ),
    Mutation(
        "strict JSON",
        "service/ingress/acceptance.py",
        "members = read_members(form.data)",
        'members = read_members(form.data.split(b"\\x80")[0])',
        ["tests/service/test_notify.py::test_an_extended_body_is_refused_though_its_sign_is_valid"],
    ),
    Mutation(
        "registration match",
        "workers/deciding.py",
        'matches = "mismatch" if biz_no_differs(payload, case.registration) else "match"',
        'matches = "match"',
        ["tests/workers/test_reconciliation.py::test_a_callback_of_another_order_goes_to_a_person"],
    ),
    Mutation(
        "spool byte count",
        "adapters/spool/writer.py",
        "if written != len(frame):",
        "if False:",
        ["tests/adapters/spool/test_spool.py::test_a_short_write_is_taken_back_and_refused"],
    ),
    Mutation(
        "sweeper",
        "adapters/inbox_scripts.py",
        "for _, id in ipairs(lapsed) do",
        "for _, id in ipairs({}) do",
        [
            "tests/workers/test_recording.py::test_a_batch_whose_worker_died_is_recorded_again",
        ],
    ),
    Mutation(
        "suspects alone",
        "adapters/inbox_scripts.py",
        "if callbacks > 0 and (suspect or full) then return false end",
        "if callbacks > 0 and full then return false end",
        [
            "tests/contracts/test_inbox.py::test_what_was_begun_and_not_ended_comes_alone_and_before_all_else[real]"
        ],
    ),
    Mutation(
        "recording waits for no vendor",
        "workers/recording.py",
        "self._settling.start(case)",
        "self._settling.start(case)\n            await self._settling.idle()",
        ["tests/workers/test_recording.py::test_recording_does_not_wait_for_the_vendor"],
    ),
    Mutation(
        "live face",
        "domain/face_rule.py",
        "strict = facts.edition >= _LIVE_FACE",
        "strict = False",
        ["tests/domain/test_rules_face.py::test_the_cards_portrait_alone_approves_nobody"],
    ),
    Mutation(
        "signs of any name",
        "domain/attack_rule.py",
        "yield from _other_signs(said, table)",
        "yield from ()",
        [
            "tests/domain/test_attack_signs.py::test_no_name_hides_a_score_over_its_threshold",
            "tests/domain/test_attack_signs.py::test_no_name_hides_a_flag",
        ],
    ),
    Mutation(
        "cut policies",
        "adapters/policies.py",
        "wrong = None if standing is None else objection(policy, standing)",
        "wrong = None",
        ["tests/adapters/test_policies.py::test_a_file_that_was_cut_off_keeps_its_policy_in_force"],
    ),
    Mutation(
        "cut policies",
        "workers/main.py",
        "await verify_policies(engine, policies)",
        "pass",
        ["tests/cli/test_changed_policies.py::test_a_worker_does_not_start_on_a_policy_that_was_cut_off"],
    ),
    Mutation(
        "clear card dates",
        "domain/rules.py",
        "if facts.card == UNREADABLE:",
        "if facts.card == UNREADABLE and False:",
        ["tests/domain/test_card_validity.py::test_what_is_not_clear_is_for_a_person_where_the_policy_looks"],
    ),
    Mutation(
        "doubtful payloads",
        "domain/rules.py",
        "return (*rules, _IF_DOUBTFUL) if is_doubtful(facts) else rules",
        "return rules",
        [
            "tests/domain/test_any_change.py::test_a_registered_verification_is_never_better_off",
            "tests/domain/test_doubt.py::test_what_is_registered_is_held_to_the_documented_form",
        ],
    ),
    Mutation(
        "members that stand twice",
        "domain/payload.py",
        'compact.count(b":") != data.count(b":") or ',
        "",
        ["tests/domain/test_doubt.py::test_a_known_member_that_stands_twice_is_doubt"],
    ),
    Mutation(
        "texts that can be stored",
        "domain/strict_json.py",
        'return b"\\\\ufffd" if escape["half"] else escape[0]',
        "return escape[0]",
        ["tests/workers/test_callbacks.py::test_no_text_is_one_that_the_store_refuses"],
    ),
    Mutation(
        "expired only in silence",
        "workers/reconciliation.py",
        "if await told_what_nobody_reads(context, case):",
        "if False:",
        ["tests/workers/test_last_word.py::test_what_was_told_and_nobody_reads_is_for_a_person"],
    ),
    Mutation(
        "one owner",
        "adapters/store/recorder.py",
        "entry.of(owners.get(entry.place))",
        "entry.of(None)",
        ["tests/workers/test_shared_accounts.py::test_a_pair_of_one_app_is_not_decided_again_at_the_other"],
    ),
    Mutation(
        "registration at the decision",
        "workers/holding.py",
        "return app.require_registration and case.registration is None and not case.is_decided",
        "return False",
        ["tests/workers/test_holding.py::test_what_was_recorded_under_older_settings_waits_too"],
    ),
    Mutation(
        "token first",
        "service/api/auth.py",
        "return guarded",
        "return handle",
        ["tests/service/test_api_door.py::test_nothing_of_a_strangers_body_is_read"],
    ),
    Mutation(
        "servers of others",
        "cli/claims.py",
        "    if named:\n",
        "    if not named:\n",
        ["tests/cli/test_claims.py::test_a_shell_with_settings_of_production_starts_nothing"],
    ),
    Mutation(
        "tokens beside no other",
        "adapters/store/tokens.py",
        '.on_conflict_do_nothing(index_elements=["name"])',
        '.on_conflict_do_update(index_elements=["name"], set_=row)',
        ["tests/adapters/test_tokens.py::test_a_token_is_added_beside_no_other_of_its_name"],
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
        "adapters/configuration/database_url.py",
        '    "sslmode", "sslnegotiation",',
        '    "sslnegotiation",',
        [
            "tests/adapters/configuration/test_database_tls.py::test_tls_as_wanted_and_a_password_with_odd_characters"
        ],
    ),
)
