"""What a gateway stores, how it is protected, and who can see it: a data-protection report."""

from datetime import datetime

import msgspec


class RoleCount(msgspec.Struct, frozen=True):
    """Active persons with a role in one app. `app_id` None: in every app."""

    role: str
    app_id: str | None
    persons: int


class TokenCount(msgspec.Struct, frozen=True):
    """Valid tokens of programs with the same rights. `apps` None: every app."""

    apps: list[str] | None
    scopes: list[str]
    tokens: int


class AccessCounts(msgspec.Struct, frozen=True):
    """Who has access, in numbers and without names."""

    roles: list[RoleCount]
    tokens: list[TokenCount]
    personal_tokens: int


class Stored(msgspec.Struct, frozen=True):
    """One kind of data. `places`: tables of PostgreSQL, or names of other places. `data_class`: `identity`,
    `pseudonymous`, `staff`, `secrets` or `technical`. `seen_by`: scopes.
    """

    what: str
    places: tuple[str, ...]
    data_class: str
    sealed: str
    kept: str
    seen_by: tuple[str, ...]


class AppRetention(msgspec.Struct, frozen=True):
    """Days of one app until data is erased by age."""

    app_id: str
    raw_days: int
    identity_days: int
    decision_days: int
    images_days: int


class Protection(msgspec.Struct, frozen=True):
    """Keys and anchors. `key_store`: its kind, or None."""

    master_keys: int
    key_store: str | None
    epoch_days: float
    anchors: list[str]


class Answer(msgspec.Struct, frozen=True):
    """A question that reviewers usually ask, and what this configuration says to it."""

    question: str
    answer: str


class ComplianceReport(msgspec.Struct, frozen=True):
    """The report; it makes no legal claim."""

    at: datetime
    version: str
    stored: list[Stored]
    retention: list[AppRetention]
    protection: Protection
    roles: dict[str, list[str]]
    access: AccessCounts | None
    answers: list[Answer]
