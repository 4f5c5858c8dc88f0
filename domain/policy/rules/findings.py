"""What a rule finds: reasons, each with the action that the policy has for it."""

from collections.abc import Iterator

from domain.policy.config import Action
from domain.policy.reasons import Reason

Finding = tuple[Action, Reason]
Findings = Iterator[Finding]
