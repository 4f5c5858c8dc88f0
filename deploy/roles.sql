-- The PostgreSQL roles of the processes, and what each may do. The ingress has none: it needs no database.
-- Run it after each migration, with rights to create roles; it may run again, also while the gateway runs:
--   psql --single-transaction --file deploy/roles.sql "$URL_OF_AN_ADMINISTRATOR"
-- deploy/roles.sh sets the passwords too.
--
-- The owner of the tables migrates, and runs the commands of operators. A process's role owns nothing.
-- A right is per table, and per column where a table has columns that the process must not change.

DO $$
DECLARE
  process text;
BEGIN
  FOREACH process IN ARRAY ARRAY['faceid_api', 'faceid_console', 'faceid_worker'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = process) THEN
      EXECUTE format('CREATE ROLE %I LOGIN', process);
    END IF;
    EXECUTE format('ALTER ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', process);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), process);
  END LOOP;
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO faceid_api, faceid_console, faceid_worker;

-- What an earlier version of this file granted.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM faceid_api, faceid_console, faceid_worker;

-- All three: the schema's revision, and what happens. Nobody changes what has happened.
GRANT SELECT ON alembic_version, callbacks, policies, policies_in_force, pulls, decisions, decision_reasons,
  shadow_decisions, timeline, events, event_log, reviews, audit, audit_blocks, audit_leaves, audit_timestamps,
  biz_owners, verifications, dead_letters, endpoints, deliveries, attempts, review_cases, review_events,
  key_store, alert_cursors, erasures, holds, id_numbers, person_counts, retention_marks,
  identity_readers, pictures
  TO faceid_api, faceid_console, faceid_worker;
GRANT INSERT ON timeline, events, audit, reviews, review_cases, review_events
  TO faceid_api, faceid_console, faceid_worker;
-- The first event of a case belongs to the transaction that opens it.
GRANT UPDATE (state, seq, fence, priority, escalate_at, claimed_by, claimed_name, claimed_at, lease_until,
  snoozed_until, proposal, closed_at, not_for) ON review_cases TO faceid_api, faceid_console, faceid_worker;
GRANT UPDATE (detail, actor, person_id, note_ct) ON review_events
  TO faceid_api, faceid_console, faceid_worker;
GRANT INSERT, UPDATE ON key_store TO faceid_api, faceid_console, faceid_worker;
-- Events are appended in turn, behind this row's lock.
GRANT UPDATE (counted_to) ON event_log TO faceid_api, faceid_console;
-- A person's conclusion counts beside the decision, which stays as it is.
GRANT UPDATE (effective_outcome, listed_as, events, state) ON verifications TO faceid_api, faceid_console;
GRANT UPDATE (listed_as) ON decision_reasons TO faceid_api, faceid_console;
-- Dead letters are retried or deleted; endpoints and deliveries are managed.
GRANT UPDATE (retried_at), DELETE ON dead_letters TO faceid_api, faceid_console;
GRANT INSERT, UPDATE, DELETE ON endpoints TO faceid_api, faceid_console;
GRANT INSERT, UPDATE ON deliveries TO faceid_api, faceid_console;

-- An erasure takes keys and ciphertexts everywhere, and leaves the decision.
GRANT INSERT, UPDATE ON erasures, holds TO faceid_api, faceid_console, faceid_worker;
GRANT UPDATE (wrapped_key, identity_ct, erased_at, numbered, due_at, asked_at, held, fence) ON verifications
  TO faceid_api, faceid_console;
GRANT UPDATE (raw_ct) ON callbacks, pulls TO faceid_api, faceid_console;
GRANT UPDATE (note_ct) ON reviews TO faceid_api, faceid_console, faceid_worker;
GRANT UPDATE (deleted_at, digest) ON pictures TO faceid_api, faceid_console, faceid_worker;
GRANT DELETE ON id_numbers TO faceid_api, faceid_console, faceid_worker;

-- Which erasures were by an ID number, for 30 days.
GRANT SELECT, INSERT ON erased_persons TO faceid_api, faceid_console;
GRANT SELECT, DELETE ON erased_persons TO faceid_worker;

-- How often a person read identity today.
GRANT INSERT, UPDATE, DELETE ON identity_readers TO faceid_api, faceid_console, faceid_worker;

-- The api checks tokens, orders, registers, and asks for pulls.
GRANT SELECT ON api_tokens, personal_tokens, person_roles TO faceid_api;
GRANT SELECT (id, name, state, created_at, seen_at) ON persons TO faceid_api;
GRANT INSERT ON verifications, id_numbers TO faceid_api;
GRANT UPDATE (biz_no, vendor_status, final_digest, registered_at, expires_at, received_at, ended_at, due_at,
  asked_at, held, fence) ON verifications TO faceid_api;
-- The registration of a verification whose callbacks came at another app of the same account moves them.
GRANT INSERT, UPDATE (seen), DELETE ON callbacks TO faceid_api;
GRANT INSERT ON pulls TO faceid_api;
GRANT INSERT, UPDATE, DELETE ON biz_owners TO faceid_api;

-- The console signs people in, and manages people and tokens.
GRANT SELECT, INSERT, UPDATE ON persons TO faceid_console;
GRANT SELECT, INSERT, UPDATE, DELETE ON person_roles, sign_in_links, sessions, personal_tokens, sign_in_tries,
  api_tokens TO faceid_console;

-- The worker records, pulls, decides, delivers, closes the audit's blocks, and deletes what is old.
GRANT INSERT, UPDATE ON verifications, callbacks, pulls, decision_reasons, policies_in_force, event_log,
  alert_cursors, deliveries, endpoints TO faceid_worker;
GRANT INSERT ON policies, decisions, shadow_decisions, attempts, audit_blocks, audit_leaves, audit_timestamps
  TO faceid_worker;
GRANT INSERT, UPDATE ON id_numbers, person_counts, retention_marks TO faceid_worker;
GRANT INSERT, UPDATE, DELETE ON pictures TO faceid_worker;
GRANT DELETE ON person_counts, holds TO faceid_worker;
GRANT UPDATE (reasons_listed) ON decisions TO faceid_worker;
GRANT INSERT, UPDATE, DELETE ON dead_letters, biz_owners TO faceid_worker;
GRANT DELETE ON callbacks, events, deliveries, attempts TO faceid_worker;
GRANT SELECT, DELETE ON sign_in_links, sessions, personal_tokens, sign_in_tries TO faceid_worker;
GRANT SELECT, DELETE ON person_roles TO faceid_worker;
GRANT SELECT (id, name, state, created_at, seen_at) ON persons TO faceid_worker;
GRANT SELECT ON api_tokens TO faceid_worker;
-- Old verifications and old rows of the audit go by functions, which check what they delete. Nobody may delete
-- them otherwise. The senders delete old deliveries.
GRANT EXECUTE ON FUNCTION delete_verifications_by_age(text, uuid[], timestamptz),
  purge_audit_by_age(timestamptz, bigint) TO faceid_worker;
