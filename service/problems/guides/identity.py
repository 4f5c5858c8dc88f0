"""Problems of identity: reading, searching, exporting and erasing it."""

from typing import Final

from service.problems.guides.guide import Guide

IDENTITY: Final = {
    "reason_required": Guide(
        "api", "The reason for a look at identity is blank.", "Say why: it is in the audit."
    ),
    "reason_has_number": Guide(
        "api", "The reason has an ID number. The audit keeps reasons for years.", "Name a ticket instead."
    ),
    "number_empty": Guide("api", "The ID number is blank.", "Send the number."),
    "number_letters": Guide(
        "api",
        "The ID number has something other than digits, or an X that is not the last of 18 characters. "
        "Blanks, hyphens and full-width digits are understood.",
        "Ask for the number again.",
    ),
    "number_length": Guide("api", "The ID number has neither 15 nor 18 digits.", "Ask for it again."),
    "number_check_digit": Guide(
        "api", "The check digit does not follow from the others.", "One digit is wrong, or two are swapped."
    ),
    "number_limit": Guide(
        "api",
        "`orders_of_number` verifications of this ID number were ordered or decided in the last 24 hours. "
        "The vendor was not called.",
        "Order again later. Many of these are a sign of an attack on one person.",
    ),
    "identity_limit": Guide(
        "api",
        "The person or the token has made `identity_reads_a_day` reads, searches and exports today (UTC). "
        "The first refusal of a day is in the audit.",
        "Go on tomorrow, or ask an operator to raise the limit.",
    ),
    "legal_hold": Guide(
        "api",
        "A legal hold is on the verification: nothing of it is erased.",
        "Lift the hold first, if you may.",
    ),
    "already_erased": Guide(
        "api",
        "A hold comes too late: the identity is erased, or an erasure has begun.",
        "Nothing can be kept any more.",
    ),
    "no_key_store": Guide(
        "api",
        "Without `FACEID_KEYS_URL` there is no erasure ledger, so a restored backup would bring the identity "
        "back. Nothing was erased.",
        "Set up [a key store](../operations.md#keys), then ask again.",
    ),
}
