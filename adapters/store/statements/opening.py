"""SQL by which a statement that writes something opens the case that follows from it."""

from typing import Final

PRIORITIES: Final = "ARRAY['low', 'normal', 'high', 'urgent']"
"""`domain.reviews.case.Priority`, from 1."""

DEFAULT_MINUTES: Final = 240
"""`domain.policy.file.config.ReviewTable.minutes`, for policies that were stored without their `[review]`."""


def opened_cases(rows: str) -> str:
    """SQL of a statement (for a CTE) that opens a case for each row of `rows`, another CTE, unless the
    verification has an open case. It returns verification_id and id of the opened cases.

    `rows` has verification_id, app_id, policy_hash, codes (JSON, a list of reason codes), because and at. Its
    verifications are locked, and the policy is stored, at the latest by an earlier statement of the same
    transaction.
    """
    return f"""
  INSERT INTO review_cases (verification_id, app_id, opened_because, policy_hash, four_eyes, second_look,
                            opened_at, due_at, escalate_at, priority)
  SELECT row.verification_id, row.app_id, row.because, row.policy_hash,
         COALESCE((SELECT array_agg(each) FROM json_array_elements_text(p.review -> 'four_eyes') AS each),
                  CASE WHEN p.review IS NULL THEN ARRAY['approved'] ELSE ARRAY[]::text[] END),
         COALESCE(CAST(p.review ->> 'second_look' AS real), 0),
         row.at, row.at + {_LIMIT}, row.at + {_LIMIT}, {_PRIORITY}
  FROM {rows} AS row LEFT JOIN policies p ON p.content_hash = row.policy_hash
  ON CONFLICT (verification_id) WHERE state <> 'closed' DO NOTHING
  RETURNING id, verification_id, opened_because, opened_at, escalate_at, priority"""  # noqa: S608


def first_events(cases: str) -> str:
    """SQL of a statement (for a CTE) that writes the first event of each case in `cases`, the CTE of
    `opened_cases`."""
    return f"""
  INSERT INTO review_events (case_id, seq, at, actor, kind, detail)
  SELECT id, 1, opened_at, 'gateway:worker', 'opened',
         json_build_object('because', opened_because, 'priority', priority, 'until', escalate_at)
  FROM {cases}"""  # noqa: S608


_LIMIT: Final = f"""make_interval(mins => COALESCE(CAST(p.review ->> 'minutes' AS integer),
                                      {DEFAULT_MINUTES}))"""

_OTHERWISE: Final = "COALESCE(p.review -> 'priority' ->> 'default', 'normal')"

_PRIORITY: Final = f"""COALESCE(
           (SELECT max(array_position({PRIORITIES}, COALESCE(p.review -> 'priority' ->> code, {_OTHERWISE})))
            FROM json_array_elements_text(row.codes) AS code),
           array_position({PRIORITIES}, {_OTHERWISE}))"""  # noqa: S608
"""What `domain.reviews.case.priority_of` says."""
