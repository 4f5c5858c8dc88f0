"""Which of the earlier texts of a policy's name a new one is held against."""

from domain.policy.explanation import PolicyText
from domain.policy.file.policy import Policy, read_policy
from domain.policy.succession import objection_by_history


def a_policy(version: str, *, confidence: int | None = 92, name: str = "strict") -> Policy:
    face = "" if confidence is None else f"\n[face]\nmin_confidence = {confidence}\n"
    return read_policy(f'name = "{name}"\nversion = "{version}"\n{face}')


def stored(policy: Policy) -> PolicyText:
    return PolicyText(policy.name, policy.version, policy.content_hash, policy.text)


def test_the_first_text_of_a_name_follows_nothing() -> None:
    other = stored(a_policy("1", name="other"))
    assert objection_by_history(a_policy("1"), []) is None
    assert objection_by_history(a_policy("1"), [other]) is None


def test_a_text_that_has_decided_may_come_back_though_it_lacks_what_the_newest_gives() -> None:
    old, new = a_policy("1", confidence=None), a_policy("2")
    assert objection_by_history(old, iter([stored(new), stored(old)])) is None


def test_a_used_version_may_not_get_another_text_however_old_it_is() -> None:
    history = [stored(a_policy("3")), stored(a_policy("2")), stored(a_policy("1"))]
    said = objection_by_history(a_policy("1", confidence=60), history)
    assert said == "version: version '1' has another text already; give the changed one a new version"


def test_a_new_version_is_held_against_the_newest_text() -> None:
    bare, full = a_policy("1", confidence=None), a_policy("2")
    new = a_policy("3", confidence=None)
    said = objection_by_history(new, [stored(full), stored(bare)])
    assert said is not None
    assert said.startswith("lacks face, face.min_confidence, which version '2' gives")
    assert objection_by_history(new, [stored(bare), stored(full)]) is None


def test_a_text_from_before_texts_were_stored_asks_for_nothing() -> None:
    assert objection_by_history(a_policy("2", confidence=None), [PolicyText("strict", "1", "h", "")]) is None
