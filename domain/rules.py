"""The rules of a policy: facts and a policy's table in, findings out. Each rule looks at one matter.

A rule yields what it found, with the action that the policy has for it. A rule that yields nothing passed.
"""

import math
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from domain.doubt import is_doubtful, payload
from domain.facts import ComparisonFacts, Facts
from domain.policy_config import Action, PolicyConfig
from domain.reasons import Code, Reason

Finding = tuple[Action, Reason]
Findings = Iterator[Finding]

_SCORES: Final = (
    ("synthetic_face", Code.ATTACK_SYNTHETIC_FACE),
    ("mask", Code.ATTACK_MASK),
    ("screen_replay", Code.ATTACK_SCREEN_REPLAY),
)
_SCORE_KEYS: Final = frozenset(
    f"{name}_{part}" for name, _ in _SCORES for part in ("confidence", "threshold")
)
_FLAGS: Final = (
    ("face_replaced", Code.ATTACK_FACE_REPLACED),
    ("selfie_inconsistent", Code.ATTACK_SELFIE_INCONSISTENT),
    ("selfie_metadata_inconsistent", Code.ATTACK_SELFIE_INCONSISTENT),
)
_VERIFY_ERRORS: Final = (
    ("NO_SUCH_ID_NUMBER", Code.ID_NO_SUCH_NUMBER),
    ("ID_NUMBER_NAME_NOT_MATCH", Code.ID_NAME_MISMATCH),
    ("NO_FACE_FOUND", Code.FACE_NOT_FOUND),
    ("IMAGE_ERROR_UNSUPPORTED_FORMAT", Code.ID_NO_PHOTO),
    ("DATA_SOURCE_ERROR", Code.VENDOR_DATA_SOURCE_ERROR),
    ("INTERNAL_ERROR", Code.VENDOR_INTERNAL_ERROR),
)
_MAXIMA: Final = ("photocopy", "screen", "edited", "temporary")
_SEVERITY: Final = {"reject": 2, "review": 1, "ignore": 0}


def status(facts: Facts, _config: PolicyConfig) -> Findings:
    """Only OK says that the flow ended normally; unfinished flows are dealt with before the rules."""
    if facts.status != "OK":
        yield "review", Reason(Code.FLOW_UNKNOWN_STATUS, facts.status or "no status")


def genuineness(facts: Facts, config: PolicyConfig) -> Findings:
    """Scores over their thresholds (equal is no attack, out of range is doubt), flags that are not 0."""
    table, said = config.genuineness, facts.genuineness
    if _SCORE_KEYS.isdisjoint(said):
        yield table.missing, Reason(Code.ATTACK_SCORES_MISSING)
    for name, code in _SCORES:
        confidence, threshold = said.get(f"{name}_confidence"), said.get(f"{name}_threshold")
        if confidence is None and threshold is None:
            continue
        if confidence is None or threshold is None:
            yield table.incomplete_pair, Reason(code, "score or threshold missing")
        elif not (0 <= confidence <= 1 and 0 <= threshold <= 1):
            yield "review", Reason(code, f"{confidence:g} and {threshold:g} are not both between 0 and 1")
        elif confidence > threshold:
            yield getattr(table, name), Reason(code, f"{confidence:g} > {threshold:g}")
    for name, code in _FLAGS:
        flag = said.get(name, 0)
        if flag != 0:
            yield getattr(table, name), Reason(code, f"{name} = {flag:g}")


def liveness(facts: Facts, config: PolicyConfig) -> Findings:
    """The live person was seen, within the allowed number of failed attempts."""
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
    """What `verify_result.error_message` says."""
    message = facts.error_message
    if message is None:
        return
    for word, code in _VERIFY_ERRORS:
        if message.startswith(word):
            yield getattr(config.verify_errors, word), Reason(code, message)
            return
    yield config.verify_errors.unknown, Reason(Code.VENDOR_UNKNOWN_ERROR, message)


def face(facts: Facts, config: PolicyConfig) -> Findings:
    """The comparisons that count reach the level that approves."""
    table, made = config.face, facts.comparisons
    names = _counting(made) if table.comparisons == "auto" else table.comparisons
    if not names:
        yield table.missing, Reason(Code.FACE_MISSING, "several comparisons" if made else "")
        return
    each = [tuple(_one_face(name, made.get(name), config)) for name in names]
    if table.need == "all":
        for findings in each:
            yield from findings
    else:
        yield from min(each, key=_worst)


def _counting(made: dict[str, ComparisonFacts]) -> tuple[str, ...]:
    """result_faceid; without it, the one comparison that was made."""
    if "result_faceid" in made:
        return ("result_faceid",)
    return tuple(made) if len(made) == 1 else ()


def _one_face(name: str, made: ComparisonFacts | None, config: PolicyConfig) -> Findings:
    table = config.face
    if made is None:
        yield table.missing, Reason(Code.FACE_MISSING, name)
        return
    score, thresholds = made.confidence, made.thresholds
    approve, review = thresholds.get(table.approve_level), thresholds.get(table.review_level)
    if not _is_score(score):
        yield table.missing, Reason(Code.FACE_MISSING, f"{name}: confidence {score:g} is no score")
    elif review is not None and _is_score(review) and score < review:
        yield "reject", _below(name, score, review, table.review_level)
    elif approve is None or not _is_score(approve):
        yield table.missing, Reason(Code.FACE_LEVEL_MISSING, f"{name}: no {table.approve_level}")
    elif score < approve:
        yield "review", _below(name, score, approve, table.approve_level)
    elif score < table.min_confidence:
        yield "review", _below(name, score, table.min_confidence, "min_confidence")


def _below(name: str, score: float, bound: float, meaning: str) -> Reason:
    where = "" if name == "result_faceid" else f"{name}: "
    return Reason(Code.FACE_BELOW_THRESHOLD, f"{where}{score:g} < {bound:g} ({meaning})")


def _worst(findings: tuple[Finding, ...]) -> int:
    return max((_SEVERITY[action] for action, _ in findings), default=-1)


def id_exceptions(facts: Facts, config: PolicyConfig) -> Findings:
    """What the authority's record is known for."""
    if facts.id_attacked not in {None, 0}:
        yield (
            config.id_exceptions.id_attacked,
            Reason(Code.ID_ATTACKED, "the number was used in an attack before"),
        )
    if facts.id_photo_monochrome not in {None, 0}:
        yield config.id_exceptions.id_photo_monochrome, Reason(Code.ID_PHOTO_MONOCHROME)


def will(facts: Facts, config: PolicyConfig) -> Findings:
    """The declaration of intent, where it was asked for."""
    table = config.will
    if table.require == "never":
        return
    asked = table.require == "always" or facts.procedure_type == "will"
    if facts.will == "FAIL":
        yield table.failed, Reason(Code.WILL_FAILED)
    elif facts.will != "PASS" and (facts.will is not None or asked):
        yield table.missing, Reason(Code.WILL_MISSING, "unknown value" if facts.will else "")


def multifaces(facts: Facts, config: PolicyConfig) -> Findings:
    """Nobody else in the picture."""
    if facts.multifaces_tag not in {None, "0"}:
        yield config.multifaces.detected, Reason(Code.MULTIFACES_DETECTED, f"tag {facts.multifaces_tag}")


def id_card(facts: Facts, config: PolicyConfig) -> Findings:
    """The card's dates and the quality of its pictures."""
    table = config.id_card
    if facts.card not in {None, "valid"}:
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
    """The payload is about the order that the verification was registered for."""
    if facts.registration == "mismatch":
        yield "review", Reason(Code.REGISTRATION_BIZ_NO_MISMATCH)


def _illegal(share: float, *, at_most: float | None, at_least: float) -> str | None:
    """What is wrong with a share: the picture's own has a minimum, every other a maximum."""
    if at_most is not None:
        return None if share <= at_most else f"{share:g} > {at_most:g}"
    return None if share >= at_least else f"{share:g} < {at_least:g}"


def _is_score(value: float) -> bool:
    return math.isfinite(value) and 0 <= value <= 100


Rule = Callable[[Facts, PolicyConfig], Findings]
RULES: Final[tuple[tuple[str, Rule], ...]] = tuple(
    (rule.__name__, rule)
    for rule in (
        status, genuineness, liveness, verify_error, face, id_exceptions, will, multifaces, id_card,
    )
)  # fmt: skip
"""Every rule that runs on every finished flow, in this order."""

RULES_IF_REGISTERED: Final = (*RULES, (registration.__name__, registration))
"""The rules where there is a registration to compare with. Elsewhere that rule does not run, so that
decisions from before it was there are computed again to the same rules."""

_IF_DOUBTFUL: Final = (payload.__name__, payload)
EVERY_RULE: Final = (*RULES_IF_REGISTERED, _IF_DOUBTFUL)


def rules_for(facts: Facts) -> tuple[tuple[str, Rule], ...]:
    """The rules that run on these facts, in order: those about a registration or a doubtful payload only
    where there is one."""
    rules = RULES if facts.registration is None else RULES_IF_REGISTERED
    return (*rules, _IF_DOUBTFUL) if is_doubtful(facts) else rules


class RuleRun(msgspec.Struct, frozen=True):
    """What one rule concluded: `passed`, `ignored`, `review` or `reject`, and what it found."""

    rule: str
    verdict: str
    reasons: tuple[Reason, ...] = ()
