"""Every reason of a conclusion has its words, and those of a newer version are shown as they are."""

import pytest

from domain.model import Outcome
from domain.reviews.reasons import REASONS_FOR, REASONS_TO_CLOSE, TEXTS, ReviewReason, in_words


def test_a_code_comes_with_its_texts() -> None:
    assert in_words("attack.confirmed") == {
        "code": "attack.confirmed",
        "en": "It is an attack",
        "zh": "确认为攻击",
    }


@pytest.mark.parametrize("code", ["", "person.teleported", "ATTACK.CONFIRMED"])
def test_an_unknown_code_is_its_own_text(code: str) -> None:
    assert in_words(code) == {"code": code, "en": code, "zh": code}


def test_every_reason_has_texts_that_differ_from_all_others() -> None:
    assert TEXTS.keys() == set(ReviewReason)
    assert len({english for english, _ in TEXTS.values()}) == len(TEXTS)
    assert len({chinese for _, chinese in TEXTS.values()}) == len(TEXTS)


def test_every_reason_leads_to_some_end() -> None:
    used = {reason for reasons in REASONS_FOR.values() for reason in reasons}
    assert used | set(REASONS_TO_CLOSE) == set(ReviewReason)


def test_an_attack_cannot_be_confirmed_and_approved() -> None:
    approving = set(REASONS_FOR[Outcome.APPROVED])
    doubts = {
        ReviewReason.ATTACK_CONFIRMED,
        ReviewReason.PERSON_DIFFERS,
        ReviewReason.DOCUMENT_DOUBTFUL,
        ReviewReason.ORDER_DIFFERS,
    }
    assert not approving & doubts
    assert doubts <= set(REASONS_FOR[Outcome.REJECTED])
