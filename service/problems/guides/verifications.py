"""Problems of orders, lookups and pulls."""

from typing import Final

from service.problems.guides.guide import Guide

VERIFICATIONS: Final = {
    "not_decided": Guide(
        "api",
        "There is no decision to explain yet.",
        "Look the verification up with `wait` first.",
    ),
    "unreadable": Guide(
        "api",
        "No configured master key can decrypt this dead letter or verification.",
        "Put the missing key back, restart the api, retry.",
    ),
    "policy_invalid": Guide(
        "api",
        "The candidate policy cannot be used; `detail` names line and key.",
        "Correct the file; try `faceid-gateway policy check`.",
    ),
    "app_not_configured": Guide(
        "api",
        "The app has no `notify_url` or no `return_url`, so the api cannot order verifications for it.",
        "Set both, restart the api.",
    ),
    "registration_conflict": Guide(
        "api",
        "This `biz_id` is registered or decided with a different `biz_no`, or belongs to another app with "
        "the same vendor account. What is stored does not change.",
        "Two orders were mixed up, by mistake or on purpose: look at the timeline.",
    ),
    "not_registered": Guide(
        "api",
        "The app requires registration, and this verification is not registered: it is stored, not decided.",
        "Register it with `PUT`.",
    ),
    "flow_not_ended": Guide(
        "api",
        "No final callback has arrived and the token is still valid: a call now could destroy the result. "
        "`Retry-After` runs until the token expires, if that is known.",
        "Wait for `Retry-After`.",
    ),
    "pull_too_early": Guide(
        "api",
        "A call is in progress or already requested, or the last one was less than `pull_spacing` ago.",
        "Try again after `Retry-After`.",
    ),
    "no_pull_left": Guide(
        "api",
        "All three calls are spent, or the vendor no longer keeps the result.",
        "Decide on the evidence that is stored.",
    ),
    "vendor_refused": Guide(
        "api",
        "`get_token` was refused (`vendor_error` is the vendor's error, such as `BAD_ARGUMENTS` with "
        "`argument`, or `AUTHENTICATION_ERROR`), or its answer cannot be read (`UNREADABLE_ANSWER`, "
        "`ANSWER_TOO_LARGE`, `HTTP_302`).",
        "Correct the order, or the app's settings.",
    ),
    "vendor_unavailable": Guide(
        "api",
        "The vendor cannot be reached, is too slow, failing or overloaded (`CONNECTION_FAILED`, `TIMEOUT`, "
        "`INTERNAL_ERROR`, `CONCURRENCY_LIMIT_EXCEEDED`, …).",
        "Try again after `Retry-After`; with a new `biz_no` if the vendor objects to the old one.",
    ),
}
