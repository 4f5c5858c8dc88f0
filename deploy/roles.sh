#!/bin/sh
# Create the roles of deploy/roles.sql, apply their rights, and set their passwords from the environment:
# API_PASSWORD, CONSOLE_PASSWORD, WORKER_PASSWORD; a role whose variable is not set keeps its password.
# The connection comes from psql's own variables (PGHOST, PGUSER, PGPASSWORD, PGDATABASE). Safe to run again.
set -eu

here=$(dirname "$0")
psql() { command psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@"; }

psql --single-transaction --file "$here/roles.sql"
for process in api console worker; do
  name=$(printf %s "$process" | tr a-z A-Z)_PASSWORD
  eval "password=\${$name:-}"
  [ -n "$password" ] || continue
  # By standard input: arguments are visible to other users of the machine.
  psql <<END
\getenv password $name
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
ALTER ROLE faceid_$process PASSWORD :'password';
END
done
