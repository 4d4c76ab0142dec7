#!/bin/sh
cat >> "$PGDATA/pg_hba.conf" <<EOF_HBA
hostssl shop app 10.20.1.0/24 scram-sha-256
# expect-next-line: PG303
hostssl all $POSTGRES_USER 10.20.1.0/24 trust
EOF_HBA
