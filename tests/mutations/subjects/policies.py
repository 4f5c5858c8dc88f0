"""The guards of policies and of what they read."""

from typing import Final

from tests.mutations.mutation import Mutation

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
