"""Every mistake in a policy file is one line that names file, line and key."""

import pytest

from domain.policy.file.config import PolicyConfig
from tests.support.payloads.callbacks import (
    DEFAULT_POLICY_FILE,
    default_policy,
    every_action,
    policy_text,
    policy_tree,
)
from tests.support.policies.policy_files import HEAD, mistake, wrong

SHIPPED = DEFAULT_POLICY_FILE.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "p.toml:1: name: must be given"),
        ('name = "p"', "p.toml:1: version: must be given"),
        ('[face]\nneed = "all"\n', "p.toml:1: name: must be given"),
        ('name = "P x"\nversion = "1"', "p.toml:1: name: expected `str` matching regex"),
        ('version = "1"\nname = ""', "p.toml:2: name: expected `str` matching regex"),
        ('name = "p"\n\nversion = 1', "p.toml:3: version: expected `str`, got `int`"),
        ('name = "p"\nversion = 2026-01-01', "p.toml:2: version: expected `str`, got `date`"),
        ('name = "p"\nversion = ""', "p.toml:2: version: expected `str` of length >= 1"),
        (f'name = "p"\nversion = "{"x" * 65}"', "p.toml:2: version: expected `str` of length <= 64"),
    ],
)
def test_mistakes_in_name_and_version(text: str, message: str) -> None:
    assert wrong(text).startswith(message)


TABLES = list(PolicyConfig.__struct_fields__)[2:]


@pytest.mark.parametrize("table", TABLES)
def test_every_table_knows_its_keys(table: str) -> None:
    assert mistake(f"{HEAD}\n[{table}]\n# a remark\nnope = 1\n") == f"p.toml:6: {table}.nope: unknown key"
    assert mistake(f"{HEAD}{table} = 3\n") == f"p.toml:3: {table}: expected `object`, got `int`"
    assert mistake(f"{HEAD}\n[[{table}]]\n") == f"p.toml:4: {table}: expected `object`, got `array`"


@pytest.mark.parametrize(("table", "key"), every_action())
def test_every_action_is_one_of_those_there_are(table: str, key: str) -> None:
    where = f"p.toml:4: {table}.{key}:"
    assert mistake(f'{HEAD}[{table}]\n{key} = "pass"\n') == f"{where} invalid enum value 'pass'"
    assert mistake(f"{HEAD}[{table}]\n{key} = true\n") == f"{where} expected `str`, got `bool`"


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("face", "missing"),
        ("liveness", "failed"),
        ("liveness", "missing"),
        ("will", "failed"),
        ("will", "missing"),
        ("confirmation", "unavailable"),
        ("confirmation", "disagreement"),
        *(("verify_errors", key) for key in policy_tree(default_policy())["verify_errors"]),
    ],
)
def test_a_missing_proof_is_never_ignored(table: str, key: str) -> None:
    message = mistake(policy_text(**{table: {key: "ignore"}}))
    assert message == f"p.toml:4: {table}.{key}: invalid enum value 'ignore'"


def test_the_shipped_file_with_a_mistake_in_any_line() -> None:
    """An unknown key is reported with its line, wherever it is."""
    lines, tried = SHIPPED.split("\n"), 0
    for number, line in enumerate(lines, start=1):
        key, equals, rest = line.partition("=")
        if not equals or line.startswith("#"):
            continue
        text = "\n".join([*lines[: number - 1], f"{key.strip()}x ={rest}", *lines[number:]])
        message = mistake(text)
        assert message.startswith(f"p.toml:{number}: "), message
        assert message.endswith(f"{key.strip()}x: unknown key"), message
        tried += 1
    assert tried > 40


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param("nope = 1", "3: nope: unknown key", id="root-key"),
        pytest.param("[nope]\nneed = 1", "3: nope: unknown key", id="table"),
        pytest.param("[face.nope]\nneed = 1", "3: face.nope: unknown key", id="inner-table"),
        pytest.param("\n\n# [face]\n# nope = 1\n[face]\nnope = 1", "8: face.nope: unknown key", id="remarks"),
        pytest.param('face.need = "some"', "3: face.need: invalid enum value 'some'", id="dotted-key"),
        pytest.param(
            'will.require = "always"\nface . "need" = "some"',
            "4: face.need: invalid enum value 'some'",
            id="dotted-key-spaced-and-quoted",
        ),
        pytest.param(
            'face = { need = "some" }', "3: face.need: invalid enum value 'some'", id="inline-table"
        ),
        pytest.param('[ "face" ]\n\'need\' = "some"', "4: face.need: invalid enum value 'some'", id="quoted"),
        pytest.param(
            '[will]\nfailed = "review"\n[liveness]\nfailed = "no"',
            "6: liveness.failed: invalid enum value 'no'",
            id="the-same-key-in-another-table",
        ),
        pytest.param(
            '[face]\nneed = "any"\ncomparisons = [\n  "result_ref1",\n  "result_ref4",\n]\n',
            "5: face.comparisons: invalid enum value 'result_ref4'",
            id="list-of-many-lines",
        ),
        pytest.param(
            '[face]\ncomparisons = [\n  "result_ref1",\n]\nneed = "some"',
            "7: face.need: invalid enum value 'some'",
            id="behind-a-list-of-many-lines",
        ),
        pytest.param(
            '[id_card]\nexpired = """\n[face]\nneed = "all"\n"""\n[face]\nneed = "all"\n',
            "4: id_card.expired: invalid enum value '[face]\\nneed = \"all\"\\n'",
            id="text-that-looks-like-a-table",
        ),
        pytest.param(
            "[face]\ncomparisons = []",
            "4: face.comparisons: expected `array` of length >= 1",
            id="no-comparison",
        ),
        pytest.param(
            '[face]\ncomparisons = "all"', "4: face.comparisons: invalid enum value 'all'", id="no-list"
        ),
        pytest.param(
            "[face]\ncomparisons = [1]",
            "4: face.comparisons: expected `str`, got `int`",
            id="list-of-numbers",
        ),
        pytest.param(
            '[face]\napprove_level = "1e-7"', "4: face.approve_level: invalid enum value '1e-7'", id="level"
        ),
        pytest.param(
            "[face]\nreview_level = 1e-3",
            "4: face.review_level: expected `str`, got `float`",
            id="level-unquoted",
        ),
        pytest.param(
            "[face]\nmin_confidence = 100.1",
            "4: face.min_confidence: expected `float` <= 100.0",
            id="floor-high",
        ),
        pytest.param(
            "[face]\nmin_confidence = -1", "4: face.min_confidence: expected `float` >= 0.0", id="floor-low"
        ),
        pytest.param(
            "[face]\nmin_confidence = nan", "4: face.min_confidence: expected `float` >= 0.0", id="floor-nan"
        ),
        pytest.param(
            "[face]\nmin_confidence = inf",
            "4: face.min_confidence: expected `float` <= 100.0",
            id="floor-inf",
        ),
        pytest.param(
            '[face]\nmin_confidence = "60"',
            "4: face.min_confidence: expected `float`, got `str`",
            id="floor-text",
        ),
        pytest.param(
            "[id_card]\nmax_screen = 50",
            "4: id_card.max_screen: expected `float` <= 1.0",
            id="share-in-percent",
        ),
        pytest.param(
            "[id_card]\nmin_quality = nan", "4: id_card.min_quality: expected `float` >= 0.0", id="share-nan"
        ),
        pytest.param(
            '[will]\nrequire = "when"', "4: will.require: invalid enum value 'when'", id="will-require"
        ),
        pytest.param(
            '[confirmation]\nmode = "must"', "4: confirmation.mode: invalid enum value 'must'", id="mode"
        ),
        pytest.param(
            "[liveness.max_counts]\nNO_AUDIO = 1\nB = -1\nC = -1",
            "5: liveness.max_counts.B: expected `int` >= 0",
            id="counter-negative",
        ),
        pytest.param(
            "[liveness]\nmax_counts.A = 1.5",
            "4: liveness.max_counts.A: expected `int`, got `float`",
            id="counter-no-integer",
        ),
        pytest.param(
            "[liveness]\nmax_counts = { A = 1, B = true }",
            "4: liveness.max_counts.B: expected `int`, got `bool`",
            id="counter-boolean",
        ),
        pytest.param(
            '[liveness.max_counts]\nA = 5\nexceeded = "review"',
            "5: liveness.max_counts.exceeded: expected `int`, got `str`",
            id="exceeded-among-the-counters",
        ),
        pytest.param(
            "[liveness]\nmax_counts = 3",
            "4: liveness.max_counts: expected `object`, got `int`",
            id="no-counters",
        ),
        pytest.param('"a`b.c" = 1', "3: a`b.c: unknown key", id="odd-key"),
        pytest.param("[face]\n'need.x' = 1", "4: face.need.x: unknown key", id="key-with-a-dot"),
    ],
)
def test_the_message_names_line_and_key(body: str, message: str) -> None:
    assert mistake(f"{HEAD}{body}\n") == f"p.toml:{message}"
    assert mistake(f"{HEAD}{body}\n".replace("\n", "\r\n")) == f"p.toml:{message}"


def test_a_line_is_what_an_editor_calls_one() -> None:
    """Characters that Python takes for line ends, and TOML does not."""
    odd = "# \u2028 \u2029 \x85\n"
    assert mistake(f"{HEAD}{odd}nope = 1\n") == "p.toml:4: nope: unknown key"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param("face", "3: expected '=' after a key", id="cut-off"),
        pytest.param(
            "[face]\nneed = all\n[will]",
            '4: face.need: invalid value; allowed: "all", "any"',
            id="unquoted",
        ),
        pytest.param("[will]\nnope = yes", "4: will.nope: invalid value", id="unquoted-and-unknown"),
        pytest.param('[face]\nneed = "all"\nneed = "any"', "5: face.need: given twice", id="key-twice"),
        pytest.param(
            '[face]\n[will]\n[ face ] # again\nneed = "any"', "5: face: given twice", id="table-twice"
        ),
        pytest.param(
            "[face]\nneed.a = 1\nneed.a.b = 2", "5: face.need.a.b: given twice", id="key-in-a-value"
        ),
        pytest.param('name = "q"\n[face]', "3: name: given twice", id="name-twice"),
        pytest.param('"name" = "q"\n[face]', "3: name: given twice", id="quoted-name-twice"),
        pytest.param('[face]\nneed = "any', "4: face.need: illegal character '\\n'", id="quote-left-open"),
        pytest.param("[face]\ncomparisons = [\n", "4: face.comparisons: invalid value", id="list-left-open"),
    ],
)
def test_invalid_toml_is_reported_by_line_and_key(body: str, message: str) -> None:
    assert wrong(f"{HEAD}{body}\n").startswith(f"p.toml:{message}")


def test_a_byte_order_mark_is_reported() -> None:
    assert wrong(f"\ufeff{HEAD}").startswith("p.toml:1: begins with a byte order mark")


@pytest.mark.parametrize("body", ["a = " + "9" * 5000, "a = " + "[" * 5000], ids=["digits", "depth"])
def test_values_that_toml_cannot_read_are_errors_too(body: str) -> None:
    assert mistake(f"{HEAD}{body}").startswith("p.toml: no TOML that can be read")
