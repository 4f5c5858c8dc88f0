"""Warn at the start about apps that share a vendor account."""

from collections.abc import Mapping

import structlog

from domain.apps.app import App
from domain.pulls.accounts import Accounts, shared_accounts

log = structlog.get_logger(__name__)


def open_accounts(apps: Mapping[str, App]) -> Accounts:
    """The accounts that several apps share, by app id; logs a warning for each."""
    accounts = shared_accounts(apps)
    for app_ids in sorted({account.app_ids for account in accounts.values()}):
        log.warning("apps.share_account", count=len(app_ids), detail=", ".join(app_ids))
    return accounts
