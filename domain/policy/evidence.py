"""What a decision is made on."""

import msgspec

from domain.apps.registration import Registration, biz_no_differs, orders_differ
from domain.callback.parts import Payload
from domain.policy.facts.facts import Facts, RegistrationFact, Velocity, extract_facts
from domain.policy.reasons import Reason


class Evidence(msgspec.Struct, frozen=True):
    """The facts of a callback, of its result, or of both.

    `unconfirmed`: why there is no result, None where there is one.

    Raises:
        ValueError: neither is there.
    """

    callback: Facts | None = None
    result: Facts | None = None
    unconfirmed: Reason | None = None

    def __post_init__(self) -> None:
        if self.callback is None and self.result is None:
            raise ValueError("no facts of a callback, and none of a result")


def with_velocity(evidence: Evidence, velocity: Velocity | None) -> Evidence:
    """The evidence with this fact on both sides: it is about the verification, not about a payload."""
    if velocity is None:
        return evidence
    callback, result = (
        None if facts is None else msgspec.structs.replace(facts, velocity=velocity)
        for facts in (evidence.callback, evidence.result)
    )
    return Evidence(callback, result, evidence.unconfirmed)


def gather_evidence(
    callback: Payload | None,
    result: Payload | None,
    *,
    registration: Registration | None,
    unconfirmed: Reason | None = None,
) -> Evidence:
    """The facts of a verification's callback and of its result, each with whether it is about the registered
    order. `unconfirmed`: why there is no result. Raises ValueError: there is neither."""
    stated = None if callback is None else _facts_of(callback, callback, registration)
    if result is None:
        return Evidence(stated, unconfirmed=unconfirmed)
    # The usual result says word for word what the callback said.
    return Evidence(stated, stated if result == callback else _facts_of(result, callback, registration))


def _facts_of(payload: Payload, callback: Payload | None, registration: Registration | None) -> Facts:
    return extract_facts(payload, registration=_match(payload, callback, registration))


def _match(
    payload: Payload, callback: Payload | None, registration: Registration | None
) -> RegistrationFact | None:
    """Whether a payload names the registered order; where none is registered, whether it names another one
    than the callback."""
    if registration is not None:
        return "mismatch" if biz_no_differs(payload, registration) else "match"
    if callback is None or payload is callback:
        return None
    return "mismatch" if orders_differ(payload, callback) else None
