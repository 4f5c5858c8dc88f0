"""The rules of a policy. Each rule checks one subject in the facts, by its table of the policy.

A rule yields findings, each with the policy's action. A rule that yields nothing has passed.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from domain.policy.facts.card_facts import UNREADABLE
from domain.policy.facts.facts import Facts
from domain.policy.file.config import Action, PolicyConfig
from domain.policy.reasons import Code, Reason
from domain.policy.rules.attack import genuineness
from domain.policy.rules.doubt import is_doubtful, payload
from domain.policy.rules.face import face
from domain.policy.rules.findings import Finding, Findings
from domain.policy.rules.velocity import velocity

_VERIFY_ERRORS: Final = (
    ("NO_SUCH_ID_NUMBER", Code.ID_NO_SUCH_NUMBER),
    ("ID_NUMBER_NAME_NOT_MATCH", Code.ID_NAME_MISMATCH),
    ("NO_FACE_FOUND", Code.FACE_NOT_FOUND),
    ("IMAGE_ERROR_UNSUPPORTED_FORMAT", Code.ID_NO_PHOTO),
    ("DATA_SOURCE_ERROR", Code.VENDOR_DATA_SOURCE_ERROR),
    ("INTERNAL_ERROR", Code.VENDOR_INTERNAL_ERROR),
)
_MAXIMA: Final = ("photocopy", "screen", "edited", "temporary")
_NO_PHOTO: Final = 2
"""The edition (`facts.EDITION`) since which `NO_FACE_FOUND: data_source` is not the person's fault."""


def status(facts: Facts, _config: PolicyConfig) -> Findings:
    """The flow ended normally (status OK); unfinished flows are handled before the rules."""
    if facts.status != "OK":
        yield "review", Reason(Code.FLOW_UNKNOWN_STATUS, facts.status or "no status")


def liveness(facts: Facts, config: PolicyConfig) -> Findings:
    """The liveness check passed, within the allowed number of failed attempts."""
    table = config.liveness
    if facts.liveness == "FAIL":
        yield table.failed, Reason(Code.LIVENESS_FAILED)
    elif facts.liveness != "PASS":
        yield table.missing, Reason(Code.LIVENESS_MISSING, "unknown value" if facts.liveness else "")
    for name, most in table.max_counts.items():
        count = sum(n for path, n in facts.attempts.items() if path == name or path.endswith(f".{name}"))
        if count > most:
            yield table.exceeded, Reason(Code.LIVENESS_ATTEMPTS, f"{name} {count} > {most}")


def verify_error(facts: Facts, config: PolicyConfig) -> Findings:
    """`verify_result.error_message` reports no error."""
    message = facts.error_message
    if message is None:
        return
    if facts.edition >= _NO_PHOTO and message.startswith("NO_FACE_FOUND") and "data_source" in message:
        yield config.verify_errors.IMAGE_ERROR_UNSUPPORTED_FORMAT, Reason(Code.ID_NO_PHOTO, message)
        return
    for word, code in _VERIFY_ERRORS:
        if message.startswith(word):
            yield getattr(config.verify_errors, word), Reason(code, message)
            return
    yield config.verify_errors.unknown, Reason(Code.VENDOR_UNKNOWN_ERROR, message)


def id_exceptions(facts: Facts, config: PolicyConfig) -> Findings:
    """The authority's record has no exception."""
    if facts.id_attacked not in {None, 0}:
        yield (
            config.id_exceptions.id_attacked,
            Reason(Code.ID_ATTACKED, "the number was used in an attack before"),
        )
    if facts.id_photo_monochrome not in {None, 0}:
        yield config.id_exceptions.id_photo_monochrome, Reason(Code.ID_PHOTO_MONOCHROME)


def will(facts: Facts, config: PolicyConfig) -> Findings:
    """The declaration of intent passed, if one is required."""
    table = config.will
    if table.require == "never":
        return
    asked = table.require == "always" or facts.procedure_type == "will"
    if facts.will == "FAIL":
        yield table.failed, Reason(Code.WILL_FAILED)
    elif facts.will != "PASS" and (facts.will is not None or asked):
        yield table.missing, Reason(Code.WILL_MISSING, "unknown value" if facts.will else "")


def multifaces(facts: Facts, config: PolicyConfig) -> Findings:
    """There is only one face in the picture."""
    if facts.multifaces_tag not in {None, "0"}:
        yield config.multifaces.detected, Reason(Code.MULTIFACES_DETECTED, f"tag {facts.multifaces_tag}")


def id_card(facts: Facts, config: PolicyConfig) -> Findings:
    """The card is valid and its pictures are good enough."""
    table = config.id_card
    if facts.card == UNREADABLE:
        doubt: Action = "ignore" if table.expired == "ignore" else "review"
        yield doubt, Reason(Code.ID_VALIDITY_UNREADABLE)
    elif facts.card not in {None, "valid"}:
        yield table.expired, Reason(Code.ID_EXPIRED, facts.card or "")
    most = {kind: getattr(table, f"max_{kind}") for kind in _MAXIMA}
    for path, share in facts.legality.items():
        if problem := _illegal(share, at_most=most.get(path.rpartition(".")[2]), at_least=table.min_id_photo):
            yield table.legality, Reason(Code.ID_LEGALITY, f"{path} {problem}")
    if facts.illogical:
        yield table.logic, Reason(Code.ID_LOGIC, ", ".join(facts.illogical))
    poor = [f"{path} {share:g}" for path, share in facts.qualities.items() if not share >= table.min_quality]
    if poor:
        yield table.quality, Reason(Code.ID_QUALITY, f"{', '.join(poor)} < {table.min_quality:g}")


def registration(facts: Facts, _config: PolicyConfig) -> Findings:
    """The payload belongs to the registered order."""
    if facts.registration == "mismatch":
        yield "review", Reason(Code.REGISTRATION_BIZ_NO_MISMATCH)


def _illegal(share: float, *, at_most: float | None, at_least: float) -> str | None:
    """Why a share is outside its limits: the genuine picture's has a minimum, every other a maximum."""
    if at_most is not None:
        return None if share <= at_most else f"{share:g} > {at_most:g}"
    return None if share >= at_least else f"{share:g} < {at_least:g}"


Rule = Callable[[Facts, PolicyConfig], Findings]
RULES: Final[tuple[tuple[str, Rule], ...]] = tuple(
    (rule.__name__, rule)
    for rule in (
        status, genuineness, liveness, verify_error, face, id_exceptions, will, multifaces, id_card,
    )
)  # fmt: skip
"""Every rule that runs on every finished flow, in this order."""

RULES_IF_REGISTERED: Final = (*RULES, (registration.__name__, registration))
"""The rules if there is a registration to compare with. Otherwise that rule does not run, so that older
decisions are computed again with the same rules."""

_IF_LIMITED: Final = (velocity.__name__, velocity)
_IF_DOUBTFUL: Final = (payload.__name__, payload)
EVERY_RULE: Final = (*RULES_IF_REGISTERED, _IF_LIMITED, _IF_DOUBTFUL)


def rules_for(facts: Facts, config: PolicyConfig) -> tuple[tuple[str, Rule], ...]:
    """The rules that run on these facts, in order; those about registrations, velocity and doubtful payloads
    only if they apply."""
    rules = RULES if facts.registration is None else RULES_IF_REGISTERED
    if config.velocity.is_limited:
        rules = (*rules, _IF_LIMITED)
    return (*rules, _IF_DOUBTFUL) if is_doubtful(facts) else rules


def run_rules(facts: Facts, config: PolicyConfig) -> list[tuple[str, tuple[Finding, ...]]]:
    """What each rule that applies finds in these facts, in order."""
    return [(name, tuple(rule(facts, config))) for name, rule in rules_for(facts, config)]


class RuleRun(msgspec.Struct, frozen=True):
    """The result of one rule: `passed`, `ignored`, `review` or `reject`, and its findings."""

    rule: str
    verdict: str
    reasons: tuple[Reason, ...] = ()
