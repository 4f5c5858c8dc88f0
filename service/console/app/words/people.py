"""What the console calls roles, ways to sign in, what was done to a person, and what is wrong with a
password; templates translate them."""

from collections.abc import Mapping
from typing import Final

from domain.people.roles import Role
from service.console.app.languages import N_

ROLES: Final[Mapping[str, str]] = {
    Role.VIEWER: N_("Viewer"),
    Role.REVIEWER: N_("Reviewer"),
    Role.SENIOR: N_("Senior reviewer"),
    Role.OPERATOR: N_("Operator"),
    Role.AUDITOR: N_("Auditor"),
    Role.ADMIN: N_("Admin"),
}

ROLE_MEANINGS: Final[Mapping[str, str]] = {
    Role.VIEWER: N_("Looks up verifications."),
    Role.REVIEWER: N_("Works on review cases, and may see identity for a reason."),
    Role.SENIOR: N_("As a reviewer, and approves what another person proposed."),
    Role.OPERATOR: N_("Handles dead letters, pulls, endpoints and deliveries."),
    Role.AUDITOR: N_("Reads and exports the audit; never sees identity."),
    Role.ADMIN: N_("Manages persons, tokens and policies, and does what operators and auditors do."),
}

WAYS: Final[Mapping[str, str]] = {
    "link": N_("one-time link"),
    "password": N_("password"),
    "code": N_("second factor"),
    "oidc": N_("identity provider"),
}

PERSON_DONE: Final[Mapping[str, str]] = {
    "roles": N_("The roles are changed; they hold from the next request on."),
    "disable": N_("The person is disabled."),
    "enable": N_("The person is enabled."),
    "end_sessions": N_("The sessions have ended."),
    "token": N_("The personal token is revoked."),
}

ACCOUNT_DONE: Final[Mapping[str, str]] = {
    "password": N_("The password is changed, and your other sessions have ended."),
    "code": N_("The second factor is set up. The next sign-in asks for a code."),
    "removed": N_("The second factor is removed."),
    "session": N_("The session has ended."),
    "roles": N_("Your roles are changed."),
}

TOO_MANY: Final = N_("Too many tries. Wait a few minutes, then try again.")
PASSWORDS_DIFFER: Final = N_("The two passwords differ.")
PASSWORDS_REFUSED: Final[Mapping[str, str]] = {
    "too_short": N_("This password is too short: it needs at least 12 characters."),
    "too_long": N_("This password is too long."),
    "too_easy": N_("This password is too easy to guess."),
}
