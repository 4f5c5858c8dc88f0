"""Review cases, what happened to them, and what persons concluded; each policy's `[review]` beside its text.

The column of `policies` is NULL for the texts of versions that know no `[review]`: for those the defaults
hold.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("policies", sa.Column("review", sa.JSON()))
    op.execute("""
        CREATE TABLE review_cases (
          id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT review_cases_pkey PRIMARY KEY,
          verification_id uuid NOT NULL,
          app_id text NOT NULL,
          opened_because text NOT NULL,
          policy_hash text NOT NULL,
          four_eyes text[] NOT NULL,
          second_look real NOT NULL DEFAULT 0,
          not_for uuid[] NOT NULL DEFAULT '{}',
          opened_at timestamptz NOT NULL,
          due_at timestamptz NOT NULL,
          priority smallint NOT NULL,
          escalate_at timestamptz,
          state text NOT NULL DEFAULT 'open'
            CONSTRAINT review_cases_state CHECK (state IN ('open', 'snoozed', 'proposed', 'closed')),
          seq integer NOT NULL DEFAULT 1,
          fence bigint NOT NULL DEFAULT 0,
          claimed_by uuid,
          claimed_name text,
          claimed_at timestamptz,
          lease_until timestamptz,
          snoozed_until timestamptz,
          proposal json,
          closed_at timestamptz,
          CONSTRAINT review_cases_closed CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
          CONSTRAINT review_cases_claimed CHECK ((claimed_by IS NULL) = (lease_until IS NULL))
        )
    """)
    op.execute("""
        CREATE TABLE review_events (
          case_id uuid NOT NULL,
          seq integer NOT NULL,
          at timestamptz NOT NULL,
          actor text NOT NULL,
          person_id uuid,
          kind text NOT NULL,
          detail json NOT NULL DEFAULT '{}',
          evidence_hash text,
          note_ct bytea,
          CONSTRAINT review_events_pkey PRIMARY KEY (case_id, seq)
        )
    """)
    op.execute("""
        CREATE TABLE reviews (
          verification_id uuid NOT NULL,
          n integer NOT NULL,
          case_id uuid NOT NULL,
          app_id text NOT NULL,
          outcome text NOT NULL,
          reasons text[] NOT NULL,
          note_ct bytea,
          proposed_by uuid NOT NULL,
          proposed_name text NOT NULL,
          approved_by uuid,
          approved_name text,
          evidence_hash text NOT NULL,
          opened_at timestamptz NOT NULL,
          claimed_at timestamptz,
          at timestamptz NOT NULL,
          CONSTRAINT reviews_pkey PRIMARY KEY (verification_id, n),
          CONSTRAINT reviews_case_id_key UNIQUE (case_id),
          CONSTRAINT reviews_four_eyes CHECK (approved_by IS NULL OR approved_by <> proposed_by)
        )
    """)
    for index in _INDEXES:
        op.execute(f"CREATE {index}")


def downgrade() -> None:
    op.drop_table("reviews")
    op.drop_table("review_events")
    op.drop_table("review_cases")
    op.drop_column("policies", "review")


_INDEXES = (
    "UNIQUE INDEX review_cases_one_open ON review_cases (verification_id) WHERE state <> 'closed'",
    "INDEX review_cases_of ON review_cases (verification_id, opened_at)",
    """INDEX review_cases_waiting ON review_cases (app_id, state, priority DESC, due_at, id)
       WHERE state <> 'closed'""",
    "INDEX review_cases_in_hand ON review_cases (app_id, lease_until, id) WHERE claimed_by IS NOT NULL",
    "INDEX review_cases_lapsing ON review_cases (lease_until) WHERE claimed_by IS NOT NULL",
    "INDEX review_cases_waking ON review_cases (snoozed_until) WHERE snoozed_until IS NOT NULL",
    "INDEX review_cases_escalating ON review_cases (escalate_at) WHERE escalate_at IS NOT NULL",
    "INDEX review_cases_due ON review_cases (app_id, due_at) WHERE state <> 'closed'",
    "INDEX review_cases_ended ON review_cases (app_id, closed_at DESC, id DESC) WHERE state = 'closed'",
    "INDEX reviews_newest ON reviews (app_id, at DESC)",
)
