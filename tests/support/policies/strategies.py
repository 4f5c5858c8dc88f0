"""Facts as no vendor would send them, facts that pass or nearly pass, and every policy there can be."""

from collections.abc import Callable
from math import inf, nan
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from domain.callback.parts import COMPARISONS, LEVELS
from domain.policy.facts.facts import EDITION, ComparisonFacts, Facts, Velocity
from domain.policy.file.config import PolicyConfig
from domain.policy.file.policy import Policy
from domain.policy.reasons import Code
from tests.support.payloads.callbacks import GENUINE, THRESHOLDS, Json, compared, passing_facts

any_number = st.floats() | st.sampled_from([0.0, 0.5, 1.0, 64.0, 74.0, 91.0, nan, inf, -inf])
finite = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, 0.5, 1.0, 64.0, 74.0, 91.0])
words = (
    st.sampled_from(["OK", "PASS", "FAIL", "OTHER", "CANCELLED", "NO_FACE_FOUND", "will", "0", "expired"])
    | st.text()
)
FLAGS = ("face_replaced", "selfie_inconsistent", "selfie_metadata_inconsistent")
COUNTERS = ("FACE_NOT_FOUND", "NO_AUDIO", "face_front.FACE_NOT_FOUND", "face_side.FACE_NOT_FOUND")
SHARES = ("front.id_photo", "back.photocopy", "front.screen", "back.edited", "front.temporary")
FIELDS = ("front.gender", "back.issued_by")


MEMBERS = (
    "status",
    "verify_result.result_faceid",
    "liveness_result.details",
    "idcard_info",
    "multifaces_tag",
)
notes = st.just(()) | st.lists(st.sampled_from(MEMBERS), unique=True, max_size=3).map(tuple)


velocities = st.none() | st.builds(Velocity, st.integers(0, 9), st.integers(0, 9))


def facts_of(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[Facts]:
    """Facts in any combination, of any words and these numbers."""
    made = st.builds(
        ComparisonFacts,
        numbers,
        st.dictionaries(st.sampled_from([*THRESHOLDS, "1e-9"]), numbers),
        st.none() | words,
    )
    return st.builds(
        Facts,
        status=st.sampled_from(["OK", "PASS"]) | st.none() | words,
        liveness=st.none() | words,
        procedure_type=st.none() | words,
        genuineness=st.dictionaries(st.sampled_from([*GENUINE, *FLAGS, "unheard_of"]), numbers),
        comparisons=st.dictionaries(st.sampled_from(COMPARISONS), made, max_size=3),
        error_message=st.none() | words,
        id_attacked=st.none() | numbers,
        id_photo_monochrome=st.none() | numbers,
        will=st.none() | words,
        multifaces_tag=st.none() | words,
        attempts=st.dictionaries(st.sampled_from(COUNTERS), st.integers(), max_size=3),
        legality=st.dictionaries(st.sampled_from(SHARES), numbers, max_size=3),
        qualities=st.dictionaries(st.sampled_from(FIELDS), numbers),
        illogical=st.lists(st.sampled_from(FIELDS), unique=True).map(tuple),
        card=st.sampled_from([None, "valid", "expired", "not_yet_valid"]) | words,
        registration=st.sampled_from([None, "match", "mismatch"]),
        unreadable=notes,
        repeated=notes,
        irregular=notes,
        edition=st.sampled_from([1, EDITION]),
        velocity=velocities,
    )


any_facts = facts_of(any_number)
PASSING_TOO: dict[str, st.SearchStrategy[Any]] = {
    "procedure_type": st.sampled_from([None, "video", "flash"]),
    "genuineness": st.just({})
    | st.floats(0, 0.5).map(lambda score: {"mask_confidence": score, "mask_threshold": 0.5}),
    "comparisons": st.floats(74, 100).map(compared),
    "id_attacked": st.sampled_from([None, 0.0]),
    "multifaces_tag": st.sampled_from([None, "0"]),
    "attempts": st.dictionaries(st.sampled_from(COUNTERS), st.integers(0, 5), max_size=3),
    "legality": st.dictionaries(st.sampled_from(SHARES), st.floats(0, 1), max_size=3),
    "card": st.sampled_from([None, "valid", "expired"]),
    "id_photo_monochrome": st.sampled_from([0.0, 1.0]),
    "registration": st.sampled_from([None, "match"]),
    "unreadable": st.sampled_from([(), ("liveness_result.details",)]),
    "irregular": notes,
    "velocity": velocities,
}
near_passes = st.fixed_dictionaries({}, optional=PASSING_TOO).map(lambda changed: passing_facts(**changed))
facts = near_passes | any_facts
storable_facts = near_passes | facts_of(finite)
"""As JSON can hold them: the decoder lets no other number through."""


def _values(kind: Any) -> st.SearchStrategy[Any]:
    """Every valid value of a key of this type (`msgspec.inspect`); tables may lack any of their keys."""
    return _VALUES_OF[type(kind)](kind)


def _some_keys(table: Any) -> st.SearchStrategy[Json]:
    keys = {field.name: _values(field.type) for field in table.fields if not field.required}
    return st.fixed_dictionaries({}, optional=keys)


_VALUES_OF: dict[type, Callable[[Any], st.SearchStrategy[Any]]] = {
    inspect.LiteralType: lambda kind: st.sampled_from(list(kind.values)),
    inspect.EnumType: lambda kind: st.sampled_from([member.value for member in kind.cls]),
    inspect.FloatType: lambda kind: st.floats(kind.ge, kind.le) | st.sampled_from([kind.ge, kind.le]),
    inspect.IntType: lambda kind: st.integers(kind.ge, 6),
    inspect.NoneType: lambda _kind: st.none(),
    inspect.UnionType: lambda kind: st.one_of([_values(inner) for inner in kind.types]),
    inspect.VarTupleType: lambda kind: st.lists(_values(kind.item_type), min_size=1, max_size=3, unique=True),
    inspect.DictType: lambda kind: st.dictionaries(
        st.sampled_from(_keys_of(kind)), _values(kind.value_type), max_size=2
    ),
    inspect.StructType: _some_keys,
}


def _keys_of(kind: inspect.DictType) -> list[str]:
    """Counters for counts, reason codes for priorities."""
    return [*COUNTERS] if isinstance(kind.value_type, inspect.IntType) else ["default", *Code]


def _in_order(tables: Json) -> Json:
    """With the band's two levels, and the two limits of a number, the right way round."""
    face = {"review_level": "1e-3", "approve_level": "1e-5"} | tables.get("face", {})
    loose, strict = sorted((face["review_level"], face["approve_level"]), key=LEVELS.index)
    ordered = tables | {"face": face | {"review_level": loose, "approve_level": strict}}
    velocity = tables.get("velocity", {})
    month, day = velocity.get("max_same_number_30d"), velocity.get("max_attempts_24h")
    if month is not None and day is not None:
        ordered["velocity"] = velocity | {
            "max_attempts_24h": min(month, day),
            "max_same_number_30d": month + day + 1,
        }
    return ordered


def _policy_of(tables: Json) -> Policy:
    """Not by way of a file: most of the time would go into TOML."""
    return Policy(msgspec.convert({"name": "test", "version": "1"} | tables, PolicyConfig), "", "")


policy_tables = _values(inspect.type_info(PolicyConfig)).map(_in_order)
"""What a policy file may say, key by key, as PolicyConfig describes it."""
policies = policy_tables.map(_policy_of)


def changed_policy(policy: Policy, table: str, **values: Any) -> Policy:
    """The same policy with other values in one table."""
    inner = msgspec.structs.replace(getattr(policy.config, table), **values)
    config = msgspec.structs.replace(policy.config, **{table: inner})
    return msgspec.structs.replace(policy, config=config)
