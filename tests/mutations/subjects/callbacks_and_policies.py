"""The guards of a callback before it is accepted, and of policies and what they read."""

from typing import Final

from tests.mutations.mutation import Mutation

OF_CALLBACKS: Final = (
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
)

OF_POLICIES: Final = (
    Mutation(
        "registration match",
        "domain/policy/evidence.py",
        'return "mismatch" if biz_no_differs(payload, registration) else "match"',
        'return "match"',
        ["tests/usecases/verifications/test_reconcile.py::test_a_callback_of_another_order_goes_to_review"],
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
        "workers/building.py",
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
            "tests/domain/policy/facts/test_card_validity.py::test_an_unclear_validity_causes_review_if_the_policy_reads_it"
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
)
