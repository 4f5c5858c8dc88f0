"""The guards that nothing may be lost without, how each is taken away, and which test must notice."""

from typing import Final

from tests.mutations.audit import OF_THE_AUDIT
from tests.mutations.events import OF_THE_EVENTS
from tests.mutations.mutation import Mutation
from tests.mutations.redis_and_spool import OF_REDIS_AND_SPOOL
from tests.mutations.settings import OF_THE_SETTINGS
from tests.mutations.supervisor import OF_THE_SUPERVISOR
from tests.mutations.workers import OF_THE_WORKERS

GUARDS: Final = (
    "doubt of a server",
    "locked rows alone",
    "guilt of values alone",
    "fsync",
    "unique key",
    "sign compare",
    "duplicate-field check",
    "fencing",
    "older readers",
    "ledger reservation",
    "single flight",
    "stop at the signal",
    "own limit first",
    "the urgent are no probe",
    "answers in other hands",
    "last call kept",
    "size cap",
    "strict JSON",
    "registration match",
    "spool byte count",
    "room for workers",
    "heartbeats in a full Redis",
    "first rewrite",
    "connections given back",
    "every reply is read",
    "a refused command is no success",
    "a lost connection is opened again",
    "what passes is tried again",
    "no descriptor for a sync",
    "no link is followed",
    "sweeper",
    "suspects alone",
    "slow groups are no killers",
    "recording waits for no vendor",
    "live face",
    "signs of any name",
    "cut policies",
    "clear card dates",
    "doubtful payloads",
    "members that occur twice",
    "texts that can be stored",
    "expired only in silence",
    "one owner",
    "registration at the decision",
    "token first",
    "servers of others",
    "tokens beside no other",
    "revoked within a second",
    "same rights on the short way",
    "visible secrets",
    "parameters of TLS",
    "outbox in the transaction",
    "commit order of seq",
    "address check at connect",
    "order guard of deliveries",
    "lease fence of deliveries",
    "deleted events hold no place",
    "deliveries give way to decisions",
    "endpoints of removed apps wait",
    "unseen events kept",
    "events found without hints",
    "lease fence of alerts",
    "alerts at least once",
    "signature over body",
    "own endpoints alone",
    "changes one by one",
    "limit of endpoints",
    "reserved headers",
    "the new process works first",
    "clients leave first",
    "no orphans",
    "block chain link",
    "no skipped row",
    "one closer",
    "anchors",
)

MUTATIONS: Final = (
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
        "fsync",
        "adapters/redis/durability.py",
        '"appendfsync": "always",',
        "",
        ["tests/adapters/redis/test_durability.py::test_each_setting_that_loses_writes_is_named"],
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
        "adapters/store/decisions/saving.py",
        "ON CONFLICT (verification_id) DO NOTHING",
        "ON CONFLICT (verification_id) DO UPDATE SET outcome = EXCLUDED.outcome",
        ["tests/contracts/test_decisions.py::test_the_first_decision_is_kept[real]"],
    ),
    Mutation(
        "unique key",
        "adapters/store/recording/recorder.py",
        "c.xmax = 0 AS is_new",
        "true AS is_new",
        ["tests/contracts/test_recorder.py::test_a_duplicate_is_counted_and_changes_nothing[real]"],
    ),
    Mutation(
        "sign compare",
        "domain/callback/signature.py",
        "equal = hmac.compare_digest(sign_data(data, secret, hash_name=hash_name), candidate)",
        "equal = True",
        [
            "tests/domain/callback/test_signature.py::test_every_bit_of_the_data_is_signed",
            "tests/service/ingress/test_notify.py::test_another_apps_pair_is_refused",
        ],
    ),
    Mutation(
        "duplicate-field check",
        "domain/callback/form.py",
        "if len(values) > 1:",
        "if False:",
        ["tests/domain/callback/test_form_refusals.py::test_urlencoded_bodies_that_are_refused"],
    ),
    Mutation(
        "size cap",
        "service/ingress/body.py",
        "if len(body) > limit:",
        "if False:",
        ["tests/service/ingress/test_body.py::test_an_endless_body_is_cut_off_at_the_cap"],
    ),
    Mutation(
        "strict JSON",
        "service/ingress/acceptance.py",
        "members = read_members(form.data)",
        'members = read_members(form.data.split(b"\\x80")[0])',
        ["tests/service/ingress/test_notify.py::test_an_extended_body_is_refused_though_its_sign_is_valid"],
    ),
    Mutation(
        "registration match",
        "domain/policy/evidence.py",
        'return "mismatch" if biz_no_differs(payload, registration) else "match"',
        'return "match"',
        ["tests/usecases/verifications/test_reconcile.py::test_a_callback_of_another_order_goes_to_review"],
    ),
    Mutation(
        "spool byte count",
        "adapters/spool/writer.py",
        "if written != len(frame):",
        "if False:",
        ["tests/adapters/spool/test_spool.py::test_a_short_write_is_taken_back_and_refused"],
    ),
    Mutation(
        "live face",
        "domain/policy/rules/face.py",
        "strict = facts.edition >= _LIVE_FACE",
        "strict = False",
        ["tests/domain/policy/rules/test_face.py::test_the_cards_portrait_alone_is_never_approved"],
    ),
    Mutation(
        "signs of any name",
        "domain/policy/rules/attack.py",
        "yield from _other_signs(signs, table)",
        "yield from ()",
        [
            "tests/domain/policy/rules/test_attack_signs.py::test_no_name_hides_a_score_over_its_threshold",
            "tests/domain/policy/rules/test_attack_signs.py::test_no_name_hides_a_flag",
        ],
    ),
    Mutation(
        "cut policies",
        "adapters/policies/folder.py",
        "wrong = None if current is None else objection(policy, current)",
        "wrong = None",
        ["tests/adapters/policies/test_folder.py::test_a_file_that_was_cut_off_keeps_its_policy_in_force"],
    ),
    Mutation(
        "cut policies",
        "workers/main.py",
        "await verify_policies(engine, policies)",
        "pass",
        [
            "tests/cli/policy/test_changed_policies.py::test_a_worker_does_not_start_on_a_policy_that_was_cut_off"
        ],
    ),
    Mutation(
        "clear card dates",
        "domain/policy/rules/rules.py",
        "if facts.card == UNREADABLE:",
        "if facts.card == UNREADABLE and False:",
        [
            "tests/domain/facts/test_card_validity.py::test_an_unclear_validity_causes_review_if_the_policy_reads_it"
        ],
    ),
    Mutation(
        "doubtful payloads",
        "domain/policy/rules/rules.py",
        "return (*rules, _IF_DOUBTFUL) if is_doubtful(facts) else rules",
        "return rules",
        [
            "tests/domain/policy/test_any_change.py::test_a_registered_verification_is_never_better_off",
            "tests/domain/policy/rules/test_doubt.py::test_a_registered_verification_must_have_the_documented_form",
        ],
    ),
    Mutation(
        "members that occur twice",
        "domain/callback/payload.py",
        'compact.count(b":") != data.count(b":") or ',
        "",
        ["tests/domain/policy/rules/test_doubt.py::test_a_known_member_that_appears_twice_causes_doubt"],
    ),
    Mutation(
        "texts that can be stored",
        "domain/callback/strict_json.py",
        'return b"\\\\ufffd" if escape["half"] else escape[0]',
        "return escape[0]",
        ["tests/usecases/batches/test_record_callbacks.py::test_no_text_is_one_that_the_store_refuses"],
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
    Mutation(
        "token first",
        "service/api/auth.py",
        "return guarded",
        "return handle",
        ["tests/service/api/access/test_door.py::test_nothing_of_a_strangers_body_is_read"],
    ),
    *OF_THE_SETTINGS,
    *OF_THE_WORKERS,
    *OF_REDIS_AND_SPOOL,
    *OF_THE_AUDIT,
    *OF_THE_EVENTS,
    *OF_THE_SUPERVISOR,
)
