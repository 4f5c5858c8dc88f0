"""Whether a policy's text may replace the one in force; a truncated file must not.

Half a policy file is often valid TOML, and every missing key takes its default, which may be laxer. So a
changed text needs a new version and must be complete: it ends with the end mark, or it sets every key that
its predecessor sets.
"""

from collections.abc import Iterable
from typing import Final

from domain.policy.explanation import PolicyText
from domain.policy.file.lines import statements
from domain.policy.file.policy import Policy

END_MARK: Final = "# end"
"""The last line of a complete file: any truncation removes it."""

_NAMED: Final = 5


def is_marked(text: str) -> bool:
    """Whether the last non-empty line is the end mark."""
    return text.rstrip().rpartition("\n")[2].strip().lower() == END_MARK


def objection_by_history(policy: Policy, history: Iterable[PolicyText]) -> str | None:
    """Why `policy` may not follow the earlier texts of its name that have decided (newest first), or None.

    A text that has decided before may decide again.
    """
    texts = [text for text in history if text.name == policy.name]
    if any(text.content_hash == policy.content_hash for text in texts):
        return None
    same = next((text for text in texts if text.version == policy.version), None)
    predecessor = same or next(iter(texts), None)
    return None if predecessor is None else objection(policy, predecessor)


def objection(policy: Policy, predecessor: Policy | PolicyText) -> str | None:
    """Why `policy` may not follow its `predecessor` of the same name, or None."""
    if policy.content_hash == predecessor.content_hash:
        return None
    before = f"version {predecessor.version!r}"
    if policy.version == predecessor.version:
        return f"version: {before} has another text already; give the changed one a new version"
    if is_marked(policy.text):
        return None
    if is_marked(predecessor.text):
        return f"lacks the last line `{END_MARK}`, which {before} has: it may be cut off"
    lost = sorted(_given(predecessor.text) - _given(policy.text))
    if not lost:
        return None
    more = ", …" if len(lost) > _NAMED else ""
    return (
        f"lacks {', '.join(lost[:_NAMED])}{more}, which {before} gives: it may be cut off;"
        f" if it is whole, end it with the line `{END_MARK}`"
    )


def _given(text: str) -> set[str]:
    """Every table and key of a text, dotted."""
    return {".".join(path) for _, path in statements(text)}
