"""Everything that the gateway stores, by kind. A test compares it with the tables that there are."""

from typing import Final

from domain.views.operations.compliance import Stored

_DATA_KEY: Final = "AES-256-GCM, one data key for each verification"
_MASTER: Final = "AES-256-GCM under the master key"
_BLIND: Final = "HMAC-SHA-256 under a key outside the database"
_HASHED: Final = "SHA-256 of 256 random bits"
_OPEN: Final = "not sealed: it holds no identity"
_READ: Final = ("verifications:read",)

STORED: Final = (
    Stored(
        "Identity of a person: name, ID number (masked in every list)",
        ("verifications",),
        "identity",
        _DATA_KEY,
        "identity_days",
        ("identity:name", "identity:number"),
    ),
    Stored("Raw callbacks of the vendor", ("callbacks",), "identity", _DATA_KEY, "raw_days", ()),
    Stored(
        "Raw results of the vendor, without their pictures",
        ("pulls",),
        "identity",
        _DATA_KEY,
        "raw_days",
        (),
    ),
    Stored(
        "Pictures of results, where an app asks for them",
        ("pictures", "folder or bucket"),
        "identity",
        _DATA_KEY,
        "images_days",
        ("identity:images",),
    ),
    Stored("Callbacks that failed", ("dead_letters",), "identity", _DATA_KEY, "identity_days", ("operate",)),
    Stored(
        "Notes of reviews and appeals",
        ("reviews", "review_events", "review_cases"),
        "identity",
        f"notes: {_DATA_KEY}",
        "notes: identity_days",
        ("review",),
    ),
    Stored(
        "Accepted callbacks on their way",
        ("Valkey: inbox", "spool folder"),
        "identity",
        _MASTER,
        "seconds, until a worker has recorded them",
        (),
    ),
    Stored(
        "Blind index of ID numbers",
        ("id_numbers", "person_counts"),
        "pseudonymous",
        _BLIND,
        "identity_days",
        ("identity:number",),
    ),
    Stored(
        "Decisions, their facts and reasons, the timeline",
        (
            "decisions", "decision_reasons", "shadow_decisions", "timeline", "biz_owners",
        ),
        "pseudonymous",
        _OPEN,
        "decision_days",
        _READ,
    ),
    Stored("Events for other programs", ("events", "event_log"), "pseudonymous", _OPEN, "events_kept", _READ),
    Stored(
        "Webhooks: endpoints, deliveries, answers of receivers",
        ("endpoints", "deliveries", "attempts"),
        "technical",
        f"secrets: {_MASTER}",
        "deliveries: 30 days",
        ("endpoints",),
    ),
    Stored(
        "Who did what, from which address",
        ("audit", "audit_blocks", "audit_leaves", "audit_timestamps"),
        "staff",
        "not sealed; hashed in blocks",
        "audit_kept; hashes of rows: always",
        ("audit",),
    ),
    Stored(
        "Persons who work with the gateway",
        ("persons", "person_roles", "sessions", "sign_in_links", "sign_in_tries"),
        "staff",
        f"passwords: argon2id; second factors: {_MASTER}; cookies and links: {_HASHED}",
        "persons: always, since the audit names them; sessions: 12 hours",
        ("people",),
    ),
    Stored("Tokens", ("api_tokens", "personal_tokens"), "secrets", _HASHED, "until they end", ("people",)),
    Stored(
        "Erasures, legal holds, reads of identity",
        ("erasures", "holds", "retention_marks", "identity_readers"),
        "pseudonymous",
        _OPEN,
        "erasures: always, so that a restored backup is erased again",
        ("erase", "audit"),
    ),
    Stored(
        "By which ID number a person was erased",
        ("erased_persons",),
        "pseudonymous",
        _BLIND,
        "30 days",
        ("erase",),
    ),
    Stored(
        "Policies and marks of processes",
        ("policies", "policies_in_force", "alert_cursors", "key_store"),
        "technical",
        _OPEN,
        "always",
        _READ,
    ),
)  # fmt: skip
