"""What the right `people` allows: to give no role, and to manage nobody, beyond the apps in which it holds.

`rights` is None for a command: a person who runs commands holds the gateway's keys.
"""

from collections.abc import Iterable

from domain.people.errors import NotPermitted
from domain.people.person import Person
from domain.people.roles import Grant, Rights

MANAGING = "people"


def check_may_give(rights: Rights | None, grants: Iterable[Grant]) -> None:
    """Raise NotPermitted if the actor does not manage the app of each grant, or manages none."""
    if rights is None:
        return
    if not rights.has(MANAGING) or not all(_holds(rights, grant) for grant in grants):
        raise NotPermitted


def check_manages(rights: Rights | None, person: Person) -> None:
    """Raise NotPermitted unless the actor manages every app in which the person has a role."""
    check_may_give(rights, person.grants)


def _holds(rights: Rights, grant: Grant) -> bool:
    apps = rights.apps_for([MANAGING])
    return apps is None or (grant.app_id is not None and grant.app_id in apps)
