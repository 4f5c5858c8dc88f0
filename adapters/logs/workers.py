"""Log events of workers; other processes write some of them too."""

from typing import Final

from adapters.logs.event import LogEvent

WORKER_EVENTS: Final = {
    "apps.share_account": LogEvent(
        "warning",
        "ingress, api, worker",
        "The `count` apps in `detail` share an `api_key` or an API_SECRET: each `biz_id` belongs to the "
        "app that registers it, or to the first that receives it.",
    ),
    "keys.away": LogEvent(
        "warning",
        "api, worker",
        "The key store cannot be used; `detail` says why. What needs an epoch key that the process does not "
        "have waits: callbacks stay in the inbox, registrations get a 503.",
    ),
    "epoch.unreadable": LogEvent(
        "error",
        "api, worker",
        "No configured master key opens the key of an epoch, so its data is unreadable. A master key is "
        "missing from FACEID_MASTER_KEYS.",
    ),
    "worker.started": LogEvent("info", "worker", "The worker is ready."),
    "audit.block_closed": LogEvent(
        "info",
        "worker",
        "A block was closed over `count` rows of the audit; `height` and `hash` are its anchor.",
    ),
    "clock.jumped": LogEvent(
        "warning",
        "worker",
        "The wall clock jumped by `seconds` (NTP, a resumed machine); the sweeps are rescheduled.",
    ),
    "clock.failed": LogEvent(
        "error",
        "worker",
        "A bug; PostgreSQL's time was not read. The worker continues with the time it has, and retries "
        "after two seconds.",
    ),
    "worker.interrupted": LogEvent(
        "warning",
        "worker",
        "arq's loop ended because Redis is away; it is restarted.",
    ),
    "batch.recorded": LogEvent(
        "info",
        "worker",
        "A group of `callbacks` is recorded; `count` of them are decided at once.",
    ),
    "batch.postponed": LogEvent(
        "warning",
        "worker",
        "Redis or PostgreSQL is away. Logged once until a group is recorded again.",
    ),
    "batch.failed": LogEvent("error", "worker", "A bug; the group is claimed again when its lease ends."),
    "batch.swept": LogEvent(
        "warning",
        "worker",
        "A claim's lease ended; the batch is claimed again, alone, after `attempts` processing attempts.",
    ),
    "redis.shared": LogEvent(
        "error",
        "worker",
        "Another gateway uses the same Redis database and prefix (`detail`): give each its own "
        "`FACEID_REDIS_PREFIX`.",
    ),
    "verifications.unconfigured": LogEvent(
        "warning",
        "worker",
        "`count` verifications are due, but their app is not configured here; they wait. Configure the app "
        "again, or find out why this worker lacks it.",
    ),
    "batch.unreadable": LogEvent(
        "error",
        "worker",
        "No configured master key decrypts the batch; it is kept aside and tried every hour.",
    ),
    "callback.failed": LogEvent(
        "error",
        "worker",
        "A bug, or a value that PostgreSQL refuses; the callback becomes a dead letter.",
    ),
    "callback.dead_letter": LogEvent("warning", "worker", "A callback became a dead letter (`reason`)."),
    "policy.in_force": LogEvent(
        "info",
        "api, worker",
        "A policy file was read at the start or at a reload; `detail` names it and its version.",
    ),
    "policy.broken": LogEvent(
        "error",
        "api, worker",
        "A policy file cannot come into force; `detail` names file, line and key. The last good version "
        "stays in force.",
    ),
    "policies.reloaded": LogEvent(
        "info",
        "api, worker",
        "The files were read again (`reason`: a signal or a request); `count` of them cannot come into "
        "force.",
    ),
    "policy.unchecked": LogEvent(
        "warning",
        "worker",
        "PostgreSQL was away at the start (`error`): the policy files were not compared with those of "
        "earlier decisions.",
    ),
    "decision.saved": LogEvent("info", "worker", "A verification is decided (`verification_id`, `outcome`)."),
    "verification.postponed": LogEvent(
        "info",
        "worker",
        "The verification waits for its next pull; with `error`: a server was away, and it is due when its "
        "lease ends.",
    ),
    "verifications.due": LogEvent(
        "info",
        "worker",
        "The sweep picks up `count` due verifications.",
    ),
    "verification.expired": LogEvent(
        "warning",
        "worker",
        "No callback and no result arrived, and the vendor no longer keeps the result.",
    ),
    "verification.held": LogEvent(
        "info",
        "worker",
        "The app requires registration, and the verification is not registered.",
    ),
    "verifications.released": LogEvent(
        "info",
        "worker",
        "`count` verifications were held, and their apps no longer require registration.",
    ),
    "verification.unreadable": LogEvent(
        "error",
        "worker",
        "No configured master key decrypts it, or its person was erased; postponed for an hour.",
    ),
    "verification.undecodable": LogEvent(
        "error",
        "worker",
        "Its stored callback can no longer be read; a bug in the gateway.",
    ),
    "verification.pulled": LogEvent(
        "info",
        "worker",
        "An operator requested a call after the decision; `reason` is the result.",
    ),
    "pull.waits_for_ledger": LogEvent(
        "warning",
        "worker",
        "PostgreSQL cannot store an answer (`error`); it is kept in memory and retried for as long as the "
        "process runs.",
    ),
    "pull.lost": LogEvent(
        "error",
        "worker",
        "The worker ended with an answer that PostgreSQL had not stored; that call is spent.",
    ),
    "pull.not_kept": LogEvent(
        "error",
        "worker",
        "The ledger refused an answer five times: the verification is decided with it, if its lease is still "
        "valid.",
    ),
    "pictures.away": LogEvent(
        "warning",
        "worker",
        "The store of pictures does not take what is put (`detail`); it is not tried for 10 s.",
    ),
    "pictures.lost": LogEvent(
        "error",
        "worker",
        "`count` pictures of a result are lost, since their store is away; the decision does not need them.",
    ),
    "pictures.not_kept": LogEvent(
        "error", "worker", "The pictures of a result are lost by a bug in the gateway."
    ),
    "pull.interrupted": LogEvent("debug", "worker", "A call whose job was cancelled ended with `error`."),
    "pull.misconfigured": LogEvent(
        "error",
        "worker",
        "The vendor refuses the app's key, secret or address (`error`): [the vendor refuses our "
        "credentials](../operations.md#the-vendor-refuses-our-credentials).",
    ),
    "vendor.circuit": LogEvent(
        "warning",
        "worker",
        "An app's calls stop after several faults in a row, or resume (`state`, `error`).",
    ),
    "settlement.not_announced": LogEvent(
        "warning",
        "api, worker",
        "A message was lost, or a server is away; the sweep picks the verification up. Logged once per "
        "outage.",
    ),
    "settlement.postponed": LogEvent(
        "warning",
        "api, worker",
        "A server is away; the sweep picks the verification up. Logged once per outage.",
    ),
    "nudge.failed": LogEvent(
        "warning",
        "worker",
        "PostgreSQL is away: a returning browser does not speed up the pull. Logged once per outage.",
    ),
    "verifications.given_an_end": LogEvent(
        "info",
        "worker",
        "`count` flows that an older version's worker left without a due time become `expired` a day after "
        "their callback.",
    ),
    "verifications.listed": LogEvent(
        "info",
        "worker",
        "`count` verifications that an older version's worker decided are now listed by their outcome.",
    ),
    "verifications.modes_listed": LogEvent(
        "info",
        "worker",
        "`count` verifications that an older version's worker decided are now listed by mode.",
    ),
    "verifications.reasons_listed": LogEvent(
        "info",
        "worker",
        "`count` verifications that an older version's worker decided are now listed by their reasons.",
    ),
    "settlement.failed": LogEvent(
        "error",
        "worker",
        "A verification was not decided, or due ones could not be claimed; it is due again.",
    ),
    "sweep.failed": LogEvent(
        "warning",
        "worker",
        "`job_id` names the sweep; the next one retries. Logged once per outage, with a traceback if it "
        "is a bug. If it repeats, see [No worker works](../operations.md#no-worker-works).",
    ),
    "deliveries.postponed": LogEvent(
        "warning",
        "worker",
        "PostgreSQL is away; deliveries wait, and an attempt under way may be repeated under the same "
        "`webhook-id`. Logged once per outage, and for each attempt whose end could not be written.",
    ),
    "deliveries.broken": LogEvent(
        "error", "worker", "A bug; what was claimed is due again when its lease ends."
    ),
    "delivery.failed": LogEvent(
        "warning",
        "worker",
        "A delivery has ended without success (`error`): its schedule is used up, or it is no longer wanted.",
    ),
    "delivery.late": LogEvent(
        "warning",
        "worker",
        "An attempt took longer than its lease, and another worker has the delivery: its end is not written.",
    ),
    "alert.sent": LogEvent(
        "info", "worker", "A sink (`detail`, `kind`) took a message about `count` events."
    ),
    "alert.failed": LogEvent(
        "warning",
        "worker",
        "A sink (`detail`, `kind`) did not take a message (`error`); it is sent again: "
        "[alerts](../operations.md#alerts).",
    ),
    "job.failed": LogEvent("error", "worker", "A job ended with an error while its worker was stopping."),
    "policies.activated": LogEvent(
        "info",
        "worker",
        "`count` policies came into force: new ones, or other texts of known ones. Each has an event "
        "`policy.activated`.",
    ),
    "announcement.failed": LogEvent(
        "warning",
        "worker",
        "A client that waits for the decision gets it a second later.",
    ),
    "announcements.interrupted": LogEvent(
        "warning",
        "api, worker",
        "Redis is away: `wait` answers only when its time is over, and requests to reload policies do "
        "not arrive. `detail` names the channel. Logged once per outage of each channel.",
    ),
}
