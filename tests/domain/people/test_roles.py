"""A person's rights: the scopes of each role, in the apps of its grants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.people.roles import NO_APPS, SCOPES_OF, Grant, Rights, Role, rights_of
from domain.views.tokens import PERSON_SCOPES, ApiToken

ONE, OTHER = "demo", "other"
GRANTS = st.lists(st.builds(Grant, st.sampled_from(Role), st.sampled_from([None, ONE, OTHER])), max_size=4)
SCOPES = sorted({scope for scopes in SCOPES_OF.values() for scope in scopes})


@given(GRANTS, st.sampled_from(SCOPES), st.sampled_from([ONE, OTHER, "later"]))
def test_a_scope_holds_in_the_apps_of_the_roles_that_grant_it(
    grants: list[Grant], scope: str, app_id: str
) -> None:
    granted = any(scope in SCOPES_OF[each.role] and each.app_id in {None, app_id} for each in grants)
    assert rights_of(grants).may(scope, app_id) is granted


@given(GRANTS, st.lists(st.sampled_from(SCOPES), min_size=1, max_size=3))
def test_several_scopes_hold_where_each_holds(grants: list[Grant], scopes: list[str]) -> None:
    rights, apps = rights_of(grants), rights_of(grants).apps_for(scopes)
    for app_id in (ONE, OTHER, "later"):
        assert (apps is None or app_id in apps) is all(rights.may(scope, app_id) for scope in scopes)


@given(GRANTS, st.lists(st.sampled_from(SCOPES), max_size=3))
def test_a_limit_takes_rights_away_and_gives_none(grants: list[Grant], scopes: list[str]) -> None:
    rights = rights_of(grants)
    limited = rights.limited_to(scopes)
    assert limited.apps_of == {scope: rights.apps_of[scope] for scope in scopes if scope in rights.apps_of}
    assert rights.limited_to(None) == rights


def test_roles_of_two_apps_do_not_mix() -> None:
    rights = rights_of([Grant(Role.OPERATOR, ONE), Grant(Role.AUDITOR, OTHER)])
    assert rights.apps_for(["operate"]) == frozenset({ONE})
    assert rights.apps_for(["audit"]) == frozenset({OTHER})
    assert rights.apps_for(["operate", "audit"]) == NO_APPS
    assert rights.apps_for(["verifications:read"]) == frozenset({ONE, OTHER})


def test_no_scopes_hold_nowhere() -> None:
    assert rights_of([Grant(Role.ADMIN)]).apps_for([]) == NO_APPS
    assert Rights().apps_for(["audit"]) == NO_APPS
    assert not Rights().has("audit")
    assert rights_of([Grant(Role.AUDITOR, ONE)]).has("audit")


def test_who_audits_or_manages_sees_no_identity_and_reviews_nothing() -> None:
    for role in (Role.AUDITOR, Role.ADMIN, Role.OPERATOR, Role.VIEWER):
        assert not {scope for scope in SCOPES_OF[role] if scope.startswith("identity") or scope == "review"}
    assert "approve" not in SCOPES_OF[Role.REVIEWER]


@pytest.mark.parametrize("scope", sorted(PERSON_SCOPES))
def test_a_machine_has_nothing_that_only_persons_have(scope: str) -> None:
    machine = ApiToken("m", None, ["verifications:read", scope], None)
    assert machine.apps_for([scope]) == NO_APPS
    assert machine.apps_for(["verifications:read"]) is None


def test_a_personal_token_has_its_persons_rights() -> None:
    token = ApiToken("p", None, [], None, rights=rights_of([Grant(Role.SENIOR, ONE)]))
    assert token.apps_for(["approve"]) == frozenset({ONE})
    assert token.apps_for(["operate"]) == NO_APPS


def test_a_grant_is_shown_with_its_app() -> None:
    assert [str(Grant(Role.ADMIN)), str(Grant(Role.REVIEWER, ONE))] == ["admin", "reviewer@demo"]
