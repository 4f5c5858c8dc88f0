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

__all__ = ["clock", "jobs", "quiet", "store", "vendor", "without_database", "without_redis"]
