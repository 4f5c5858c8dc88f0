"""Deliveries of webhooks and their attempts, and when an endpoint's rate allows the next one."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("endpoints", sa.Column("paced_until", sa.DateTime(timezone=True)))
    op.execute("""
        CREATE TABLE deliveries (
          id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT deliveries_pkey PRIMARY KEY,
          endpoint_id uuid NOT NULL,
          app_id text NOT NULL,
          seq bigint NOT NULL,
          event_id uuid NOT NULL,
          type text NOT NULL,
          verification_id uuid,
          n integer,
          state text NOT NULL DEFAULT 'pending'
            CONSTRAINT deliveries_state CHECK (state IN ('pending', 'delivered', 'failed')),
          due_at timestamptz,
          leased_until timestamptz,
          fence bigint NOT NULL DEFAULT 0,
          attempts integer NOT NULL DEFAULT 0,
          attempts_before integer NOT NULL DEFAULT 0,
          error text,
          created_at timestamptz NOT NULL,
          ended_at timestamptz,
          CONSTRAINT deliveries_endpoint_id_seq_key UNIQUE (endpoint_id, seq),
          CONSTRAINT deliveries_due CHECK ((state = 'pending') = (due_at IS NOT NULL)),
          CONSTRAINT deliveries_ended CHECK ((state = 'pending') = (ended_at IS NULL))
        )
    """)
    for index in _INDEXES:
        op.execute(f"CREATE INDEX {index}")
    op.execute("""
        CREATE TABLE attempts (
          delivery_id uuid NOT NULL CONSTRAINT attempts_delivery_id_fkey REFERENCES deliveries (id),
          k integer NOT NULL,
          at timestamptz NOT NULL,
          ms integer NOT NULL,
          status smallint,
          fault text,
          error text,
          answer bytea,
          CONSTRAINT attempts_pkey PRIMARY KEY (delivery_id, k)
        )
    """)


def downgrade() -> None:
    op.drop_table("attempts")
    op.drop_table("deliveries")
    op.drop_column("endpoints", "paced_until")


_INDEXES = (
    "deliveries_due ON deliveries (endpoint_id, due_at, seq) WHERE due_at IS NOT NULL",
    "deliveries_order ON deliveries (endpoint_id, verification_id, seq) WHERE due_at IS NOT NULL",
    "deliveries_leased ON deliveries (leased_until) WHERE leased_until IS NOT NULL",
    "deliveries_of_endpoint ON deliveries (endpoint_id, state, created_at DESC, id DESC)",
    "deliveries_of_app ON deliveries (app_id, state, created_at DESC, id DESC)",
    "deliveries_oldest ON deliveries USING brin (created_at)",
)
