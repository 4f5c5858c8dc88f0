"""What a rule finds: reasons, each with the action that the policy has for it."""

from collections.abc import Iterator

from domain.policy_config import Action
from domain.reasons import Reason

Finding = tuple[Action, Reason]
Findings = Iterator[Finding]
