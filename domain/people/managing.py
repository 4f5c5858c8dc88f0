"""What the right `people` allows: to give no role, and to manage nobody, beyond the apps in which it holds.

`rights` is None for a command: a person who runs commands holds the gateway's keys.
"""

from collections.abc import Collection, Iterable

from domain.people.errors import NotPermitted
from domain.people.person import Person
from domain.people.roles import Grant, Rights

MANAGING = "people"
OIDC = "oidc"
"""In `Person.signs_in_by` of those who sign in at the identity provider."""


def check_may_give(rights: Rights | None, grants: Iterable[Grant]) -> None:
    """Raise NotPermitted if the actor does not manage the app of each grant, or manages none."""
    if rights is None:
        return
    if not rights.has(MANAGING) or not all(_holds(rights, grant) for grant in grants):
        raise NotPermitted


def check_may_add(rights: Rights | None, grants: Collection[Grant]) -> None:
    """Raise NotPermitted unless the actor manages a person with these roles: see `check_manages`."""
    check_may_give(rights, grants)
    if not grants:
        _check_manages_all(rights)


def check_manages(rights: Rights | None, person: Person) -> None:
    """Raise NotPermitted unless the actor manages every app in which the person has a role.

    A person without a role in force may have had one anywhere, and may get it back: only an admin of every
    app manages this person.
    """
    check_may_add(rights, person.grants)


def check_may_let_in(rights: Rights | None, person: Person) -> None:
    """Raise NotPermitted unless the actor may make a link by which someone gets in as this person.

    The identity provider may give a person a role in any app at any time, also to a session that is open by
    then: for persons who sign in there, only an admin of every app makes links.
    """
    check_manages(rights, person)
    if OIDC in person.signs_in_by:
        _check_manages_all(rights)


def manages_all(rights: Rights | None) -> bool:
    """Whether the actor manages every app, including later ones."""
    return rights is None or rights.apps_for([MANAGING]) is None


def widens(before: Iterable[Grant], given: Iterable[Grant]) -> bool:
    """Whether `given` reaches an app in which the person had no role before."""
    apps = {grant.app_id for grant in before}
    return None not in apps and any(grant.app_id not in apps for grant in given)


def _check_manages_all(rights: Rights | None) -> None:
    if not manages_all(rights):
        raise NotPermitted


def _holds(rights: Rights, grant: Grant) -> bool:
    apps = rights.apps_for([MANAGING])
    return apps is None or (grant.app_id is not None and grant.app_id in apps)
