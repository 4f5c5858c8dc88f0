"""Every app that has rows in a table, without reading the rows."""


def each_app(table: str) -> str:
    """The start of a statement, with `apps (app_id)`: every app of the table, and NULL at the end.

    It goes from one app to the next in an index that begins with app_id, however many rows each has.
    """
    return f"""
WITH RECURSIVE apps (app_id) AS (
  SELECT min(app_id) FROM {table}
  UNION ALL
  SELECT (SELECT min(t.app_id) FROM {table} t WHERE t.app_id > apps.app_id) FROM apps
  WHERE apps.app_id IS NOT NULL
)"""  # noqa: S608 - the names of our tables


def list_apps(table: str) -> str:
    """The statement that returns them."""
    return f"{each_app(table)} SELECT app_id FROM apps WHERE app_id IS NOT NULL"  # noqa: S608 - as above
