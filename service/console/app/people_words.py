"""What the console calls roles, ways to sign in, and what was done to a person; templates translate them."""

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
