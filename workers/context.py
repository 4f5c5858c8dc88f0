"""What every job works with, built once per process by `workers.main`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.announcements import Announcer
from adapters.faceid_api import FaceidApi
from adapters.inbox import RedisInbox
from adapters.policies import PolicyBook
from adapters.queue import BatchQueue
from adapters.store.dead_letters import PgDeadLetters
from adapters.store.decisions import PgDecisions
from adapters.store.ledger import PgLedger
from adapters.store.recorder import PgRecorder
from adapters.store.undecided import PgUndecided
from domain.apps import App
from domain.budget import PullRules


@dataclass(frozen=True)
class WorkerContext:
    """`sweep_after`: how long a batch or a verification may rest untouched before it is taken up again."""

    apps: Mapping[str, App]
    policies: PolicyBook
    announcer: Announcer
    inbox: RedisInbox
    queue: BatchQueue
    recorder: PgRecorder
    ledger: PgLedger
    decisions: PgDecisions
    undecided: PgUndecided
    dead_letters: PgDeadLetters
    faceid: FaceidApi
    pull_rules: PullRules
    sweep_after: timedelta
    clock: Callable[[], datetime]
