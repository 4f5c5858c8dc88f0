"""What a bearer token grants, and who acts with it."""

from uuid import UUID

import pytest

from domain.people.actor import Actor
from domain.people.person import PersonRef
from domain.people.roles import NO_APPS, Apps, Grant, Role, rights_of
from domain.views.tokens import PERSON_SCOPES, SCOPES, ApiToken

LI_NA = PersonRef(UUID(int=1), "li.na")
READS = ["verifications:read"]


def of_machine(apps: list[str] | None, scopes: list[str]) -> ApiToken:
    return ApiToken("orders", apps, scopes, None)


def of_person(*grants: Grant) -> ApiToken:
    return ApiToken("laptop", None, [], None, LI_NA, rights_of(grants))


def test_a_program_acts_under_its_tokens_name() -> None:
    actor = of_machine(None, READS).actor("192.0.2.1")
    assert actor == Actor.token("orders", address="192.0.2.1")
    assert str(actor) == "token:orders"


def test_a_personal_token_acts_as_its_person() -> None:
    actor = of_person().actor(None)
    assert (str(actor), actor.person_id, actor.address) == ("person:li.na", LI_NA.id, None)


@pytest.mark.parametrize(
    ("apps", "wanted", "expected"),
    [
        (None, READS, None),
        (["a", "b"], READS, frozenset({"a", "b"})),
        ([], READS, NO_APPS),
        (["a"], ["operate"], NO_APPS),
        (["a"], [*READS, "operate"], NO_APPS),
        (None, ["no:such:scope"], NO_APPS),
    ],
)
def test_a_machines_scopes_hold_in_all_its_apps(
    apps: list[str] | None, wanted: list[str], expected: Apps
) -> None:
    assert of_machine(apps, READS).apps_for(wanted) == expected


@pytest.mark.parametrize("scope", sorted(PERSON_SCOPES))
def test_what_only_persons_may_do_holds_nowhere_for_a_machine(scope: str) -> None:
    """Even if the stored row of the token names the scope."""
    assert of_machine(None, [*SCOPES, scope]).apps_for([scope]) == NO_APPS


def test_a_personal_token_has_its_persons_rights_in_each_app() -> None:
    token = of_person(Grant(Role.REVIEWER, "a"), Grant(Role.VIEWER))
    assert token.apps_for(READS) is None
    assert token.apps_for(["review"]) == frozenset({"a"})
    assert token.apps_for([*READS, "review"]) == frozenset({"a"})
    assert token.apps_for(["people"]) == NO_APPS


def test_a_limit_takes_scopes_from_a_token_but_no_review_from_its_person() -> None:
    rights = rights_of([Grant(Role.REVIEWER, "a"), Grant(Role.VIEWER)])
    token = ApiToken("laptop", None, [], None, LI_NA, rights, READS)
    assert token.apps_for(READS) is None
    assert token.apps_for(["review"]) == NO_APPS
    assert token.reviewed_apps == frozenset({"a"})
    assert of_machine(None, ["review"]).reviewed_apps == NO_APPS


def test_a_personal_token_without_rights_may_do_nothing_though_it_names_scopes() -> None:
    token = ApiToken("laptop", None, list(SCOPES), None, LI_NA, rights_of(()))
    assert token.apps_for(READS) == NO_APPS
