"""Every key of a policy file takes effect, and every mistake is reported by file, line and key."""

import hashlib
import tomllib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import PolicyFileError
from domain.policy.file.config import PolicyConfig
from domain.policy.file.policy import Policy, read_policy
from tests.support.payloads.callbacks import (
    DEFAULT_POLICY_FILE,
    THOROUGH,
    Json,
    default_policy,
    mutated,
    policy_text,
    policy_tree,
)
from tests.support.policies.strategies import policies

HEAD = 'name = "p"\nversion = "1"\n'
MAXIMA = ("max_same_number_30d", "max_attempts_24h")
SHIPPED = DEFAULT_POLICY_FILE.read_text("utf-8")


def _wrong(text: str) -> str:
    with pytest.raises(PolicyFileError) as caught:
        read_policy(text, file="p.toml")
    assert caught.value.__cause__ is None
    return str(caught.value)


def _keys(tree: Json, path: str = "") -> set[str]:
    """The dotted path of every key that is no table."""
    found: set[str] = set()
    for key, value in tree.items():
        full = f"{path}.{key}" if path else key
        found |= _keys(value, full) if isinstance(value, dict) and value else {full}
    return found


def test_the_shipped_file_has_the_built_in_values() -> None:
    assert default_policy().config == PolicyConfig(name="default", version="4")


@pytest.mark.parametrize("table", PolicyConfig.__struct_fields__)
def test_the_shipped_file_spells_out_every_key(table: str) -> None:
    """But for maxima, of which there are none."""
    said, known = ({table: tree[table]} for tree in (tomllib.loads(SHIPPED), policy_tree(default_policy())))
    assert _keys(said) == _keys(known) - {"liveness.max_counts", *(f"velocity.{each}" for each in MAXIMA)}


def test_a_name_and_a_version_are_enough() -> None:
    assert read_policy(HEAD).config == PolicyConfig(name="p", version="1")


def test_a_policy_knows_its_text_by_hash() -> None:
    policy = read_policy(HEAD)
    assert (policy.name, policy.version, policy.text) == ("p", "1", HEAD)
    assert policy.content_hash == hashlib.sha256(HEAD.encode()).hexdigest()
    assert read_policy(HEAD + "# a remark: 长期\n").content_hash != policy.content_hash


def test_a_policys_tree_is_every_value_in_force() -> None:
    policy = read_policy(policy_text(face={"need": "any"}, liveness={"max_counts": {"NO_AUDIO": 2}}))
    tree = policy_tree(policy)
    assert (tree["face"]["need"], tree["face"]["approve_level"]) == ("any", "1e-5")
    assert tree["liveness"]["max_counts"] == {"NO_AUDIO": 2}
    assert msgspec.convert(tree, PolicyConfig) == policy.config


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[face]\nneed = "any"\nmin_confidence = 70\n', id="table"),
        pytest.param('face.need = "any"\nface.min_confidence = 70.0\n', id="dotted-keys"),
        pytest.param('face = { need = "any", min_confidence = 70 }\n', id="inline-table"),
        pytest.param('[ "face" ] # a remark\n"need" = \'any\'\nmin_confidence = 7e1\n', id="quoted"),
    ],
)
def test_every_spelling_of_toml_is_read(text: str) -> None:
    face = read_policy(HEAD + text).config.face
    assert (face.need, face.min_confidence) == ("any", 70.0)


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_list_of_comparisons(newline: str) -> None:
    text = f'{HEAD}[face]\ncomparisons = [\n  "result_ref1",  # ours\n  "result_faceid",\n]\n'
    face = read_policy(text.replace("\n", newline)).config.face
    assert face.comparisons == ("result_ref1", "result_faceid")


@pytest.mark.parametrize(
    ("review", "approve"),
    [("1e-3", "1e-3"), ("1e-3", "1e-4"), ("1e-3", "1e-6"), ("1e-5", "1e-5"), ("1e-6", "1e-6")],
)
def test_possible_bands(review: str, approve: str) -> None:
    face = read_policy(policy_text(face={"review_level": review, "approve_level": approve})).config.face
    assert (face.review_level, face.approve_level) == (review, approve)


@pytest.mark.parametrize(
    ("review", "approve", "body", "line"),
    [
        ("1e-5", "1e-4", 'approve_level = "1e-4"\nreview_level = "1e-5"', 5),
        ("1e-5", "1e-4", 'review_level = "1e-5"\napprove_level = "1e-4"', 4),
        ("1e-6", "1e-5", 'review_level = "1e-6"', 4),
    ],
)
def test_impossible_bands(review: str, approve: str, body: str, line: int) -> None:
    says = f"{review} is stricter than approve_level {approve}, so nothing could lie between them"
    assert _wrong(f"{HEAD}[face]\n{body}\n") == f"p.toml:{line}: face.review_level: {says}"


edited = mutated([SHIPPED.encode()], [b"[", b"]", b'"', b"=", b"\n", b"{", b'"""', b"\x00", b"face."])
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@THOROUGH
@given(text=words | edited.map(lambda body: body.decode(errors="ignore")))
def test_any_text_is_a_policy_or_a_named_mistake(text: str) -> None:
    try:
        policy = read_policy(text, file="p.toml")
    except PolicyFileError as error:
        line = int(str(error).removeprefix("p.toml:").partition(":")[0])
        assert 1 <= line <= text.count("\n") + 1
    else:
        assert policy.text == text


@THOROUGH
@given(policy=policies)
def test_a_policy_written_out_in_full_is_the_same(policy: Policy) -> None:
    tree = policy_tree(policy)
    tables = {table: keys for table, keys in tree.items() if isinstance(keys, dict)}
    assert read_policy(policy_text(**tables)).config == policy.config
