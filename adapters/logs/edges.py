"""Log events of the ingress, of the api, and of every process."""

from typing import Final

from adapters.logs.event import LogEvent

EDGE_EVENTS: Final = {
    "callback.refused": LogEvent(
        "warning",
        "ingress",
        "A request was refused; `code` says why ([error codes](errors.md)). `app_id` is null if the "
        "address names no configured app: the sender gets the same answer for an unknown app as for a wrong "
        "signature. Neither path nor body is logged.",
    ),
    "audit.denial_lost": LogEvent(
        "warning",
        "api",
        "`actor` asked for what its rights do not allow, and PostgreSQL was away: the audit has no row.",
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
        "complete head in time), or `too_many_connections` (closed in favour of newer connections).",
    ),
    "events.broken": LogEvent(
        "error", "api", "A bug; until it passes, each stream and each waiting reader asks PostgreSQL itself."
    ),
    "events.interrupted": LogEvent(
        "warning",
        "api",
        "PostgreSQL is away: streams of events and waiting readers get nothing new until it is back. Logged "
        "once per outage.",
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
        "`setting` has our prefix but is not a setting of this version: it belongs to another program, or "
        "is misspelled. It is ignored.",
    ),
    "server.refuses": LogEvent(
        "error",
        "any",
        "At the start, the server of `setting` answered but cannot be used; `detail` says why (password, "
        "database, schema, privilege …). The role runs, and works once this is corrected.",
    ),
    "redis.away": LogEvent(
        "warning",
        "ingress",
        "Redis could not be used at the start (`detail`); callbacks go to the spool until it can.",
    ),
    "redis.not_durable": LogEvent(
        "error",
        "ingress",
        "At the start, Redis is configured so that it can lose writes (`detail`), or its append-only file "
        "is still being created. Callbacks go to the spool until this is corrected. Without a spool the "
        "ingress does not start, unless waiting helps.",
    ),
    "redis.circuit_opened": LogEvent(
        "warning",
        "ingress",
        "A write failed or took too long (`error`); with `detail`, a setting of Redis could lose "
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
        "Redis uses `bytes` of memory, as much as the ingress may fill; callbacks go to the spool.",
    ),
    "redis.has_room": LogEvent("info", "ingress", "Redis has memory again."),
    "spool.opened": LogEvent("info", "ingress", "The process uses sub-folder `n`."),
    "spool.recovered": LogEvent(
        "warning",
        "ingress",
        "An earlier process left `bytes` in `segments`; they are drained now.",
    ),
    "spool.truncated": LogEvent("warning", "ingress", "`bytes` of an unfinished write were removed."),
    "spool.written": LogEvent("info", "ingress", "A batch of `callbacks` is on disk."),
    "spool.drained": LogEvent(
        "info",
        "ingress",
        "A segment's `count` batches are in the inbox; the segment is deleted.",
    ),
    "spool.adopted": LogEvent(
        "warning",
        "ingress",
        "The process drains sub-folder `n`, whose own process no longer runs.",
    ),
    "spool.full": LogEvent(
        "error",
        "ingress",
        "The spool could not take a batch (`detail`, `error`); see [The spool](../operations.md#the-spool). "
        "Logged once until it takes one again.",
    ),
    "spool.unwritable": LogEvent(
        "error",
        "ingress",
        "A small file could not be written to the spool (`detail`, `error`); see "
        "[The spool](../operations.md#the-spool). It is tried every 5 s, and logged once.",
    ),
    "spool.made_again": LogEvent(
        "warning",
        "ingress",
        "Sub-folder `n` was gone and is there again; what it held was moved or deleted.",
    ),
    "spool.damaged": LogEvent(
        "error",
        "ingress",
        "A segment is set aside as `.bad`; see [The spool](../operations.md#the-spool).",
    ),
    "spool.unreadable": LogEvent(
        "error",
        "ingress",
        "A segment cannot be read now (`error`, `n`); it is retried. Logged once per segment.",
    ),
    "spool.set_aside": LogEvent(
        "warning",
        "ingress",
        "At the start, the spool folder holds `bytes` of damaged segments.",
    ),
    "spool.orphan_unusable": LogEvent(
        "warning",
        "ingress",
        "Sub-folder `n` cannot be opened or repaired (`error`); check its permissions. It is retried. "
        "Logged once.",
    ),
    "spool.drain_failed": LogEvent(
        "error",
        "ingress",
        "Draining failed; it is retried after two seconds. `exception` shows where.",
    ),
    "spool.failed": LogEvent(
        "critical",
        "ingress",
        "An fsync failed, or the file was deleted; the process exits with 1.",
    ),
    "rates.counted_alone": LogEvent(
        "warning",
        "api",
        "Redis cannot count (`error`): this process limits orders, registrations and pulls by itself.",
    ),
    "verification.ordered": LogEvent(
        "info",
        "api",
        "The vendor issued a token, and the verification is registered.",
    ),
    "verification.not_ordered": LogEvent(
        "warning",
        "api",
        "`get_token` brought no token; `error` is the vendor's error.",
    ),
    "endpoint.created": LogEvent("info", "api", "`actor` created webhook endpoint `endpoint_id`."),
    "endpoint.changed": LogEvent("info", "api", "`actor` changed it."),
    "endpoint.secret_rotated": LogEvent(
        "info", "api", "`actor` rotated its secret; the earlier one stays valid for a while."
    ),
    "endpoint.enabled": LogEvent("info", "api", "`actor` enabled it; it gets the events from now on."),
    "endpoint.disabled": LogEvent("info", "api", "`actor` disabled it; it gets no more events."),
    "delivery.restarted": LogEvent("info", "api", "`actor` had delivery `delivery_id` sent again."),
    "deliveries.restarted": LogEvent(
        "info",
        "api",
        "`actor` had `count` deliveries sent again; with `endpoint_id`: what that endpoint missed.",
    ),
    "endpoint.deleted": LogEvent("info", "api", "`actor` deleted it with its secrets."),
    "nudge.not_announced": LogEvent(
        "warning",
        "ingress",
        "Redis is away: a returning browser does not speed up the pull. Logged once per outage.",
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
    "console.incomplete": LogEvent(
        "warning",
        "console",
        "A server was away or slow when the first screen was read; its figures are left out.",
    ),
    "console.unavailable": LogEvent("warning", "console", "A page needed a server that is away (503)."),
    "console.failed": LogEvent("error", "console", "A bug (500); `exception` shows where."),
    "api.unavailable": LogEvent("warning", "api", "A lookup needed a server that is away (503)."),
    "ingress.failed": LogEvent(
        "error",
        "ingress",
        "A bug while a callback was accepted (500); `exception` shows where.",
    ),
    "serving.failed": LogEvent(
        "error",
        "ingress, api",
        "The listener stopped unexpectedly; the process exits with 1 and its supervisor must restart it.",
    ),
    "api.failed": LogEvent("error", "api", "A bug (500); `exception` shows where."),
    "identity.unreadable": LogEvent(
        "error",
        "api",
        "No configured master key decrypts a row; it is shown without identity.",
    ),
    "library.message": LogEvent(
        "warning, error",
        "any",
        "A message of a library: its template without the values.",
    ),
}
