"""The rule about signs of an attack: every score against its threshold, and every flag.

The vendor names three pairs and three flags (callback page, `face_genuineness`) and may add others. A pair of
another name is compared too, and another flag that is not 0 is doubt.
"""

from collections.abc import Mapping
from typing import Final

from domain.facts.facts import Facts
from domain.policy.config import Action, GenuinenessTable, PolicyConfig
from domain.policy.reasons import Code, Reason
from domain.policy.rules.findings import Findings

_SCORES: Final = (
    ("synthetic_face", Code.ATTACK_SYNTHETIC_FACE),
    ("mask", Code.ATTACK_MASK),
    ("screen_replay", Code.ATTACK_SCREEN_REPLAY),
)
_SCORE_KEYS: Final = frozenset(
    f"{name}{part}" for name, _ in _SCORES for part in ("_confidence", "_threshold")
)
_FLAGS: Final = (
    ("face_replaced", Code.ATTACK_FACE_REPLACED),
    ("selfie_inconsistent", Code.ATTACK_SELFIE_INCONSISTENT),
    ("selfie_metadata_inconsistent", Code.ATTACK_SELFIE_INCONSISTENT),
)
_KNOWN: Final = _SCORE_KEYS | {name for name, _ in _FLAGS}


def genuineness(facts: Facts, config: PolicyConfig) -> Findings:
    """Scores over their thresholds (equal is no attack, out of range is doubt), flags that are not 0."""
    table, said = config.genuineness, facts.genuineness
    if _SCORE_KEYS.isdisjoint(said):
        yield table.missing, Reason(Code.ATTACK_SCORES_MISSING)
    for name, code in _SCORES:
        yield from _pair(said, name, code, actions=(getattr(table, name), "review"), table=table)
    for name, code in _FLAGS:
        flag = said.get(name, 0)
        if flag != 0:
            yield getattr(table, name), Reason(code, f"{name} = {flag:g}")
    yield from _other_signs(said, table)


def _other_signs(said: Mapping[str, float], table: GenuinenessTable) -> Findings:
    """What the vendor may add: pairs of any other name are compared, and a flag that is not 0 is doubt."""
    others = sorted(said.keys() - _KNOWN)
    stems = dict.fromkeys(stem for name in others if (stem := _stem(name)))
    for stem in stems:
        yield from _pair(said, stem, Code.ATTACK_OTHER, actions=(table.other, table.other), table=table)
    for name in others:
        if _stem(name) is None and said[name] != 0:
            yield table.other, Reason(Code.ATTACK_OTHER, f"{name} = {said[name]:g}")


def _stem(name: str) -> str | None:
    """`mask` of `mask_confidence` and `mask_threshold`; None of a flag."""
    stem, _, part = name.rpartition("_")
    return stem if part in {"confidence", "threshold"} else None


def _pair(
    said: Mapping[str, float],
    name: str,
    code: Code,
    *,
    actions: tuple[Action, Action],
    table: GenuinenessTable,
) -> Findings:
    """A score against its threshold; `actions`: what an attack and what figures out of range mean."""
    confidence, threshold = said.get(f"{name}_confidence"), said.get(f"{name}_threshold")
    attack, odd = actions
    what = f"{name}: " if code is Code.ATTACK_OTHER else ""
    if confidence is None and threshold is None:
        return
    if confidence is None or threshold is None:
        yield table.incomplete_pair, Reason(code, f"{what}score or threshold missing")
    elif not (0 <= confidence <= 1 and 0 <= threshold <= 1):
        yield odd, Reason(code, f"{what}{confidence:g} and {threshold:g} are not both between 0 and 1")
    elif confidence > threshold:
        yield attack, Reason(code, f"{what}{confidence:g} > {threshold:g}")
