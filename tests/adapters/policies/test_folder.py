"""The policy book: the requirements for a folder at the start, and the effect of later mistakes in it."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.policies.folder import SHIPPED, PolicyBook, read_policy_file
from domain.errors import PolicyFileError
from tests.support.payloads.callbacks import policy_text

BROKEN = policy_text(face={"need": "most"})


def write(folder: Path, name: str, text: str | None = None, *, version: str = "1") -> Path:
    """The file of a policy, or with this very text."""
    file = folder / f"{name}.toml"
    named = policy_text().replace('"test"', f'"{name}"').replace('"1"', f'"{version}"')
    file.write_text(named if text is None else text, "utf-8")
    return file


def versions(book: PolicyBook) -> dict[str, str]:
    return {policy.name: policy.version for policy in book.all()}


def test_the_shipped_folder_has_the_default_policy() -> None:
    assert PolicyBook.open(SHIPPED, needed={"default": "apps.a.policy"}).get("default").name == "default"


def test_every_file_is_read(tmp_path: Path) -> None:
    write(tmp_path, "b", version="7")
    write(tmp_path, "a")
    (tmp_path / "notes.txt").write_text("no policy")
    assert versions(PolicyBook.open(tmp_path)) == {"a": "1", "b": "7"}


def test_a_folder_that_is_none_is_named_by_its_setting(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match=r"^FACEID_POLICY_DIR: .* is not a folder$"):
        PolicyBook.open(tmp_path / "nowhere")


def test_an_unknown_policy_is_a_key_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        PolicyBook.open(tmp_path).get("nobody")


def test_a_needed_policy_must_be_there(tmp_path: Path) -> None:
    write(tmp_path, "a")
    with pytest.raises(PolicyFileError, match=r"^apps\.y\.policy: there is no policy 'b' in .*, there is a$"):
        PolicyBook.open(tmp_path, needed={"a": "apps.x.policy", "b": "apps.y.policy"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BROKEN, r"^x\.toml:4: face\.need: "),
        ("name = ", r"^x\.toml:1: "),
        (policy_text().replace('"test"', '"a"'), r"^x\.toml: name: 'a' is the name of a\.toml already$"),
    ],
)
def test_a_broken_file_stops_the_start(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, "a")
    write(tmp_path, "x", text)
    with pytest.raises(PolicyFileError, match=message):
        PolicyBook.open(tmp_path)


def test_a_file_that_is_no_text_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b'name = "x"\r\n# caf\xe9\n')
    with pytest.raises(PolicyFileError, match=r"^x\.toml:2: holds a byte that is no UTF-8$"):
        PolicyBook.open(tmp_path)


def test_reload_takes_new_and_changed_files(tmp_path: Path) -> None:
    write(tmp_path, "a")
    book = PolicyBook.open(tmp_path)
    write(tmp_path, "a", version="2")
    write(tmp_path, "b")
    with capture_logs() as logged:
        assert book.reload() == []
    assert versions(book) == {"a": "2", "b": "1"}
    assert [event["event"] for event in logged] == ["policy.in_force"] * 2


def test_a_broken_file_keeps_its_old_policy_and_says_so(tmp_path: Path) -> None:
    write(tmp_path, "a")
    write(tmp_path, "b")
    book = PolicyBook.open(tmp_path)
    kept = book.get("a")
    write(tmp_path, "a", BROKEN)
    write(tmp_path, "b", version="2")
    with capture_logs() as logged:
        [problem] = book.reload()
    assert book.get("a") is kept
    assert versions(book) == {"a": "1", "b": "2"}
    assert (problem.file, problem.detail.partition(" ")[0]) == ("a.toml", "a.toml:4:")
    assert [event["detail"] for event in logged if event["event"] == "policy.broken"] == [problem.detail]


def test_a_file_that_was_cut_off_keeps_its_policy_in_force(tmp_path: Path) -> None:
    """While it was written: a full disk, an editor, a copy under way."""
    whole = policy_text(face={"min_confidence": 92}, confirmation={"mode": "required"})
    file = write(tmp_path, "test", whole)
    book = PolicyBook.open(tmp_path)
    kept = book.get("test")
    for end in range(len(whole)):
        file.write_text(whole[:end], "utf-8")
        [problem] = book.reload()
        assert problem.file == "test.toml"
        assert book.get("test") is kept
    file.write_text(whole, "utf-8")
    assert book.reload() == []


def test_a_changed_text_needs_a_new_version(tmp_path: Path) -> None:
    file = write(tmp_path, "a")
    book = PolicyBook.open(tmp_path)
    file.write_text(file.read_text() + '[face]\nneed = "any"\n')
    with capture_logs() as logged:
        [problem] = book.reload()
    assert (
        problem.detail
        == "a.toml: version: version '1' has another text already; give the changed one a new version"
    )
    assert [event["event"] for event in logged] == ["policy.broken"]
    assert book.get("a").config.face.need == "all"


def test_a_mended_file_comes_into_force(tmp_path: Path) -> None:
    write(tmp_path, "a")
    book = PolicyBook.open(tmp_path)
    write(tmp_path, "a", BROKEN)
    book.reload()
    write(tmp_path, "a", version="3")
    assert book.reload() == []
    assert versions(book) == {"a": "3"}


def test_a_policy_without_its_file_stays_in_force_and_is_reported(tmp_path: Path) -> None:
    write(tmp_path, "a")
    gone = write(tmp_path, "b")
    book = PolicyBook.open(tmp_path)
    gone.unlink()
    assert [problem.detail for problem in book.reload()] == ["b.toml: 'b' is no longer there"]
    assert versions(book) == {"a": "1", "b": "1"}


def test_a_renamed_policy_stays_in_force_and_is_reported(tmp_path: Path) -> None:
    file = write(tmp_path, "a")
    book = PolicyBook.open(tmp_path)
    file.write_text(file.read_text().replace('"a"', '"b"'))
    assert [problem.detail for problem in book.reload()] == ["a.toml: 'a' is no longer there"]
    assert versions(book) == {"a": "1", "b": "1"}
    with pytest.raises(PolicyFileError, match="there is no policy 'a'"):
        PolicyBook.open(tmp_path, needed={"a": "apps.x.policy"})


def test_a_policy_that_moved_to_another_file_is_none_that_is_gone(tmp_path: Path) -> None:
    file = write(tmp_path, "a")
    book = PolicyBook.open(tmp_path)
    file.rename(tmp_path / "z.toml")
    assert book.reload() == []


def test_reload_of_unchanged_files_is_silent(tmp_path: Path) -> None:
    write(tmp_path, "a")
    book = PolicyBook.open(tmp_path)
    with capture_logs() as logged:
        assert book.reload() == []
    assert logged == []


def test_the_text_is_stored_unchanged(tmp_path: Path) -> None:
    text = policy_text().replace("\n", "\r\n") + "# 中文\r\n"
    file = tmp_path / "crlf.toml"
    file.write_bytes(text.encode())
    assert read_policy_file(file).text == text


def test_a_missing_file_is_named_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match=r"nowhere\.toml: cannot be read \(FileNotFoundError\)$"):
        read_policy_file(tmp_path / "nowhere.toml")
