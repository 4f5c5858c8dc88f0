"""The revisions of the schema, from Alembic."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from sqlalchemy import Connection

from domain.errors import SettingsError


def current_revision_of(connection: Connection) -> str | None:
    """The revision that the database has, or None before the first migration."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """The revision that this code was written for."""
    head = _revisions().get_current_head()
    assert head is not None  # noqa: S101 - the package ships migrations
    return head


def revision_after(current: str | None) -> str | None:
    """The next revision to apply, or None at the newest.

    Raises:
        SettingsError: this code does not know the current one.
    """
    try:
        missing = [
            revision.revision for revision in _revisions().iterate_revisions("head", current or "base")
        ]
    except ResolutionError:
        raise SettingsError(
            f"FACEID_DATABASE_URL: the database is at revision {current}, which a newer version has made"
        ) from None
    return missing[-1] if missing else None


def fills_of(revision: str) -> Sequence[str]:
    """The statements to repeat before this revision, in batches over all rows in the order of their ids.

    Each takes the id `:after` which its batch begins, and returns the batch's last id, or none at the end.
    """
    fills: Sequence[str] = getattr(_module_of(revision), "FILLS", ())
    return fills


def indexes_of(revision: str) -> Mapping[str, str]:
    """The indexes to build before this revision: names, and what follows ON."""
    indexes: Mapping[str, str] = getattr(_module_of(revision), "INDEXES", {})
    return indexes


def _module_of(revision: str) -> Any:
    return _revisions().get_revision(revision).module


@cache
def _revisions() -> ScriptDirectory:
    # Each one reads the module of every revision.
    return ScriptDirectory.from_config(alembic_config())


def apply_revision(connection: Connection, revision: str) -> None:
    """Apply one revision in the connection's transaction."""
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def alembic_config() -> Config:
    """Alembic on the package's own revisions."""
    config = Config()
    config.set_main_option("script_location", "adapters.postgres:migrations")
    config.set_main_option("path_separator", "os")
    return config
