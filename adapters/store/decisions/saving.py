"""The statement that saves a group of decisions: decision, state, timeline, reasons, case, blind index and
event.
"""

from collections.abc import Collection
from functools import cache
from typing import Final

from adapters.store.events.log import body_of, turn_after
from adapters.store.statements import due_moves
from adapters.store.statements.opening import first_events, opened_cases
from domain.model import Outcome


def save_statement(outcomes: Collection[Outcome], *, numbered: bool) -> str:
    """The statement for a group with these outcomes. It takes the rows as one JSON document, and returns
    verification_id and fence of those that were saved.

    Reasons are listed for what is not approved, and a case is opened for what is `review`. `numbered`: some
    have an ID number, which is indexed. A statement without these parts is quicker, even where they would
    write nothing.
    """
    reviewed = Outcome.REVIEW in outcomes
    return _saving(
        coded=reviewed or any(each is not Outcome.APPROVED for each in outcomes),
        reviewed=reviewed,
        numbered=numbered,
    )


_EVENT_BODY: Final = body_of(
    ids="closed",
    outcome="outcome",
    effective="outcome",
    reasons="codes",
    basis="basis",
    policy="json_build_object('name', policy_name, 'version', policy_version, 'hash', policy_hash)",
)

_REASONS: Final = """
), coded AS (
  INSERT INTO decision_reasons (verification_id, code, app_id, listed_as, biz_no, created_at)
  SELECT c.id, code, c.app_id, c.outcome, c.biz_no, c.created_at
  FROM closed c CROSS JOIN LATERAL json_array_elements_text(c.codes) AS code
  WHERE c.outcome <> 'approved'
  ON CONFLICT DO NOTHING
  RETURNING verification_id
"""

_CASES: Final = f"""
), doubtful AS MATERIALIZED (
  SELECT id AS verification_id, app_id, policy_hash, codes, 'decision' AS because, decided_at AS at
  FROM closed WHERE outcome = 'review'
), opened AS ({opened_cases("doubtful")}
), begun AS ({first_events("opened")}
), told_of_cases AS (
  INSERT INTO timeline (verification_id, event, detail)
  SELECT o.verification_id, 'review.opened', jsonb_build_object('case_id', o.id, 'because', o.opened_because)
  FROM opened o CROSS JOIN (SELECT count(*) FROM noted) AS behind
  RETURNING id
"""  # noqa: S608 - constants alone
"""The timeline's entry comes behind that of the decision."""


_NUMBERS: Final = """
), numbered AS (
  INSERT INTO id_numbers (verification_id, app_id, digest, at)
  SELECT id, app_id, decode(number, 'base64'), decided_at FROM closed WHERE number IS NOT NULL
  ON CONFLICT (verification_id) DO UPDATE SET digest = excluded.digest
  WHERE id_numbers.digest <> excluded.digest
  RETURNING verification_id
"""


@cache
def _saving(*, coded: bool, reviewed: bool, numbered: bool) -> str:
    wanted = {"coded": coded, "told_of_cases": reviewed, "numbered": numbered}
    parts = [_PARTS[name] for name, is_wanted in wanted.items() if is_wanted]
    before = [name for name, is_wanted in wanted.items() if is_wanted]
    done = " UNION ALL ".join(f"SELECT FROM {name}" for name in ("ready", "noted", *before))
    return f"""
WITH incoming AS (
  SELECT * FROM json_to_recordset(CAST($1 AS json))
    AS t (verification_id uuid, fence bigint, outcome text, basis text, event text, reasons json,
          codes json, rules json, disagreements json, policy_name text, policy_version text, policy_hash text,
          mode text, unconfirmed json, callback_facts json, result_facts json, says_the_same boolean,
          identity_ct text, number text, decided_at timestamptz)
), held AS (
  SELECT i.*, v.app_id
  FROM verifications v JOIN incoming i ON i.verification_id = v.id AND i.fence = v.fence
  WHERE v.id = ANY(ARRAY(SELECT verification_id FROM incoming))
  ORDER BY v.id FOR NO KEY UPDATE OF v
), saved AS (
  INSERT INTO decisions (verification_id, app_id, outcome, basis, reasons, rules, disagreements, policy_hash,
                         mode, unconfirmed, callback_facts, result_facts, decided_at, reasons_listed)
  SELECT verification_id, app_id, outcome, basis, reasons, rules, disagreements, policy_hash, mode,
         unconfirmed, callback_facts, CASE WHEN says_the_same THEN callback_facts ELSE result_facts END,
         decided_at, true
  FROM held
  ON CONFLICT (verification_id) DO NOTHING
  RETURNING verification_id
), first AS (
  SELECT verification_id, fence, outcome, basis, event, reasons, codes, policy_name, policy_version,
         policy_hash, mode, identity_ct, number, decided_at
  FROM held WHERE verification_id = ANY(ARRAY(SELECT verification_id FROM saved))
), closed AS (
  UPDATE verifications v
  SET state = 'decided', listed_as = f.outcome, mode = f.mode, {due_moves.END},
      identity_ct = decode(f.identity_ct, 'base64'), numbered = true, events = v.events + 1
  FROM first f
  WHERE v.id = f.verification_id AND v.id = ANY(ARRAY(SELECT verification_id FROM saved))
  RETURNING v.id, v.app_id, v.biz_id, v.biz_no, v.created_at, v.events AS n, f.outcome, f.basis, f.event,
            f.codes, f.policy_name, f.policy_version, f.policy_hash, f.decided_at, f.number
), noted AS (
  INSERT INTO timeline (verification_id, event, detail)
  SELECT verification_id, 'decision.saved',
         jsonb_build_object('outcome', outcome, 'basis', basis, 'reasons', CAST(reasons AS jsonb),
                            'policy', policy_name, 'version', policy_version)
  FROM first
  RETURNING id{"".join(parts)}
), ready AS MATERIALIZED (
  SELECT app_id, id, n, event, decided_at, {_EVENT_BODY} AS body FROM closed
), turn AS MATERIALIZED (
  {turn_after(f"({done}) AS done")}
), told AS (
  INSERT INTO events (app_id, verification_id, n, type, at, body)
  SELECT app_id, id, n, event, decided_at, body FROM turn CROSS JOIN ready
)
SELECT verification_id, fence FROM first
"""  # noqa: S608 - constants alone


_PARTS: Final = {"coded": _REASONS, "told_of_cases": _CASES, "numbered": _NUMBERS}
"""By the last name that each defines."""
