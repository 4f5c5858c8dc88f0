"""What the audit records: a word for each action, and its meaning."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class Action(StrEnum):
    """What someone did (docs/reference/audit.md has each with its meaning)."""

    LETTER_RETRIED = "dead_letter.retried"
    LETTERS_RETRIED = "dead_letters.retried"
    LETTER_DELETED = "dead_letter.deleted"
    LETTERS_DELETED = "dead_letters.deleted"
    PULL_REQUESTED = "pull.requested"
    RECONCILED = "verifications.reconciled"
    ENDPOINT_CREATED = "endpoint.created"
    ENDPOINT_CHANGED = "endpoint.changed"
    ENDPOINT_ROTATED = "endpoint.secret_rotated"
    ENDPOINT_ENABLED = "endpoint.enabled"
    ENDPOINT_DISABLED = "endpoint.disabled"
    ENDPOINT_DELETED = "endpoint.deleted"
    ENDPOINT_RECOVERED = "endpoint.recovered"
    ENDPOINT_TESTED = "endpoint.tested"
    DELIVERY_RESTARTED = "delivery.restarted"
    DELIVERIES_RESTARTED = "deliveries.restarted"
    TOKEN_CREATED = "token.created"  # noqa: S105
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    PERSON_ADDED = "person.added"
    PERSON_LINKED = "person.linked"
    PERSON_DISABLED = "person.disabled"
    PERSON_ENABLED = "person.enabled"
    ROLE_GRANTED = "role.granted"
    ROLE_REVOKED = "role.revoked"
    LINK_CREATED = "sign_in_link.created"
    SIGNED_IN = "person.signed_in"
    SIGNED_OUT = "person.signed_out"
    SIGN_IN_FAILED = "sign_in.failed"
    SESSIONS_ENDED = "sessions.ended"
    PASSWORD_SET = "password.set"  # noqa: S105
    CODE_SET = "second_factor.set"
    CODE_REMOVED = "second_factor.removed"
    PERSONAL_TOKEN_CREATED = "personal_token.created"  # noqa: S105
    PERSONAL_TOKEN_REVOKED = "personal_token.revoked"  # noqa: S105
    POLICIES_RELOADED = "policies.reloaded"
    POLICY_ACTIVATED = "policy.activated"
    PERMISSION_DENIED = "permission.denied"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_PURGED = "audit.purged"
    VERIFICATIONS_DELETED = "verifications.deleted"
    IDENTITIES_ERASED = "identities.erased"
    CASE_OPENED = "review.opened"
    CASE_NOTED = "review.noted"
    CASE_CLAIMED = "review.claimed"
    CASE_TAKEN_OVER = "review.taken_over"
    CASE_RELEASED = "review.released"
    CASE_SNOOZED = "review.snoozed"
    CASE_PROPOSED = "review.proposed"
    CASE_RETURNED = "review.returned"
    CASE_APPROVED = "review.approved"
    CASE_CONCLUDED = "review.concluded"
    CASE_LOOKED = "review.looked"
    CASE_CLOSED = "review.closed"
    ERASED = "verification.erased"
    HOLD_PLACED = "hold.placed"
    HOLD_LIFTED = "hold.lifted"
    IDENTITY_READ = "identity.read"
    IDENTITY_REFUSED = "identity.refused"
    PERSON_SEARCHED = "person.searched"
    PERSON_EXPORTED = "person.exported"
    RETENTION_RUN = "retention.run"
    LEDGER_APPLIED = "erasures.applied"
    KEYS_REWRAPPED = "keys.rewrapped"
    EPOCH_DESTROYED = "epoch.destroyed"


class Meaning(NamedTuple):
    """`meaning` and `subject` are Markdown, `subject` says what the row's subject is."""

    meaning: str
    subject: str


_LETTER: Final = "the letter's id"
_ENDPOINT: Final = "the endpoint's id"
_NAMED: Final = "the name of the token"
_PERSON: Final = "the person's login name"
_CASE: Final = "the case's id"
_BIZ_ID: Final = "the verification's `biz_id`"

MEANINGS: Final[Mapping[Action, Meaning]] = {
    Action.LETTER_RETRIED: Meaning("A dead letter went back into the inbox.", _LETTER),
    Action.LETTERS_RETRIED: Meaning("A batch of dead letters went back into the inbox.", "none"),
    Action.LETTER_DELETED: Meaning("A dead letter was deleted.", _LETTER),
    Action.LETTERS_DELETED: Meaning("Dead letters were deleted by a filter.", "none"),
    Action.PULL_REQUESTED: Meaning(
        "An operator asked for a call of `get_result`.", "the verification's `biz_id`"
    ),
    Action.RECONCILED: Meaning("Due verifications were handed to the workers at once.", "none"),
    Action.ENDPOINT_CREATED: Meaning("A webhook endpoint was created.", _ENDPOINT),
    Action.ENDPOINT_CHANGED: Meaning("A webhook endpoint was changed.", _ENDPOINT),
    Action.ENDPOINT_ROTATED: Meaning("A webhook endpoint got a new secret.", _ENDPOINT),
    Action.ENDPOINT_ENABLED: Meaning("A webhook endpoint was enabled.", _ENDPOINT),
    Action.ENDPOINT_DISABLED: Meaning("A webhook endpoint was disabled.", _ENDPOINT),
    Action.ENDPOINT_DELETED: Meaning("A webhook endpoint was deleted with its secrets.", _ENDPOINT),
    Action.ENDPOINT_RECOVERED: Meaning("Deliveries that an endpoint missed were created.", _ENDPOINT),
    Action.ENDPOINT_TESTED: Meaning("A test event was sent to an endpoint.", _ENDPOINT),
    Action.DELIVERY_RESTARTED: Meaning("A delivery was made due again.", "the delivery's id"),
    Action.DELIVERIES_RESTARTED: Meaning(
        "Deliveries that had ended were made due again by a filter.",
        "the endpoint's id, if the filter has one",
    ),
    Action.TOKEN_CREATED: Meaning("A token of the api was created.", _NAMED),
    Action.TOKEN_REVOKED: Meaning("A token of the api was revoked.", _NAMED),
    Action.PERSON_ADDED: Meaning("A person was added, or came from the identity provider.", _PERSON),
    Action.PERSON_LINKED: Meaning("A person was linked to an identity of the provider.", _PERSON),
    Action.PERSON_DISABLED: Meaning(
        "A person was disabled; sessions, links and personal tokens ended.", _PERSON
    ),
    Action.PERSON_ENABLED: Meaning("A disabled person was enabled.", _PERSON),
    Action.ROLE_GRANTED: Meaning("A person got a role, in the row's app.", _PERSON),
    Action.ROLE_REVOKED: Meaning("A person lost a role, in the row's app.", _PERSON),
    Action.LINK_CREATED: Meaning("A one-time link was made for a person.", _PERSON),
    Action.SIGNED_IN: Meaning("A person signed in.", _PERSON),
    Action.SIGNED_OUT: Meaning("A person signed out.", _PERSON),
    Action.SIGN_IN_FAILED: Meaning(
        "A sign-in failed. What was typed is not in the row.", "the login name, if there is such a person"
    ),
    Action.SESSIONS_ENDED: Meaning("Sessions of a person were ended; `count` says how many.", _PERSON),
    Action.PASSWORD_SET: Meaning("A person set a password.", _PERSON),
    Action.CODE_SET: Meaning("A person set up a second factor.", _PERSON),
    Action.CODE_REMOVED: Meaning("A person's second factor was removed.", _PERSON),
    Action.PERSONAL_TOKEN_CREATED: Meaning("A personal token was created.", _PERSON),
    Action.PERSONAL_TOKEN_REVOKED: Meaning("A personal token was revoked.", _PERSON),
    Action.POLICIES_RELOADED: Meaning("Someone asked the workers to read the policies again.", "none"),
    Action.POLICY_ACTIVATED: Meaning("Workers began to decide by another text.", "the policy's name"),
    Action.PERMISSION_DENIED: Meaning(
        "A caller asked for what its rights do not allow. At most one row a minute for each actor and route.",
        "the method and the route",
    ),
    Action.AUDIT_EXPORTED: Meaning(
        "Someone exported the audit, or had one row proven: `id` is its number.", "none"
    ),
    Action.AUDIT_PURGED: Meaning("Old rows were deleted; their hashes stay.", "none"),
    Action.VERIFICATIONS_DELETED: Meaning(
        "Verifications that had been kept long enough were deleted, with their decisions.", "none"
    ),
    Action.IDENTITIES_ERASED: Meaning(
        "The identities of verifications that had been kept long enough were erased.", "none"
    ),
    Action.CASE_OPENED: Meaning("A person opened a case, or a user objects to a decision.", _CASE),
    Action.CASE_NOTED: Meaning("A person asked for a case where one was open already.", _CASE),
    Action.CASE_CLAIMED: Meaning("A person began to work on a case.", _CASE),
    Action.CASE_TAKEN_OVER: Meaning("A person took a case from another one.", _CASE),
    Action.CASE_RELEASED: Meaning("A person gave a case back.", _CASE),
    Action.CASE_SNOOZED: Meaning("A person put a case off.", _CASE),
    Action.CASE_PROPOSED: Meaning("A person proposed a conclusion that another one must approve.", _CASE),
    Action.CASE_RETURNED: Meaning("A person gave a proposed conclusion back.", _CASE),
    Action.CASE_APPROVED: Meaning("A person approved what another one proposed; it counts.", _CASE),
    Action.CASE_CONCLUDED: Meaning("A person concluded a case; the conclusion counts.", _CASE),
    Action.CASE_LOOKED: Meaning("A person ended a second look.", _CASE),
    Action.IDENTITY_READ: Meaning(
        "Someone saw fields of an identity, unmasked.", "the verification's `biz_id`"
    ),
    Action.IDENTITY_REFUSED: Meaning(
        "Someone asked for more identities than a day allows. One row a day for each actor.",
        "as of the refused action",
    ),
    Action.PERSON_SEARCHED: Meaning("Someone searched by an ID number, which is not in the row.", "none"),
    Action.PERSON_EXPORTED: Meaning("Someone exported what is stored of a person.", "none"),
    Action.CASE_CLOSED: Meaning("A person ended a case without a conclusion.", _CASE),
    Action.ERASED: Meaning(
        "The identity of a verification was erased: on request, or after a restore by the ledger.", _BIZ_ID
    ),
    Action.HOLD_PLACED: Meaning("A legal hold was placed: nothing of the verification is erased.", _BIZ_ID),
    Action.HOLD_LIFTED: Meaning("A legal hold was lifted.", _BIZ_ID),
    Action.RETENTION_RUN: Meaning("Someone had everything erased at once that is due by age.", "none"),
    Action.LEDGER_APPLIED: Meaning("Someone applied the erasure ledger to a restored database.", "none"),
    Action.KEYS_REWRAPPED: Meaning("Someone had the stored keys wrapped again.", "none"),
    Action.EPOCH_DESTROYED: Meaning("The key of an empty epoch was destroyed for good.", "the epoch's id"),
}
"""Each action with its meaning; a test compares it with `Action`."""
