"""Log events of the ingress, the api and of every process."""

from typing import Final

from adapters.logs.event import LogEvent

EDGE_EVENTS: Final = {
    "callback.refused": LogEvent(
        "warning",
        "ingress",
        "A request was refused; `code` says why ([error codes](errors.md)). `app_id` is null where the "
        "address names no app of the settings: to the sender, an unknown app and a wrong signature look "
        "alike. Neither path nor body is logged.",
    ),
    "migration.waits": LogEvent(
        "warning",
        "`dev`, `demo`",
        "Another session holds a lock (`detail`: its process, application and age).",
    ),
    "connections.refused": LogEvent(
        "warning",
        "ingress, api",
        "Over the last ten seconds or more, `count` requests or connections were refused before HTTP could "
        "answer. `code`: `malformed_request`, `headers_too_large`, `body_too_large`, `request_timeout` (no "
        "complete head in time), or `too_many_connections` (closed in favour of newer ones).",
    ),
    "open_files.few": LogEvent(
        "warning",
        "ingress, api",
        "The system allows too few open files for `max_connections`, so the limit is `count` connections; "
        "raise LimitNOFILE.",
    ),
    "setting.unknown": LogEvent(
        "warning",
        "any",
        "`setting` starts like a setting of ours and is none of this version: another program's, or a "
        "typing error. It is not read.",
    ),
    "server.refuses": LogEvent(
        "error",
        "any",
        "At the start, the server of `setting` answered but cannot be used; `detail` says why (password, "
        "database, schema, privilege …). The role runs, and works once that is corrected.",
    ),
    "redis.away": LogEvent(
        "warning",
        "ingress",
        "Redis could not be used at the start (`detail`); callbacks go to the spool until it can.",
    ),
    "redis.not_durable": LogEvent(
        "error",
        "ingress",
        "At the start, Redis is configured to lose what it takes (`detail`), or its append-only file is "
        "still being switched on. Callbacks go to the spool until that is corrected. Without a spool the "
        "ingress does not start, unless waiting helps.",
    ),
    "redis.circuit_opened": LogEvent(
        "warning",
        "ingress",
        "A write failed or took too long (`error`); with `detail`, a setting of Redis would lose "
        "callbacks. Callbacks go to the spool.",
    ),
    "redis.circuit_closed": LogEvent(
        "info",
        "ingress",
        "Redis takes writes again, after `attempts` failed attempts.",
    ),
    "redis.full": LogEvent(
        "warning",
        "ingress",
        "Redis uses `bytes`, as much as the ingress may fill; callbacks go to the spool.",
    ),
    "redis.has_room": LogEvent("info", "ingress", "Redis has room again."),
    "spool.opened": LogEvent("info", "ingress", "The process uses sub-folder `n`."),
    "spool.recovered": LogEvent(
        "warning",
        "ingress",
        "An earlier process left `bytes` in `segments`; they are drained now.",
    ),
    "spool.truncated": LogEvent("warning", "ingress", "`bytes` of an unfinished write were cut off."),
    "spool.written": LogEvent("info", "ingress", "A batch of `callbacks` is on disk."),
    "spool.drained": LogEvent(
        "info",
        "ingress",
        "A segment's `count` batches are in the inbox; the segment is deleted.",
    ),
    "spool.adopted": LogEvent(
        "warning",
        "ingress",
        "The process drains sub-folder `n`, whose own process is gone.",
    ),
    "spool.full": LogEvent(
        "error",
        "ingress",
        "The spool could not take a batch (`detail`, `error`). Logged once until it takes one again.",
    ),
    "spool.damaged": LogEvent(
        "error",
        "ingress",
        "A segment is set aside as `.bad`; see [The spool](../operations.md#the-spool).",
    ),
    "spool.unreadable": LogEvent(
        "error",
        "ingress",
        "A segment cannot be read now (`error`, `n`); it is tried again. Logged once per segment.",
    ),
    "spool.set_aside": LogEvent(
        "warning",
        "ingress",
        "At the start, the spool folder holds `bytes` of damaged segments.",
    ),
    "spool.orphan_unusable": LogEvent(
        "warning",
        "ingress",
        "Sub-folder `n` cannot be opened or repaired (`error`); check its permissions. It is tried again. "
        "Logged once.",
    ),
    "spool.drain_failed": LogEvent(
        "error",
        "ingress",
        "Draining failed; it is tried again two seconds later. The place is in `exception`.",
    ),
    "spool.failed": LogEvent(
        "critical",
        "ingress",
        "An fsync failed, or the file was deleted; the process ends with 1.",
    ),
    "rates.counted_alone": LogEvent(
        "warning",
        "api",
        "Redis takes no counts (`error`): this process counts orders, registrations and pulls by itself.",
    ),
    "verification.ordered": LogEvent(
        "info",
        "api",
        "The vendor issued a token, and the verification is registered.",
    ),
    "verification.not_ordered": LogEvent(
        "warning",
        "api",
        "`get_token` brought no token; `error` is the vendor's word.",
    ),
    "nudge.not_announced": LogEvent(
        "warning",
        "ingress",
        "Redis is away: a returning browser does not hasten anything. Logged once per outage.",
    ),
    "heartbeat.failed": LogEvent(
        "warning",
        "any",
        "The heartbeat could not be written. Logged once per outage.",
    ),
    "metrics.incomplete": LogEvent(
        "warning",
        "api",
        "A server was away when the metrics were read; its figures are left out.",
    ),
    "api.unavailable": LogEvent("warning", "api", "A lookup needed a server that is away (503)."),
    "ingress.failed": LogEvent(
        "error",
        "ingress",
        "A defect while a callback was taken (500); the place is in `exception`.",
    ),
    "serving.failed": LogEvent(
        "error",
        "ingress, api",
        "The listener ended by itself; the process ends with 1 and must be started again by its supervisor.",
    ),
    "api.failed": LogEvent("error", "api", "A defect (500); the place is in `exception`."),
    "identity.unreadable": LogEvent(
        "error",
        "api",
        "No configured master key opens a row; it is shown without identity.",
    ),
    "library.message": LogEvent(
        "warning, error",
        "any",
        "A message of a library: its template without the values.",
    ),
}
