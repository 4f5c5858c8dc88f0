"""What the console calls the words of the domain; templates translate them."""

from collections.abc import Mapping
from typing import Final

from domain.events.webhooks.mistakes import Mistake
from domain.policy.reasons import TEXTS, Code
from service.console.app.languages import N_

OUTCOMES: Final[Mapping[str, str]] = {
    "approved": N_("approved"),
    "rejected": N_("rejected"),
    "review": N_("review"),
    "incomplete": N_("incomplete"),
}

STATES: Final[Mapping[str, str]] = {
    "created": N_("registered, no callback yet"),
    "received": N_("received, not decided yet"),
    "decided": N_("decided"),
    "expired": N_("expired without a callback"),
}

BASES: Final[Mapping[str, str]] = {
    "confirmed": N_("callback and result agree"),
    "callback": N_("the callback alone"),
    "result": N_("the result alone"),
}

AGREEMENTS: Final[Mapping[str, str]] = {
    "agree": N_("Callback and result agree."),
    "disagree": N_("Callback and result disagree."),
    "unconfirmed": N_("There is only the callback."),
    "result_only": N_("There is only the result."),
}

MODES: Final[Mapping[str, str]] = {
    "required": N_("required"),
    "preferred": N_("preferred"),
    "off": N_("off"),
}

VERDICTS: Final[Mapping[str, str]] = {
    "passed": N_("passed"),
    "ignored": N_("ignored"),
    "review": N_("review"),
    "reject": N_("reject"),
}

RULES: Final[Mapping[str, str]] = {
    "status": N_("How the flow ended"),
    "genuineness": N_("Signs of an attack"),
    "liveness": N_("Liveness"),
    "verify_error": N_("Errors of the check"),
    "face": N_("Face comparison"),
    "id_exceptions": N_("The authority's record"),
    "will": N_("Declaration of intent"),
    "multifaces": N_("Several faces"),
    "id_card": N_("ID card"),
    "registration": N_("Registered order"),
    "velocity": N_("Verifications of the ID number"),
    "payload": N_("Doubtful payload"),
    "confirmation": N_("Confirmation by the result"),
}

CALLS: Final[Mapping[str, str]] = {
    "reserved": N_("in flight"),
    "done": N_("answered"),
    "not_sent": N_("not sent"),
    "unknown": N_("no answer"),
}

CIRCUITS: Final[Mapping[str, str]] = {
    "closed": N_("closed"),
    "open": N_("open"),
    "half_open": N_("being tried"),
}

DELIVERIES: Final[Mapping[str, str]] = {
    "pending": N_("pending"),
    "delivered": N_("delivered"),
    "failed": N_("failed"),
}

FACTS: Final[Mapping[str, str]] = {
    "status": N_("Status"),
    "liveness": N_("Liveness"),
    "procedure_type": N_("Procedure"),
    "genuineness": N_("Attack score"),
    "comparisons": N_("Face comparison"),
    "error_message": N_("Error"),
    "id_attacked": N_("Number used in an attack"),
    "id_photo_monochrome": N_("Photo is black and white"),
    "will": N_("Declaration of intent"),
    "multifaces_tag": N_("Several faces"),
    "attempts": N_("Failed attempts"),
    "legality": N_("Card is genuine"),
    "qualities": N_("Quality of the card"),
    "illogical": N_("Illogical fields"),
    "card": N_("Validity of the card"),
    "registration": N_("Registered order"),
    "velocity": N_("Others with the ID number"),
    "unreadable": N_("Unreadable members"),
    "repeated": N_("Repeated members"),
    "irregular": N_("Irregular members"),
}
"""The facts that a page shows; the edition is not one."""

TIMELINE: Final[Mapping[str, str]] = {
    "verification.registered": N_("Registered"),
    "callback.received": N_("Callback received"),
    "callback.conflict": N_("Callback contradicts the registration"),
    "callback.held": N_("Waits for its registration"),
    "callback.released": N_("Registered, so it goes on"),
    "browser.returned": N_("The user's browser came back"),
    "pull.requested": N_("An operator asked for a call"),
    "pull.finished": N_("Call of get_result ended"),
    "decision.saved": N_("Decided"),
    "result.obtained": N_("Result came after the decision"),
    "result.unavailable": N_("No result after the decision"),
    "verification.expired": N_("Expired: no callback came, and the vendor keeps no result"),
    "registration.conflict": N_("Registered for another order"),
    "review.opened": N_("Review case opened"),
    "review.noted": N_("Something new came for the review case"),
    "review.proposed": N_("A conclusion is proposed"),
    "review.returned": N_("The proposal is returned"),
    "review.concluded": N_("A person concluded"),
    "review.closed": N_("Review case closed without a conclusion"),
    "verification.reviewed": N_("A person concluded"),
    "verification.erased": N_("Identity erased"),
    "hold.placed": N_("Legal hold placed"),
    "hold.lifted": N_("Legal hold lifted"),
    "verification.moved": N_("Moved to the app that owns it"),
}

PLACES: Final[Mapping[str, str]] = {
    "data_key": N_("Data key"),
    "identity": N_("Name and ID number"),
    "callbacks": N_("Raw callbacks"),
    "results": N_("Raw results"),
    "notes": N_("Notes of reviewers"),
    "dead_letters": N_("Dead letters"),
    "id_numbers": N_("Hash of the ID number"),
    "pictures": N_("Pictures"),
    "inbox": N_("Callbacks in the inbox"),
    "spool": N_("Callbacks in the spool"),
}

LETTERS: Final[Mapping[str, str]] = {
    "missing_biz_id": N_("no biz_id in the payload"),
    "bad_biz_id": N_("the biz_id has an unexpected shape"),
    "malformed_payload": N_("the payload cannot be read"),
    "processing_failed": N_("processing failed: a defect of the gateway"),
    "kills_worker": N_("workers ended while they processed it"),
}

DISABLED: Final[Mapping[str, str]] = {
    "by_hand": N_("disabled by hand"),
    "gone": N_("disabled: the receiver answered 410"),
    "failing": N_("disabled: it failed for five days"),
}

FAULTS: Final[Mapping[str, str]] = {
    "receiver": N_("the receiver"),
    "dns": "DNS",
    "proxy": N_("the proxy"),
    "ours": N_("this gateway"),
}

FORMATS: Final[Mapping[str, str]] = {
    "thin": N_("thin: without scores"),
    "full": N_("full: with scores and levels"),
    "cloudevents": "CloudEvents 1.0",
}

SIGNATURES: Final[Mapping[str, str]] = {
    "standard": "Standard Webhooks",
    "form-sha1": N_("form with sha1, as the vendor signs"),
}

MISTAKES: Final[Mapping[str, str]] = {
    Mistake.URL_NOT_HTTP: N_("The URL is not http:// or https:// with a host."),
    Mistake.URL_WITH_CREDENTIALS: N_("The URL has a user or a password. Use a header instead."),
    Mistake.URL_WITH_FRAGMENT: N_("The URL has a fragment (#)."),
    Mistake.ADDRESS_REFUSED: N_("The URL leads to an address that webhooks are not sent to."),
    Mistake.ADDRESS_UNRESOLVABLE: N_("The host of the URL cannot be resolved."),
    Mistake.UNKNOWN_EVENT_TYPE: N_("One of the types matches no event."),
    Mistake.HEADER_RESERVED: N_("A header is set by the gateway or by HTTP itself."),
    Mistake.HEADER_INVALID: N_("A header is not a valid name with a value of printable ASCII."),
    Mistake.CERTIFICATE_INVALID: N_("A certificate is not PEM that can be used."),
    Mistake.TOO_MANY_ENDPOINTS: N_("The app has as many endpoints as it may have."),
    Mistake.TOO_MANY_SECRETS: N_("Too many earlier secrets are still valid. Wait until one ends."),
}

ENDPOINTS: Final[Mapping[str, str]] = {
    "enabled": N_("enabled"),
    "disabled": N_("disabled"),
}

NOTES: Final[Mapping[str, str]] = {
    "last_error": N_("last error"),
    "circuit": N_("vendor circuit"),
    "refused": N_("vendor refuses"),
    "redis_circuit": N_("Redis circuit"),
    "keys": N_("key store away, epoch keys left for"),
}

LOOKS: Final[Mapping[str, str]] = {
    "approved": "ok",
    "rejected": "no",
    "review": "ask",
    "reject": "no",
    "passed": "ok",
    "delivered": "ok",
    "failed": "no",
    "pending": "ask",
    "enabled": "ok",
    "disabled": "no",
    "unknown": "no",
    "done": "ok",
}
"""The class of a word's pill in the stylesheet; other words have none."""

_LANGUAGES: Final = ("en", "zh")


def reason_text(code: str, language: str) -> str:
    """What a reason code means, in the reader's language; a code of another version is shown as it is."""
    try:
        return TEXTS[Code(code)][_LANGUAGES.index(language)]
    except ValueError:
        return code
