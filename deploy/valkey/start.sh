#!/bin/sh
# Start Valkey with the users of users.acl: start.sh OPTIONS… of valkey-server.
# Their passwords come from the environment, and the file that Valkey reads has their SHA-256 only.
set -eu
umask 077

hashed() { printf %s "$1" | sha256sum | cut -d ' ' -f 1; }

sed -e '/^#/d' -e ':join' -e '/\\$/{N;s/ *\\\n */ /;b join' -e '}' \
  -e "s/INGRESS_PASSWORD/$(hashed "${INGRESS_PASSWORD:?}")/" \
  -e "s/API_PASSWORD/$(hashed "${API_PASSWORD:?}")/" \
  -e "s/CONSOLE_PASSWORD/$(hashed "${CONSOLE_PASSWORD:?}")/" \
  -e "s/WORKER_PASSWORD/$(hashed "${WORKER_PASSWORD:?}")/" \
  -e "s/OPERATOR_PASSWORD/$(hashed "${OPERATOR_PASSWORD:?}")/" \
  "$(dirname "$0")/users.acl" > "${ACL_FILE:=/tmp/users.acl}"

exec "${VALKEY_SERVER:-valkey-server}" "$@" --aclfile "$ACL_FILE"
