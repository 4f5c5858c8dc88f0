"""Explain a decision: what was compared with what, in words, from what is stored of it."""

from typing import Any

import msgspec

from domain.facts import Disagreement, Facts
from domain.model import Basis, ConfirmationMode, Outcome
from domain.policy import Decision, decide
from domain.policy_file import Policy
from domain.reasons import TEXTS, Reason
from domain.rules import RuleRun


class StoredDecision(msgspec.Struct, frozen=True):
    """A decision as it is stored: what was concluded, and all that it was concluded from.

    `unconfirmed` is the reason for which there was no result, None where there was one or none was wanted;
    `mode` is the confirmation mode in force.
    """

    outcome: Outcome
    basis: Basis
    reasons: tuple[Reason, ...]
    rules: tuple[RuleRun, ...]
    disagreements: tuple[Disagreement, ...]
    callback_facts: Facts
    result_facts: Facts | None
    mode: ConfirmationMode
    unconfirmed: Reason | None


def recompute(stored: StoredDecision, policy: Policy) -> Decision:
    """The decision that the stored facts lead to under `policy`."""
    if stored.unconfirmed is None:
        return decide(stored.callback_facts, stored.result_facts, policy=policy, mode=stored.mode)
    return decide(
        stored.callback_facts,
        stored.result_facts,
        policy=policy,
        mode=stored.mode,
        unconfirmed=stored.unconfirmed,
    )


def is_same(stored: StoredDecision, decision: Decision) -> bool:
    """Whether a decision equals the stored one in every part."""
    return _parts(stored) == _parts(decision)


def _parts(of: StoredDecision | Decision) -> tuple[Any, ...]:
    # Compared as they are stored: JSON knows no tuples.
    parts = (of.outcome, of.basis, of.reasons, of.rules, of.disagreements)
    return tuple(msgspec.to_builtins(part) for part in parts)


def in_words(reason: Reason) -> dict[str, str]:
    """A reason with its texts: `{"code", "detail", "en", "zh"}`."""
    english, chinese = TEXTS[reason.code]
    return {"code": reason.code.value, "detail": reason.detail, "en": english, "zh": chinese}
