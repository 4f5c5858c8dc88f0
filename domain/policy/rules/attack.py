"""The rule about signs of an attack: every score against its threshold, and every flag.

The vendor documents three pairs and three flags (callback page, `face_genuineness`) and may add others.
Other pairs are compared too, and any other flag that is not 0 causes doubt.
"""

from collections.abc import Mapping
from typing import Final

from domain.policy.facts.facts import Facts
from domain.policy.file.config import Action, GenuinenessTable, PolicyConfig
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
    """No score is over its threshold (equal is no attack, out of range causes doubt), and every flag is 0."""
    table, signs = config.genuineness, facts.genuineness
    if _SCORE_KEYS.isdisjoint(signs):
        yield table.missing, Reason(Code.ATTACK_SCORES_MISSING)
    for name, code in _SCORES:
        yield from _pair(signs, name, code, actions=(getattr(table, name), "review"), table=table)
    for name, code in _FLAGS:
        flag = signs.get(name, 0)
        if flag != 0:
            yield getattr(table, name), Reason(code, f"{name} = {flag:g}")
    yield from _other_signs(signs, table)


def _other_signs(signs: Mapping[str, float], table: GenuinenessTable) -> Findings:
    """Undocumented signs: pairs are compared, and a flag that is not 0 causes doubt."""
    others = sorted(signs.keys() - _KNOWN)
    stems = dict.fromkeys(stem for name in others if (stem := _stem(name)))
    for stem in stems:
        yield from _pair(signs, stem, Code.ATTACK_OTHER, actions=(table.other, table.other), table=table)
    for name in others:
        if _stem(name) is None and signs[name] != 0:
            yield table.other, Reason(Code.ATTACK_OTHER, f"{name} = {signs[name]:g}")


def _stem(name: str) -> str | None:
    """`mask` of `mask_confidence` and `mask_threshold`; None of a flag."""
    stem, _, part = name.rpartition("_")
    return stem if part in {"confidence", "threshold"} else None


def _pair(
    signs: Mapping[str, float],
    name: str,
    code: Code,
    *,
    actions: tuple[Action, Action],
    table: GenuinenessTable,
) -> Findings:
    """Compare a score with its threshold; `actions`: for an attack, and for values out of range."""
    confidence, threshold = signs.get(f"{name}_confidence"), signs.get(f"{name}_threshold")
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
