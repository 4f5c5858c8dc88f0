"""A worker's context on real servers, for every test of this folder."""

from tests.support.job_fixtures import (
    clock,
    jobs,
    store,
    vendor,
    without_database,
    without_redis,
)
from tests.support.quiet import quiet

__all__ = ["clock", "jobs", "quiet", "store", "vendor", "without_database", "without_redis"]
