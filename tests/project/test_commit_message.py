"""The commit-msg hook refuses what CONTRIBUTING.md forbids."""

import subprocess
from pathlib import Path

import pytest

HOOK = Path(__file__).parents[2] / ".ci/commit-message"


def refusal(message: str, folder: Path) -> str:
    """What the hook says against a message; empty if it takes the message."""
    file = folder / "COMMIT_EDITMSG"
    file.write_text(message)
    ran = subprocess.run([HOOK, file], capture_output=True, text=True, check=False)
    assert (ran.returncode == 0) == (ran.stderr == "")
    return ran.stderr


@pytest.mark.parametrize(
    "message",
    [
        "Add a thing\n\nIt was missing.\n",
        "# a comment of git\nAdd a thing\n\nIt was missing.\n",
        f"{'é' * 60}\n\nCharacters count, not bytes.\n",
        "fixup! Add a thing\n",
        "Merge branch 'one'\n",
    ],
)
def test_a_message_with_a_short_subject_and_a_body_passes(message: str, tmp_path: Path) -> None:
    assert refusal(message, tmp_path) == ""


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("", "the first line is empty"),
        (f"{'a' * 61}\n\nWhy.\n", "61 characters"),
        ("Add a thing.\n\nWhy.\n", "full stop"),
        ("Add a thing\nWhy.\n", "second line"),
        ("Add a thing\n", "a body"),
        ("Add a thing\n\n# a comment of git\n", "a body"),
    ],
)
def test_another_message_is_refused_with_the_reason(message: str, why: str, tmp_path: Path) -> None:
    assert why in refusal(message, tmp_path)
