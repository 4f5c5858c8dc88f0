"""A worker's context on real servers, for every test of this folder."""

from tests.support.quiet import quiet
from tests.support.workers.job_fixtures import (
    clock,
    jobs,
    store,
    vendor,
    without_database,
    without_redis,
)
from tests.support.workers.running_workers import settings, workers

__all__ = [
    "clock",
    "jobs",
    "quiet",
    "settings",
    "store",
    "vendor",
    "without_database",
    "without_redis",
    "workers",
]
