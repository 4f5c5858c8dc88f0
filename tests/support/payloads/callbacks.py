"""Callbacks as the vendor builds them, with knobs for each way to be wrong."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st

from domain.callback.payload import decode_payload
from domain.model import ConfirmationMode, Outcome
from domain.policy.decide import decide, judge
from domain.policy.evidence import Evidence
from domain.policy.explanation import DecidedVerification, Explanation, PolicyText, StoredDecision, explain
from domain.policy.facts.facts import EDITION, ComparisonFacts, Facts, extract_facts, reached_level
from domain.policy.file.policy import Policy, read_policy
from domain.policy.reasons import Reason

Json = dict[str, Any]

SAMPLES = Path(__file__).parents[1] / "samples"
DEFAULT_POLICY_FILE = Path(__file__).parents[3] / "policies" / "default.toml"
SECRET = b"FAKE_API_SECRET"
"""What `older_callback_body.txt` is signed with."""

BIZ_ID = "1700000000,0a1b2c3d-0000-4000-8000-00000000beef"
NAME = "欧阳金丝雀"
ID_NUMBER = "11010119900307001X"
"""A name and a number that no message may repeat."""

THRESHOLDS = {"1e-3": 64.0, "1e-4": 69.0, "1e-5": 74.0, "1e-6": 79.9}
GENUINE = {
    "synthetic_face_confidence": 0.012,
    "synthetic_face_threshold": 0.5,
    "mask_confidence": 0.032,
    "mask_threshold": 0.5,
    "screen_replay_confidence": 0.0,
    "screen_replay_threshold": 0.5,
}

QUICK = settings(max_examples=100, deadline=None)
THOROUGH = settings(max_examples=250, deadline=None)


def read_sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def load_sample(name: str) -> Json:
    tree: Json = json.loads(read_sample(name))
    return tree


def dump(tree: object) -> bytes:
    """As the one capture: Python's `json.dumps` with its defaults."""
    return json.dumps(tree).encode()


def passing_payload() -> Json:
    """A callback with every proof: the right person, alive, who said what was to be said."""
    return {
        "status": "OK",
        "biz_info": {"biz_id": BIZ_ID, "biz_no": "order-1", "biz_extra_data": ""},
        "idcard_info": {
            "idcard_name": NAME,
            "idcard_number": ID_NUMBER,
            "front_side": {"ocr_result": {"name": NAME, "id_card_number": ID_NUMBER}},
        },
        "liveness_result": {"result": "PASS", "procedure_type": "will", "face_genuineness": dict(GENUINE)},
        "verify_result": {
            "result_faceid": {"confidence": 91.327, "thresholds": dict(THRESHOLDS)},
            "id_exceptions": {"id_attacked": 0, "id_photo_monochrome": 0},
        },
        "will_result": [{"result": "PASS", "will_error_message": ""}],
        "multifaces_tag": "0",
    }


def decoded_facts(tree: Json) -> Facts:
    return extract_facts(decode_payload(dump(tree)))


def without_notes(facts: Facts) -> Facts:
    """What the payload says, whatever was odd about it."""
    return msgspec.structs.replace(facts, unreadable=(), repeated=(), irregular=())


def passing_facts(**changes: Any) -> Facts:
    """The facts of a passing video procedure, with `changes`."""
    facts = Facts(
        status="OK",
        liveness="PASS",
        procedure_type="video",
        genuineness=dict(GENUINE),
        comparisons=compared(91.327),
        id_attacked=0.0,
        id_photo_monochrome=0.0,
        multifaces_tag="0",
        edition=EDITION,
    )
    return msgspec.structs.replace(facts, **changes)


def compared(
    confidence: float, thresholds: dict[str, float] | None = None, *, name: str = "result_faceid"
) -> dict[str, ComparisonFacts]:
    levels = THRESHOLDS if thresholds is None else thresholds
    return {name: ComparisonFacts(confidence, levels, reached_level(confidence, levels))}


@cache
def default_policy() -> Policy:
    """The policy that is shipped."""
    return read_policy(DEFAULT_POLICY_FILE.read_text("utf-8"), file=DEFAULT_POLICY_FILE.name)


def policy_with(**tables: Json) -> Policy:
    """The default policy with other values: `policy_with(face={"need": "any"})`."""
    return read_policy(policy_text(**tables))


def policy_text(**tables: Json) -> str:
    """A policy file with these tables."""
    lines = ['name = "test"', 'version = "1"']
    for table, keys in tables.items():
        lines += [
            f"[{table}]",
            *(f"{key} = {_toml(value)}" for key, value in keys.items() if value is not None),
        ]
    return "\n".join(lines) + "\n"


def policy_tree(policy: Policy) -> Json:
    """Every key of a policy with the value in force, defaults included."""
    return dict(msgspec.to_builtins(policy.config))


def every_action() -> list[tuple[str, str]]:
    """Table and key of whatever a policy has an action for."""
    return [
        (table, key)
        for table, keys in policy_tree(default_policy()).items()
        if isinstance(keys, dict)
        for key, value in keys.items()
        if value in ("reject", "review", "ignore")
    ]


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(key)} = {_toml(item)}' for key, item in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)


def judged(facts: Facts, policy: Policy | None = None) -> tuple[Outcome, list[str]]:
    """Outcome and reason codes, by default under the policy that is shipped."""
    judgement = judge(facts, policy or default_policy())
    return judgement.outcome, [reason.code.value for reason in judgement.reasons]


def stored_decision(
    callback: Facts | None,
    result: Facts | None,
    *,
    policy: Policy | None = None,
    mode: ConfirmationMode | None = None,
    unconfirmed: Reason | None = None,
) -> StoredDecision:
    """What these facts come to, as it is stored; by default under the policy that is shipped."""
    policy = policy or default_policy()
    evidence = Evidence(callback, result, unconfirmed)
    decided = decide(evidence, policy=policy, mode=mode)
    return StoredDecision(
        outcome=decided.outcome,
        basis=decided.basis,
        reasons=decided.reasons,
        rules=decided.rules,
        disagreements=decided.disagreements,
        evidence=evidence,
        mode=mode or policy.config.confirmation.mode,
    )


def explained(
    stored: StoredDecision, *, policy: Policy | None = None, text: str | None = None
) -> Explanation:
    """The explanation of a decision that `policy` made, whose text is now `text`."""
    policy = policy or default_policy()
    kept = PolicyText(policy.name, policy.version, policy.content_hash, policy.text if text is None else text)
    return explain(DecidedVerification("demo", BIZ_ID, datetime(2026, 3, 7, tzinfo=UTC), stored, kept))


def put(tree: Json, path: str, value: object) -> Json:
    """`tree` with the value at the dotted `path` set; missing blocks on the way are made."""
    *blocks, last = path.split(".")
    inner = tree
    for block in blocks:
        inner = inner.setdefault(block, {})
    inner[last] = value
    return tree


def changed(path: str, value: Any) -> Json:
    """The passing payload with one value changed; a number in the path is a place in an array."""
    tree = passing_payload()
    *blocks, last = path.split(".")
    inner: Any = tree
    for block in blocks:
        inner = inner[int(block)] if isinstance(inner, list) else inner.setdefault(block, {})
    inner[last] = value
    return tree


def drop(tree: Json, path: str) -> Json:
    """`tree` without the dotted `path`, if it exists."""
    *blocks, last = path.split(".")
    inner = tree
    for block in blocks:
        inner = inner.get(block, {})
    inner.pop(last, None)
    return tree


def assert_discreet(error: Exception) -> None:
    """Nothing of the input in the message, and no parser's error behind it: those carry the input along."""
    assert not any(secret in f"{error} {error.args}" for secret in (NAME, ID_NUMBER, ID_NUMBER[:-1]))
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


json_scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
json_values = st.recursive(
    json_scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
json_objects = st.dictionaries(st.text(), json_values, max_size=6)


@st.composite
def mutated(draw: st.DrawFn, bodies: list[bytes], pieces: list[bytes]) -> bytes:
    """One of `bodies` after a few flips, cuts, repeats and insertions of `pieces`."""
    body = draw(st.sampled_from(bodies))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(body)))
        end = min(len(body), at + draw(st.integers(0, 40)))
        change = draw(st.sampled_from(["flip", "cut", "cut off", "repeat", "insert"]))
        if change == "flip":
            body = body[:at] + draw(st.binary(min_size=1, max_size=1)) + body[at + 1 :]
        elif change == "cut":
            body = body[:at] + body[end:]
        elif change == "cut off":
            body = body[:at]
        elif change == "repeat":
            body = body[:end] + body[at:end] + body[end:]
        else:
            body = body[:at] + draw(st.sampled_from(pieces)) + body[at:]
    return body
