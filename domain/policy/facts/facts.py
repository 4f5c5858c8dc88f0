"""Facts: the content of a callback or a result, flat and without identity. Policies read nothing else.

Facts are stored with the decision. They contain no name, number or address, so a decision can be explained
and computed again after the identity was erased.
"""

import re
from typing import Any, Final, Literal

import msgspec

from domain.callback.parts import COUNTERS, LEVELS, FaceComparison, LivenessResult, Payload, VerifyResult
from domain.callback.plus import PlusResult
from domain.callback.words import OTHER, Text, as_text, message_word, tag_word, word
from domain.model import Identity
from domain.policy.facts.card_facts import UNREADABLE, card_facts

RegistrationFact = Literal["match", "mismatch"]

EDITION: Final = 2
"""The edition of the rules for new facts. Edition 2 approves only with a comparison of the live face, and
treats `NO_FACE_FOUND: data_source` as a fault of the authority's photo."""


class ComparisonFacts(msgspec.Struct, frozen=True):
    """One comparison: `confidence` 0-100, `thresholds` by false-accept level, `level` = the strictest
    level that the confidence reaches, or None."""

    confidence: float
    thresholds: dict[str, float]
    level: str | None


MOST_COUNTED: Final = 1000
"""Verifications at which counting stops, so that a number that many use slows no decision."""


class Velocity(msgspec.Struct, frozen=True):
    """How many other verifications of the app have this ID number, whatever became of them: those of the 30
    days and of the 24 hours before the decision, each up to `MOST_COUNTED`."""

    same_number_30d: int
    attempts_24h: int


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """The facts of one payload; None or a missing key means that the payload has no such value.

    `liveness` and `will` are PASS, FAIL or OTHER. `genuineness` holds the vendor's scores, thresholds and
    flags by their vendor names; `attempts` the counters of failed attempts; `legality`, `qualities` and
    `illogical` describe the card's pictures, by `side.name`; `card` is valid, expired,
    not_yet_valid or unreadable.
    `unreadable`, `repeated` and `irregular` are dotted names of members that could not be understood, that
    appear twice, or that differ from the documentation but that no rule needs.
    `edition` is the edition of the rules that reads these facts: a decision stored before a rule changed is
    computed again by the old rule.
    `registration` does not come from the payload: whether its biz_no matches the registration, or a
    result's biz_no matches the callback's. None means that there is nothing to compare.
    `velocity` does not come from the payload either: it is counted when the decision is made, for policies
    that limit it. None means that nobody asked, or that the ID number is unknown.
    """

    status: str | None = None
    liveness: str | None = None
    procedure_type: str | None = None
    genuineness: dict[str, float] = {}
    comparisons: dict[str, ComparisonFacts] = {}
    error_message: str | None = None
    id_attacked: float | None = None
    id_photo_monochrome: float | None = None
    will: str | None = None
    multifaces_tag: str | None = None
    attempts: dict[str, int] = {}
    legality: dict[str, float] = {}
    qualities: dict[str, float] = {}
    illogical: tuple[str, ...] = ()
    card: str | None = None
    registration: RegistrationFact | None = None
    unreadable: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    irregular: tuple[str, ...] = ()
    edition: int = 1
    velocity: Velocity | None = None


UNREAD_RESULT: Final = Facts(unreadable=("get_result",))
"""The facts of a result that cannot be read."""


class Disagreement(msgspec.Struct, frozen=True):
    """A fact on which callback and result differ."""

    fact: str
    callback: Any
    result: Any


_PASSED: Final = frozenset({"PASS", "SUCCESS"})
_FAILED: Final = frozenset({"FAIL", "FAILED", "FAILURE"})


def extract_facts(payload: Payload, *, registration: RegistrationFact | None = None) -> Facts:
    """The facts of `payload`, and whether it is about the registered order."""
    liveness, verify, plus = payload.liveness_result, payload.verify_result, payload.plus
    exceptions = verify.id_exceptions if verify else None
    card = card_facts(payload)
    return Facts(
        status=payload.status_word,
        liveness=_liveness(liveness, plus),
        procedure_type=word(liveness.procedure_type) if liveness else None,
        genuineness=payload.genuineness(),
        comparisons={name: _comparison(comparison) for name, comparison in payload.comparisons().items()},
        error_message=_error(verify, plus),
        id_attacked=exceptions.id_attacked if exceptions else None,
        id_photo_monochrome=exceptions.id_photo_monochrome if exceptions else None,
        will=_will(payload),
        multifaces_tag=tag_word(payload.multifaces_tag),
        attempts=_attempts(liveness),
        legality=card.legality,
        qualities=card.qualities,
        illogical=card.illogical,
        card=card.validity,
        registration=registration,
        unreadable=payload.unreadable,
        repeated=payload.repeated,
        irregular=payload.irregular,
        edition=EDITION,
    )


def _liveness(block: LivenessResult | None, plus: PlusResult | None) -> str | None:
    """The block's verdict; FAIL if H5 Plus says so in its result code."""
    if plus and plus.liveness:
        return plus.liveness
    return _verdict(block.result) if block else None


def _error(block: VerifyResult | None, plus: PlusResult | None) -> str | None:
    """The block's message, else the one that H5 Plus puts in its result code."""
    stated = message_word(block.error_message) if block else None
    return message_word(plus.error_message) if stated is None and plus else stated


def _comparison(comparison: FaceComparison) -> ComparisonFacts:
    thresholds: dict[str, float] = {
        level: comparison.thresholds[level] for level in LEVELS if level in comparison.thresholds
    }
    return ComparisonFacts(
        comparison.confidence, thresholds, reached_level(comparison.confidence, thresholds)
    )


def reached_level(confidence: float, thresholds: dict[str, float]) -> str | None:
    """The strictest false-accept level whose threshold `confidence` reaches; equality reaches it."""
    for level in reversed(LEVELS):
        if level in thresholds and confidence >= thresholds[level]:
            return level
    return None


def say_the_same(one: Payload, other: Payload) -> bool:
    """Whether two payloads have the same content about the same order and person; their bytes may differ."""
    return _said(one) == _said(other)


def _said(payload: Payload) -> tuple[str | None, Identity | None, Facts]:
    return payload.biz_no, payload.identity(), msgspec.structs.replace(extract_facts(payload), **_NO_NOTES)


def compare_facts(callback: Facts, result: Facts) -> tuple[Disagreement, ...]:
    """The facts that both payloads have with different values.

    A fact that only one of them has is not a disagreement: get_result leaves some blocks out.
    """
    differing: list[Disagreement] = []
    for name in _STATED:
        claimed, confirmed = getattr(callback, name), getattr(result, name)
        if claimed != confirmed:
            differing += _differences(name, claimed, confirmed)
    return tuple(differing)


def _differences(path: str, claimed: Any, confirmed: Any) -> list[Disagreement]:
    if isinstance(claimed, ComparisonFacts):
        names = ComparisonFacts.__struct_fields__
        parts = [(name, getattr(claimed, name), getattr(confirmed, name)) for name in names]
    elif isinstance(claimed, dict):
        parts = [(name, value, confirmed[name]) for name, value in claimed.items() if name in confirmed]
    elif (
        claimed is None
        or confirmed is None
        or () in (claimed, confirmed)
        or UNREADABLE in (claimed, confirmed)
    ):
        return []
    else:
        return [Disagreement(path, claimed, confirmed)]
    return [
        item
        for name, one, other in parts
        if one != other
        for item in _differences(f"{path}.{name}", one, other)
    ]


_NO_NOTES: Final[dict[str, tuple[str, ...]]] = {"unreadable": (), "repeated": (), "irregular": ()}
_UNSTATED: Final = frozenset({*_NO_NOTES, "edition", "velocity"})
_STATED: Final = tuple(name for name in Facts.__struct_fields__ if name not in _UNSTATED)
_COUNTED: Final = frozenset(COUNTERS)
_POSE: Final = re.compile(r"face(?:_[a-z]{1,16}){1,3}")
_MISSPELT: Final = {"VIDOE_FORMAT_UNSUPPORTED": "VIDEO_FORMAT_UNSUPPORTED"}


def _attempts(liveness: LivenessResult | None) -> dict[str, int]:
    """`FACE_NOT_FOUND: 1`, or `face_front.FACE_NOT_FOUND: 1` in the selfie procedure."""
    counts: dict[str, int] = {}
    for name, value in ((liveness and liveness.details) or {}).items():
        if isinstance(value, dict):
            poses = value.items() if _POSE.fullmatch(name) else ()
            counts.update({f"{name}.{key}": count for key, count in poses if key in _COUNTED})
        elif value is not None and (counter := _MISSPELT.get(name, name)) in _COUNTED:
            counts[counter] = value
    return counts


def _verdict(value: Text) -> str | None:
    text = as_text(value)
    if text is None:
        return None
    upper = text.upper()
    return "PASS" if upper in _PASSED else "FAIL" if upper in _FAILED else OTHER


def _will(payload: Payload) -> str | None:
    """FAIL if any answer failed, PASS if every answer passed; None if there are no answers."""
    verdicts = {_verdict(answer.result) for answer in payload.will_result or ()}
    if not verdicts:
        return None
    return "FAIL" if "FAIL" in verdicts else "PASS" if verdicts == {"PASS"} else OTHER
