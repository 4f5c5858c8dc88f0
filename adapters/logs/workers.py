"""Log events of workers, some of which other processes write too."""

from typing import Final

from adapters.logs.event import LogEvent

WORKER_EVENTS: Final = {
    "apps.share_account": LogEvent(
        "warning",
        "ingress, api, worker",
        "The `count` apps in `detail` share an `api_key` or an API_SECRET: each `biz_id` belongs to the "
        "app that registers it, or to the first that receives it.",
    ),
    "worker.started": LogEvent("info", "worker", "The worker is ready."),
    "clock.jumped": LogEvent(
        "warning",
        "worker",
        "The wall clock jumped by `seconds` (NTP, a resumed machine); the sweeps are rescheduled.",
    ),
    "clock.failed": LogEvent(
        "error",
        "worker",
        "A defect; PostgreSQL's time was not read. The worker goes on with the time it knows, and reads "
        "again two seconds later.",
    ),
    "worker.interrupted": LogEvent(
        "warning",
        "worker",
        "arq's loop ended because Redis is away; it is started again.",
    ),
    "batch.recorded": LogEvent(
        "info",
        "worker",
        "A group of `callbacks` is recorded; `count` of them are decided now.",
    ),
    "batch.postponed": LogEvent(
        "warning",
        "worker",
        "Redis or PostgreSQL is away. Logged once until a group is recorded again.",
    ),
    "batch.failed": LogEvent("error", "worker", "A defect; the group is claimed again when its lease ends."),
    "batch.swept": LogEvent(
        "warning",
        "worker",
        "The lease of a claim ended; the batch is claimed again, alone, after `attempts` starts.",
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
        "`count` verifications are due whose app is not configured here; they wait. Configure the app "
        "again, or find out why a worker lacks it.",
    ),
    "batch.unreadable": LogEvent(
        "error",
        "worker",
        "No configured master key opens the batch; it is set aside, kept, and tried every hour.",
    ),
    "callback.failed": LogEvent(
        "error",
        "worker",
        "A defect, or a value that the store refuses; the callback becomes a dead letter.",
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
        "stays.",
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
        "PostgreSQL was away at the start (`error`): the policy files were not compared with those that "
        "decided before.",
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
        "The sweep takes up `count` verifications that were due.",
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
        "No configured master key opens it, or its person was erased; postponed for an hour.",
    ),
    "verification.undecodable": LogEvent(
        "error",
        "worker",
        "Its stored callback can no longer be read; a defect in the gateway.",
    ),
    "verification.pulled": LogEvent(
        "info",
        "worker",
        "An operator requested a call after the decision; `reason` says what it brought.",
    ),
    "pull.waits_for_ledger": LogEvent(
        "warning",
        "worker",
        "PostgreSQL cannot take an answer (`error`); it is kept in memory and tried again for as long as "
        "the process lives.",
    ),
    "pull.lost": LogEvent(
        "error",
        "worker",
        "The worker ended while it held an answer that PostgreSQL had not taken; that call is spent.",
    ),
    "pull.not_kept": LogEvent(
        "error",
        "worker",
        "The ledger refused an answer five times: the verification is decided on it, if its lease is still "
        "valid.",
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
        "An app's calls stop after several faults in a row, or go on (`state`, `error`).",
    ),
    "settlement.not_announced": LogEvent(
        "warning",
        "api, worker",
        "A message was lost, or a server is away; the sweep takes the verification up. Logged once per "
        "outage.",
    ),
    "settlement.postponed": LogEvent(
        "warning",
        "api, worker",
        "A server is away; the sweep takes the verification up. Logged once per outage.",
    ),
    "nudge.failed": LogEvent(
        "warning",
        "worker",
        "PostgreSQL is away: a returning browser does not hasten anything. Logged once per outage.",
    ),
    "verifications.given_an_end": LogEvent(
        "info",
        "worker",
        "`count` flows that a worker of an older version left without an end become `expired` a day after "
        "their callback.",
    ),
    "settlement.failed": LogEvent(
        "error",
        "worker",
        "A verification was not decided, or due ones could not be claimed; it is due again.",
    ),
    "sweep.failed": LogEvent(
        "warning",
        "worker",
        "`job_id` names the sweep; the next one tries again. Logged once per outage, and with a traceback "
        "where it is a defect. If it repeats, see [No worker works](../operations.md#no-worker-works).",
    ),
    "job.failed": LogEvent("error", "worker", "A job ended with an error while its worker was stopping."),
    "announcement.failed": LogEvent(
        "warning",
        "worker",
        "A client that waits for the decision sees it a second later.",
    ),
    "announcements.interrupted": LogEvent(
        "warning",
        "api, worker",
        "Redis is away: `wait` answers when its seconds are over, and requests to reload policies do not "
        "arrive. `detail` names the channel. Logged once per outage of each channel.",
    ),
}
