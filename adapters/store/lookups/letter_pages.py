"""Pages of dead letters, newest first."""

from typing import Final

from sqlalchemy import TextClause, text

from adapters.store.statements.each_app import each_app
from domain.views.letters import DeadLetter

_COLUMNS: Final = ", ".join(DeadLetter.__struct_fields__)


def _page(*, retried: bool, of_reason: bool) -> TextClause:
    condition = f"retried_at IS {'NOT NULL' if retried else 'NULL'}"
    if of_reason:
        condition += " AND reason = :reason"
    return text(f"""
{each_app("dead_letters")}, wanted AS (
  SELECT unnest(COALESCE(CAST(:app_ids AS text[]), ARRAY(SELECT app_id FROM apps))) AS app_id
)
SELECT {_COLUMNS} FROM wanted CROSS JOIN LATERAL (
  SELECT {_COLUMNS.replace("app_id, ", "")} FROM dead_letters d
  WHERE d.app_id = wanted.app_id AND {condition}
    AND (last_seen_at, id) < (CAST(:last_seen_at AS timestamptz), CAST(:id AS uuid))
  ORDER BY last_seen_at DESC, id DESC LIMIT :limit
) AS page
ORDER BY last_seen_at DESC, id DESC LIMIT :limit
""")  # noqa: S608 - constants alone


PAGES: Final = {
    (retried, of_reason): _page(retried=retried, of_reason=of_reason)
    for retried in (False, True)
    for of_reason in (False, True)
}
"""By whether their retry is in progress, and whether a reason is given. Each app's letters come in order from
an index; `known` skips from app to app in it."""
