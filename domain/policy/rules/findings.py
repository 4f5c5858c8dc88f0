"""The findings of a rule: reasons, each with the policy's action."""

from collections.abc import Iterator

from domain.policy.file.config import Action
from domain.policy.reasons import Reason

Finding = tuple[Action, Reason]
Findings = Iterator[Finding]
