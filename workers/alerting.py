"""Report events to people every few seconds, beside the other loops."""

import asyncio
from datetime import timedelta
from typing import Final

from usecases.events.report_alerts import LEASE, AlertContext, report
from usecases.process.worker_stats import WorkerStats
from workers.errands import Errands

LOOK_EVERY: Final = timedelta(seconds=2)


async def keep_reporting(context: AlertContext, *, every: timedelta = LOOK_EVERY) -> None:
    """Report until cancelled. An outage, or a bug, ends only one round."""
    errands = Errands(WorkerStats(), within=LEASE.total_seconds())
    while context.sinks:
        await errands.run(report(context), "sweep.failed", job_id="alerts")
        await asyncio.sleep(every.total_seconds())
