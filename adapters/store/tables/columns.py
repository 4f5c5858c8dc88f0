"""What all tables are made with: the names of constraints, and columns that many tables have."""

from typing import Any, Final

from sqlalchemy import Column, DateTime, MetaData, text

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

TIME: Final = DateTime(timezone=True)


def now_column(name: str) -> Column[Any]:
    """A time that is the transaction's where a row names none."""
    return Column(name, TIME, nullable=False, server_default=text("now()"))
