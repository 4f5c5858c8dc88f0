"""The difference of two texts."""

from hypothesis import given
from hypothesis import strategies as st

from domain.policy.file.difference import Line, LineKind, difference

LINES = st.lists(st.text(alphabet="ab-+@ ", max_size=4), max_size=12)


def test_a_changed_line_is_removed_and_added_among_its_neighbours() -> None:
    assert difference("a\nb\nc", "a\nx\nc") == [
        Line(LineKind.SAME, "a"),
        Line(LineKind.REMOVED, "b"),
        Line(LineKind.ADDED, "x"),
        Line(LineKind.SAME, "c"),
    ]


def test_far_changes_have_a_gap_between_them() -> None:
    before = [str(n) for n in range(30)]
    after = ["x", *before[1:29], "y"]
    kinds = [line.kind for line in difference("\n".join(before), "\n".join(after))]
    assert kinds.count(LineKind.GAP) == 1
    assert kinds[0] is not LineKind.GAP


@given(LINES, LINES)
def test_what_is_shown_is_in_the_texts(before: list[str], after: list[str]) -> None:
    lines = difference("\n".join(before), "\n".join(after))
    for line in lines:
        if line.kind in (LineKind.SAME, LineKind.REMOVED):
            assert line.text in before
        if line.kind in (LineKind.SAME, LineKind.ADDED):
            assert line.text in after
    if "\n".join(before).splitlines() == "\n".join(after).splitlines():
        assert lines == []
