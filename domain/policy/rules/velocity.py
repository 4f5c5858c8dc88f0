"""The rule about how often an ID number is verified."""

from typing import Final

import msgspec

from domain.policy.facts.facts import Facts
from domain.policy.file.config import PolicyConfig, VelocityTable
from domain.policy.file.policy import Policy
from domain.policy.reasons import Code, Reason
from domain.policy.rules.findings import Findings

_COUNTS: Final = (
    ("same_number_30d", Code.VELOCITY_SAME_NUMBER_30D),
    ("attempts_24h", Code.VELOCITY_ATTEMPTS_24H),
)


def unlimited(policy: Policy) -> Policy:
    """The policy without its limits: it judges what payloads say, however often the number was verified."""
    config = msgspec.structs.replace(policy.config, velocity=VelocityTable())
    return msgspec.structs.replace(policy, config=config)


def velocity(facts: Facts, config: PolicyConfig) -> Findings:
    """The ID number has no more other verifications than allowed, and their number is known."""
    table, counted = config.velocity, facts.velocity
    if counted is None:
        yield table.missing, Reason(Code.VELOCITY_MISSING)
        return
    for name, code in _COUNTS:
        count, most = getattr(counted, name), getattr(table, f"max_{name}")
        if most is not None and count > most:
            yield table.exceeded, Reason(code, f"{count} > {most}")
