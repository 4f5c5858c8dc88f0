"""A text that may be cut off replaces no policy, at whatever byte it was cut."""

import pytest

from domain.errors import PolicyFileError
from domain.policy.file.policy import Policy, read_policy
from domain.policy.succession import END_MARK, is_marked, objection
from tests.support.payloads.callbacks import DEFAULT_POLICY_FILE

UNMARKED = """name = "strict"
version = "2"

[face]
approve_level = "1e-6"
min_confidence = 92

[genuineness]
missing = "review"

[confirmation]
mode = "required"
"""
MARKED = f"{UNMARKED}{END_MARK}\n"
SHIPPED = DEFAULT_POLICY_FILE.read_text("utf-8")


def as_version(text: str, version: str) -> str:
    lines = (f'version = "{version}"' if line.startswith("version") else line for line in text.split("\n"))
    return "\n".join(lines)


def readable_cuts(text: str) -> list[Policy]:
    """Every policy that some beginning of the text is, and that decides otherwise than the whole."""
    whole, found = read_policy(text), []
    for end in range(len(text)):
        try:
            cut = read_policy(text[:end])
        except PolicyFileError:
            continue
        if cut.config != whole.config:
            found.append(cut)
    return found


@pytest.mark.parametrize("text", [UNMARKED, MARKED, SHIPPED, UNMARKED.replace("\n", "\r\n")])
def test_no_cut_replaces_the_version_in_force(text: str) -> None:
    """31 of 149 bytes once came into force with laxer rules."""
    current = read_policy(text)
    for cut in readable_cuts(text):
        assert objection(cut, current)


@pytest.mark.parametrize(("before", "after"), [(UNMARKED, UNMARKED), (MARKED, MARKED), (UNMARKED, MARKED)])
def test_no_cut_of_a_new_version_replaces_the_one_before(before: str, after: str) -> None:
    current, new = read_policy(before), as_version(after, "3")
    assert objection(read_policy(new), current) is None
    cuts = [cut for cut in readable_cuts(new) if cut.version == "3"]
    assert cuts
    for cut in cuts:
        assert objection(cut, current)


@pytest.mark.parametrize("text", [UNMARKED, MARKED, SHIPPED])
def test_the_same_text_follows_itself(text: str) -> None:
    assert objection(read_policy(text), read_policy(text)) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (UNMARKED.replace("92", "60"), "version: version '2' has another text already"),
        (UNMARKED + "# a remark\n", "version: version '2' has another text already"),
        (as_version(UNMARKED, "3").replace("min_confidence = 92\n", ""), "lacks face.min_confidence, which"),
        (as_version(UNMARKED, "3")[:31], "lacks confirmation, confirmation.mode, face, "),
    ],
)
def test_an_incomplete_text_is_refused_with_its_reason(text: str, says: str) -> None:
    said = objection(read_policy(text), read_policy(UNMARKED))
    assert said is not None
    assert said.startswith(says)


def test_a_new_version_may_change_add_and_with_the_mark_take_away() -> None:
    current, third = read_policy(UNMARKED), as_version(UNMARKED, "3")
    for text in (
        third.replace("92", "60"),
        f"{third}unavailable = 'reject'\n",
        f"{third[:60]}\n{END_MARK}",
        'name = "strict"\nversion = "3"\n\n  # END\n\n',
    ):
        assert objection(read_policy(text), current) is None


def test_a_mark_that_was_there_must_stay() -> None:
    said = objection(read_policy(as_version(UNMARKED, "3")), read_policy(MARKED))
    assert said == "lacks the last line `# end`, which version '2' has: it may be cut off"


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("a = 1\n# end\n", True),
        ("a = 1\n# end", True),
        ("a = 1\r\n# END \r\n\r\n", True),
        ("# end\na = 1\n", False),
        ("a = 1 # end\n", False),
        ("a = 1\n# en", False),
        ("a = 1\n# the end\n", False),
        ("", False),
    ],
)
def test_the_end_mark(text: str, marked: bool) -> None:
    assert is_marked(text) is marked


def test_the_shipped_policy_is_marked() -> None:
    assert is_marked(SHIPPED)
