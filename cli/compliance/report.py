"""Build the report from settings and counts."""

from datetime import datetime
from urllib.parse import urlsplit

from adapters.settings.settings import Settings
from cli.compliance.inventory import STORED
from domain.people.roles import SCOPES_OF
from domain.views.operations.compliance import (
    AccessCounts,
    Answer,
    AppRetention,
    ComplianceReport,
    Protection,
)


def build_report(
    settings: Settings, access: AccessCounts | None, *, at: datetime, version: str
) -> ComplianceReport:
    """The report of a gateway with these settings. `access` None: PostgreSQL is away."""
    protection = _protection(settings)
    retention = [
        AppRetention(app_id, **app.retention.model_dump()) for app_id, app in sorted(settings.apps.items())
    ]
    return ComplianceReport(
        at=at,
        version=version,
        stored=list(STORED),
        retention=retention,
        protection=protection,
        roles={role.value: sorted(scopes) for role, scopes in SCOPES_OF.items()},
        access=access,
        answers=_answers(settings, protection, retention, access),
    )


def _protection(settings: Settings) -> Protection:
    anchors = {"a file": settings.audit_anchor_file, "a time stamp service": settings.audit_tsa_url}
    store = settings.keys_url
    return Protection(
        master_keys=len(settings.master_keys),
        key_store=None if store is None else urlsplit(str(store)).scheme,
        epoch_days=settings.keys_epoch,
        anchors=[name for name, value in anchors.items() if value is not None],
    )


def _answers(
    settings: Settings, keys: Protection, retention: list[AppRetention], access: AccessCounts | None
) -> list[Answer]:
    longest = max((each.identity_days for each in retention), default=0)
    decisions = max((each.decision_days for each in retention), default=0)
    backups = (
        f"They stay unreadable: keys are in a store of their own ({keys.key_store}), "
        "and a ledger there is applied to a restored database before it is served."
        if keys.key_store
        else "They bring it back: FACEID_KEYS_URL is not set, so the master key opens old backups."
    )
    anchored = (
        f"Its blocks are anchored in {' and '.join(keys.anchors)}."
        if keys.anchors
        else "Nothing outside the database anchors it; events `audit.checkpoint` can."
    )
    return [
        Answer(
            "What is the data processed for?", "To verify a person for an order of an app, once per flow."
        ),
        Answer("How long is identity kept?", f"At most {longest} days; see the retention of each app."),
        Answer(
            "How long are decisions and the audit kept?",
            f"At most {decisions} days, and {settings.audit_kept} days; a legal hold keeps them longer.",
        ),
        Answer("How is one person's data deleted on request?", "By `erase`, with a signed receipt."),
        Answer("What do backups bring back?", backups),
        Answer("Who can see identity?", _who(access)),
        Answer(
            "Is each look at identity on record?",
            "Yes: with person, time, address and reason, before the answer is sent. "
            f"At most {settings.identity_reads_a_day} a day for each reader. {anchored}",
        ),
        Answer("How is it protected at rest?", "AES-256-GCM; see the column `sealed`."),
        Answer(
            "Does data leave this gateway?",
            "Orders and pulls go to the vendor; events without identity go to the receivers of webhooks.",
        ),
        Answer(
            "How many persons are stored?",
            "The gateway counts distinct ID numbers of each app, for the filing at 100,000 persons.",
        ),
    ]


def _who(access: AccessCounts | None) -> str:
    if access is None:
        return "Not known: PostgreSQL is away."
    readers = {role.value for role, scopes in SCOPES_OF.items() if any(_is_identity(each) for each in scopes)}
    roles = sum(each.persons for each in access.roles if each.role in readers)
    programs = sum(each.tokens for each in access.tokens if any(_is_identity(scope) for scope in each.scopes))
    return f"{roles} role(s) of persons ({', '.join(sorted(readers))}) and {programs} token(s) of programs."


def _is_identity(scope: str) -> bool:
    return scope.startswith("identity:")
