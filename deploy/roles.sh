#!/bin/sh
# Run by the image of PostgreSQL as it makes its database: the roles, by deploy/postgresql.sql.
set -eu
psql --username "$POSTGRES_USER" --dbname postgres \
    -v owner_password="$(cat /run/secrets/owner_password)" \
    -v web_password="$(cat /run/secrets/web_password)" \
    -v backup_password="$(cat /run/secrets/backup_password)" \
    -f /etc/portal/postgresql.sql
