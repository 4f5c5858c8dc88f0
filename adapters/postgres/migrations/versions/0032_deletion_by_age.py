"""Functions that delete by age: old verifications, and old rows of the audit.

They run with the rights of the tables' owner. A process that may call them can delete nothing else, and
nothing that is young, held, or not erased.
"""

from alembic import op
from sqlalchemy import text

revision = "0032"
down_revision = "0031"

_VERIFICATIONS = "delete_verifications_by_age(text, uuid[], timestamptz)"
_AUDIT = "purge_audit_by_age(timestamptz, bigint)"


def upgrade() -> None:
    schema = op.get_bind().scalar(text("SELECT quote_ident(current_schema())"))
    op.execute(_DELETE_VERIFICATIONS.replace("OURS", schema))
    op.execute(_PURGE_AUDIT.replace("OURS", schema))
    for function in (_VERIFICATIONS, _AUDIT):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")


def downgrade() -> None:
    for function in (_VERIFICATIONS, _AUDIT):
        op.execute(f"DROP FUNCTION {function}")


# Each statement of a function sees what is committed by then, so a hold that was placed before the locks
# were taken is seen.
_DELETE_VERIFICATIONS = """
CREATE FUNCTION delete_verifications_by_age(app text, ids uuid[], before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = OURS, pg_temp AS $$
DECLARE
  gone uuid[];
BEGIN
  gone := ARRAY(SELECT v.id FROM verifications v WHERE v.id = ANY(ids) AND v.app_id = app
                ORDER BY v.id FOR UPDATE SKIP LOCKED);
  gone := ARRAY(
    SELECT v.id FROM verifications v LEFT JOIN decisions d ON d.verification_id = v.id
    WHERE v.id = ANY(gone) AND v.erased_at IS NOT NULL AND v.state IN ('decided', 'expired')
      AND COALESCE(d.decided_at, v.created_at) < LEAST(before, now() - interval '30 days')
      AND NOT EXISTS (SELECT FROM holds h WHERE h.verification_id = v.id AND h.lifted_at IS NULL)
      AND NOT EXISTS (SELECT FROM review_cases c WHERE c.verification_id = v.id AND c.state <> 'closed'));
  IF cardinality(gone) = 0 THEN
    RETURN 0;
  END IF;
  DELETE FROM review_events WHERE case_id IN (SELECT id FROM review_cases WHERE verification_id = ANY(gone));
  DELETE FROM review_cases WHERE verification_id = ANY(gone);
  DELETE FROM reviews WHERE verification_id = ANY(gone);
  DELETE FROM shadow_decisions WHERE verification_id = ANY(gone);
  DELETE FROM decision_reasons WHERE verification_id = ANY(gone);
  DELETE FROM id_numbers WHERE verification_id = ANY(gone);
  DELETE FROM callbacks WHERE verification_id = ANY(gone);
  DELETE FROM pulls WHERE verification_id = ANY(gone);
  DELETE FROM timeline WHERE verification_id = ANY(gone);
  DELETE FROM holds WHERE verification_id = ANY(gone);
  DELETE FROM decisions WHERE verification_id = ANY(gone);
  DELETE FROM verifications WHERE id = ANY(gone);
  INSERT INTO audit (app_id, actor, action, detail)
  VALUES (app, 'gateway:retention', 'verifications.deleted', jsonb_build_object('count', cardinality(gone)));
  RETURN cardinality(gone);
END $$
"""

_PURGE_AUDIT = """
CREATE FUNCTION purge_audit_by_age(before timestamptz, most bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = OURS, pg_temp AS $$
DECLARE
  gone bigint;
BEGIN
  DELETE FROM audit WHERE id = ANY(ARRAY(
    SELECT oldest.id FROM (
      SELECT a.id, a.at FROM audit a
      WHERE (SELECT true FROM audit_leaves l WHERE l.audit_id = a.id)
        AND NOT EXISTS (SELECT FROM verifications v JOIN holds h ON h.verification_id = v.id
                        WHERE v.app_id = a.app_id AND v.biz_id = a.subject AND h.lifted_at IS NULL)
      ORDER BY a.id LIMIT most) AS oldest
    WHERE oldest.at < LEAST(before, now() - interval '180 days')));
  GET DIAGNOSTICS gone = ROW_COUNT;
  IF gone > 0 THEN
    INSERT INTO audit (actor, action, detail)
    VALUES ('gateway:retention', 'audit.purged', jsonb_build_object('count', gone));
  END IF;
  RETURN gone;
END $$
"""
