"""Where a policy file gives its keys; and that no text takes long to be refused or read."""

import time
import tomllib
from typing import Any

import pytest
from hypothesis import given

from domain.errors import PolicyFileError
from domain.policy.file.lines import header_on, line_of, path_on, statements
from domain.policy.file.policy import MAX_CHARACTERS, read_policy
from tests.support.payloads.callbacks import DEFAULT_POLICY_FILE, mutated
from tests.support.policies.policy_files import HEAD

SHIPPED = DEFAULT_POLICY_FILE.read_text("utf-8")


def test_every_statement_of_the_shipped_file_is_found() -> None:
    tree = tomllib.loads(SHIPPED)
    leaves = {(table, key) for table, keys in tree.items() if isinstance(keys, dict) for key in keys}
    found = [path for _, path in statements(SHIPPED)]
    assert leaves | {("name",), ("version",)} == {
        path for path in found if path not in {(t,) for t in tree}
    } | {
        ("name",),
        ("version",),
    }
    assert [path for path in found if len(path) == 1] == [
        ("name",),
        ("version",),
        *((t,) for t in list(tree)[2:]),
    ]


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ('a = 1\n[b]\nc = """\n[d]\ne = 1\n"""\n[d]\ne = 2\n', ("d", "e"), 8),
        ("a = '''\n[d]\n'''\n[d]\n", ("d",), 4),
        ("a = [\n 1, # ]\n [2, '['],\n]\nb = 1\n", ("b",), 5),
        ("a = {b = 1, c = {d = 2}}\nc = 1", ("a", "c", "d"), 1),
        ("a = {b = 1, c = {d = 2}}\nc = 1", ("c",), 2),
        ("\"a.b\" . c = 1\r\n'd'.e = 2\r\n", ("d", "e"), 2),
        ('"a.b".c = 1', ("a.b", "c"), 1),
        ('a = "\\"[b]\\""\n[b]\n', ("b",), 2),
        ('a = """x""""\n[b]\n', ("b",), 2),
        ("[[a]]\nb = 1\n[[a]]\nb = 2\n", ("a", "b"), 2),
        ("[a]\n[b]\nx = 1", ("b", "y"), 2),
        ("[a]", ("nowhere",), 1),
        ("", ("nowhere",), 1),
    ],
)
def test_the_line_of_a_key(text: str, path: tuple[str, ...], line: int) -> None:
    tomllib.loads(text)
    assert line_of(text, path) == line


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("[a]", ("a",)),
        (" [[ a . 'b.c' ]] # remark", ("a", "b.c")),
        ("[a] b", ()),
        ("[a", ()),
        ("[]", ()),
        ("a = [1]", ()),
        ("", ()),
    ],
)
def test_the_table_that_a_line_opens(line: str, path: tuple[str, ...]) -> None:
    assert header_on(line) == path


def test_the_key_on_a_line_of_a_broken_text() -> None:
    text = "[a]\nb = yes\n[c\nd . e = \n x\n"
    assert [path_on(text, number) for number in range(1, 6)] == [("a",), ("a", "b"), (), ("a", "d", "e"), ()]


SLOW = {
    "spaces": " " * 6000,
    "spaces before a key": " " * 16000 + "x",
    "bracket and spaces": "[" + " " * 16000,
    "brackets": "[" * 16000,
    "brackets and spaces": "[ " * 8000,
    "closing brackets": "[a" + "]" * 16000 + "x",
    "quotes": '"' * 16000,
    "quotes and spaces": '" ' * 8000,
    "backslashes": '"' + "\\" * 16000,
    "dots": "a." * 8000 + "a = 1",
    "dots in a header": "[" + "a." * 8000 + "a]",
    "dots in an inline table": "a = {" + "b." * 8000 + "b = 1}",
    "empty lines behind a long header": f"[{'a.' * 400}a]\n" + "\n" * 16000 + "x",
    "many keys behind a long header": f"[{'a.' * 400}a]\n" + "".join(f"k{n} = 1\n" for n in range(1500)),
    "many headers": "[a]\n" * 4000,
    "many broken headers": "[a\n" * 5000 + "x = ",
    "a long value": "name = 1" + " " * 16000 + "x",
    "a value that looks like a message": 'face = "' + "unknown field `" * 1000 + '"',
    "a value that looks like a path": 'face = "' + " - at `$" * 2000 + '"',
    "a long key": "x" * 16000 + " = 1",
    "a key like another": "versio" * 2500 + " = 1",
    "remarks": "#" * 16000,
    "an open array": "a = [" + "1," * 8000,
    "an open text": 'a = """' + '"' * 2 + "x" * 16000,
    "texts": "a = '''" + "''x" * 5000,
    "counters": "[liveness.max_counts]\n" + "".join(f'"a{n}.NO_AUDIO" = 1\n' for n in range(700)),
}


@pytest.mark.parametrize("body", SLOW.values(), ids=SLOW.keys())
@pytest.mark.parametrize("head", ["", HEAD])
def test_no_text_takes_long(head: str, body: str) -> None:
    """6,000 spaces took minutes. Processor time, so that a busy machine does not count."""
    began, said = time.process_time(), ""
    try:
        read_policy(head + body, file="p.toml")
    except PolicyFileError as error:
        said = str(error)
    for number in (1, body.count("\n") + 3):
        path_on(head + body, number)
    line_of(head + body, ("face", "need"))
    assert time.process_time() - began < 1
    assert len(said) < 1000


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(PolicyFileError, match=r"^policy: longer than"):
        read_policy(HEAD + "#" * MAX_CHARACTERS)


@given(
    mutated([SHIPPED.encode()], [b'"""', b"'''", b"[", b"]", b"{", b"}", b"\\", b"\n", b"a.b = 1\n", b"#"])
)
def test_whatever_toml_can_read_has_its_keys_found(body: bytes) -> None:
    text = body.decode("utf-8", "replace")
    given = list(statements(text))
    assert all(1 <= line <= text.count("\n") + 1 for line, _ in given)
    try:
        tree = tomllib.loads(text)
    except (ValueError, RecursionError):
        return
    assert {path[0] for _, path in given if "\\" not in path[0]} <= set(tree)
    for path in _paths(tree):
        if "\\" not in text:
            assert any(path[: len(one)] == one or one[: len(path)] == path for _, one in given)


def _paths(tree: dict[str, Any]) -> list[tuple[str, ...]]:
    inner = [(key, *rest) for key, value in tree.items() if isinstance(value, dict) for rest in _paths(value)]
    return [(key,) for key in tree] + inner
