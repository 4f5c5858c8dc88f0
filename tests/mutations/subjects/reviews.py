"""Guards of reviews."""

from typing import Final

from tests.mutations.mutation import Mutation

_STEPS: Final = "tests/adapters/store/reviews/test_steps.py"
_CLAIMS: Final = "tests/adapters/store/reviews/test_claims.py"
_PAGES: Final = "tests/service/console/pages/reviews"

OF_REVIEWS: Final = (
    Mutation(
        "fence of a claim",
        "domain/reviews/claims.py",
        "if fence is not None and fence != case.fence:",
        "if False:",
        [f"{_CLAIMS}::test_a_stale_fence_changes_nothing"],
    ),
    Mutation(
        "fence of a claim",
        "adapters/store/reviews/steps.py",
        " AND c.seq = s.seq_before AND c.fence = s.fence_before",
        "",
        [f"{_CLAIMS}::test_a_write_on_an_older_state_changes_nothing"],
    ),
    Mutation(
        "evidence as it was shown",
        "usecases/reviews/desk.py",
        "if shown != seen.evidence_hash:",
        "if False:",
        [f"{_STEPS}::test_new_evidence_refuses_a_conclusion_and_says_what"],
    ),
    Mutation(
        "two persons",
        "domain/reviews/claims.py",
        "    if is_excluded(case, who.person_id):\n",
        "    if False:\n",
        [
            f"{_STEPS}::test_who_proposed_does_not_approve",
            "tests/domain/reviews/test_conclusion.py::test_who_proposed_does_not_approve_even_with_a_claim",
        ],
    ),
    Mutation(
        "two persons",
        "adapters/postgres/migrations/versions/0022_reviews.py",
        "CHECK (approved_by IS NULL OR approved_by <> proposed_by)",
        "CHECK (true)",
        [f"{_STEPS}::test_the_database_knows_no_review_of_one_person_alone"],
    ),
    Mutation(
        "notes are sealed",
        "adapters/store/reviews/notes.py",
        "self._key().seal(note.encode(), place=self._place_of(seq))",
        "note.encode()",
        [f"{_STEPS}::test_a_note_is_sealed_and_shown_to_reviewers"],
    ),
    Mutation(
        "decisions stay",
        "adapters/store/reviews/effective.py",
        "), relisted AS (\n",
        "), spoiled AS (\n  UPDATE decisions d SET outcome = c.effective FROM concluding c "
        "WHERE d.verification_id = c.id\n), relisted AS (\n",
        ["tests/adapters/store/reviews/test_recompute.py::test_reviewed_decisions_recompute_bit_for_bit"],
    ),
    Mutation(
        "late evidence opens a case",
        "adapters/store/recording/callbacks.py",
        "await note_late_evidence(connection, decided, what=CONFLICT, at=entries[0].now)",
        "pass",
        ["tests/adapters/store/reviews/test_late_evidence.py::test_a_callback_that_contradicts_opens_a_case"],
    ),
    Mutation(
        "fence of a claim",
        "service/console/pages/reviews/conclusions.py",
        "draft.conclusion(), evidence_hash=draft.evidence_hash, fence=draft.fence",
        "draft.conclusion(), evidence_hash=draft.evidence_hash, fence=None",
        [f"{_PAGES}/test_refusals.py::test_a_forged_form_changes_nothing"],
    ),
    Mutation(
        "a form that is sent twice",
        "service/console/pages/reviews/case.py",
        "if not was_done(await found_case(at), draft, at.person_id):",
        "if True:",
        [f"{_PAGES}/test_refusals.py::test_the_same_form_twice_concludes_once"],
    ),
    Mutation(
        "a second look is blind",
        "service/console/pages/reviews/case.py",
        "if case.because is Because.SECOND_LOOK else",
        "if False else",
        [f"{_PAGES}/test_claims.py::test_a_second_look_shows_nothing_of_the_first"],
    ),
    Mutation(
        "a case that waits is not missed",
        "adapters/store/reviews/queue.py",
        "    while row is None and await",
        "    while False and await",
        [
            "tests/adapters/store/reviews/test_contested.py::test_the_next_case_is_waited_for_while_others_hold_all"
        ],
    ),
    Mutation(
        "notes of reviews are for reviewers",
        "service/console/pages/verifications/details.py",
        "with_notes=may_review",
        "with_notes=True",
        [
            "tests/service/console/pages/verifications/test_details.py::test_notes_and_the_audit_are_for_those_with_the_right"
        ],
    ),
    Mutation(
        "a verification is blind before a second look",
        "usecases/reviews/blind.py",
        "if each.id in hidden else each",
        "if False else each",
        ["tests/service/api/routes/reviews/test_cases.py::test_a_blind_second_look_hides_what_was_concluded"],
    ),
    Mutation(
        "a verification is blind before a second look",
        "service/api/lookups/finding.py",
        "apps = caller.token.reviewed_apps",
        'apps = caller.token.apps_for(("review",))',
        ["tests/service/api/routes/reviews/test_cases.py::test_a_blind_second_look_hides_what_was_concluded"],
    ),
    Mutation(
        "a verification is blind before a second look",
        "usecases/reviews/blind.py",
        "    return replace(filters, hidden_from=BlindReader(person_id, app_ids))",
        "    return filters",
        [
            "tests/service/api/routes/reviews/test_blind_lists.py::test_neither_a_short_page_nor_its_cursor_shows_it[wang]",
            f"{_PAGES}/test_claims.py::test_a_full_page_says_nothing_of_what_is_hidden",
        ],
    ),
    Mutation(
        "an explanation is blind before a second look",
        "service/api/routes/verifications/explanations.py",
        "said | _HIDDEN if verification.is_blind else said",
        "said",
        ["tests/service/api/routes/reviews/test_cases.py::test_a_blind_second_look_hides_what_was_concluded"],
    ),
    Mutation(
        "a search by number is blind before a second look",
        "service/api/routes/identity/persons.py",
        "is_blind=each.id in hidden",
        "is_blind=False",
        [
            "tests/service/api/routes/identity/test_blind_search.py::test_a_search_hides_what_was_concluded[wang-None]"
        ],
    ),
    Mutation(
        "earlier cases are hidden before a second look",
        "usecases/reviews/desk.py",
        "if await self.store.second_looks([case.verification_id], person_id=person_id):",
        "if False:",
        ["tests/service/api/routes/reviews/test_cases.py::test_a_blind_second_look_hides_what_was_concluded"],
    ),
)
