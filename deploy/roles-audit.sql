-- The rights of the application's role on the audit: it may add and read, and neither change nor delete.
-- Run it as the owner of the tables (the role that runs `faceid-gateway migrate`):
--   psql "$FACEID_DATABASE_URL" -v role=faceid_app -f deploy/roles-audit.sql
-- Purging old rows (`faceid-gateway audit purge`) needs the owner.

REVOKE ALL ON audit, audit_blocks, audit_leaves, audit_timestamps FROM :"role";
GRANT SELECT, INSERT ON audit, audit_blocks, audit_leaves, audit_timestamps TO :"role";
