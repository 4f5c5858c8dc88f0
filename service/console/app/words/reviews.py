"""What the console calls the words of reviews; templates translate them."""

from collections.abc import Mapping
from typing import Final

from domain.reviews.case import Because, Shown
from domain.reviews.history import Kind
from domain.reviews.reasons import in_words
from service.console.app.languages import N_

BECAUSE: Final[Mapping[str, str]] = {
    Because.DECISION: N_("The policy wants a person to look."),
    Because.OPERATOR: N_("A person asked for it."),
    Because.APPEAL: N_("The user objects to the decision."),
    Because.LATE_EVIDENCE: N_("Evidence came after the decision."),
    Because.SECOND_LOOK: N_("A second look: you do not see what was concluded before."),
    Because.LOOKS_DIFFER: N_("The second look came to another conclusion."),
}

BECAUSE_SHORT: Final[Mapping[str, str]] = {
    Because.DECISION: N_("decision"),
    Because.OPERATOR: N_("asked for"),
    Because.APPEAL: N_("appeal"),
    Because.LATE_EVIDENCE: N_("late evidence"),
    Because.SECOND_LOOK: N_("second look"),
    Because.LOOKS_DIFFER: N_("looks differ"),
}

STATES: Final[Mapping[str, str]] = {
    Shown.OPEN: N_("waiting"),
    Shown.CLAIMED: N_("being reviewed"),
    Shown.SNOOZED: N_("put off"),
    Shown.PROPOSED: N_("to be approved"),
    Shown.CLOSED: N_("finished"),
}

PRIORITIES: Final[Mapping[str, str]] = {
    "urgent": N_("urgent"),
    "high": N_("high"),
    "normal": N_("normal"),
    "low": N_("low"),
}

KINDS: Final[Mapping[str, str]] = {
    Kind.OPENED: N_("Opened"),
    Kind.CLAIMED: N_("Claimed"),
    Kind.TAKEN_OVER: N_("Taken over"),
    Kind.RELEASED: N_("Given back"),
    Kind.LAPSED: N_("The claim ended"),
    Kind.SNOOZED: N_("Put off"),
    Kind.WOKEN: N_("Waits again"),
    Kind.PROPOSED: N_("Proposed"),
    Kind.RETURNED: N_("Returned"),
    Kind.APPROVED: N_("Approved and concluded"),
    Kind.CONCLUDED: N_("Concluded"),
    Kind.LOOKED: N_("Second look ended"),
    Kind.CLOSED: N_("Closed without a conclusion"),
    Kind.NOTED: N_("Something new came"),
    Kind.ESCALATED: N_("Priority raised"),
}

PARTS: Final[Mapping[str, str]] = {
    "facts": N_("facts of the callback or the result"),
    "reasons": N_("reasons of the decision"),
    "policy": N_("policy"),
    "documents": N_("documents that arrived"),
    "reviews": N_("earlier reviews, or what is proposed"),
}

DOCUMENTS: Final[Mapping[str, str]] = {
    "notify": N_("callback"),
    "return": N_("callback by the browser"),
    "result": N_("result"),
}

LOOKS: Final[Mapping[str, str]] = {
    "urgent": "no",
    "high": "ask",
    Shown.CLAIMED: "ask",
    Shown.PROPOSED: "ask",
    Shown.CLOSED: "ok",
}
"""The class of a word's pill in the stylesheet; other words have none."""


def reason_text(code: str, language: str) -> str:
    """What the code of a conclusion means, in the reader's language."""
    return in_words(code)[language]


def who(actor: str) -> str:
    """The name of an actor as pages show it: a person by name alone."""
    kind, _, name = actor.partition(":")
    return name if kind == "person" else actor
