#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs the migration tools whose doings tests/hosts/migration_tools.py compares with the replay:
# sqitch and ActiveRecord from Debian, Alembic, Django and yoyo from PyPI, the others from npm.
set -euo pipefail
cd "$(dirname "$0")/.."

export DEBIAN_FRONTEND=noninteractive
if ! command -v sqitch >/dev/null || ! ruby -e 'require "active_record"; require "pg"' 2>/dev/null; then
    apt-get install -y -qq --no-install-recommends \
        libdbd-pg-perl ruby ruby-activerecord ruby-pg sqitch >/dev/null
fi

target=build/migration-tools
[ -x "$target/venv/bin/python" ] || python3 -m venv "$target/venv"
"$target/venv/bin/python" -m pip install -qq \
    "alembic>=1.13,<2" "django>=4.2,<6" "psycopg[binary]>=3.1.8,<4" "sqlalchemy>=2,<3" "yoyo-migrations>=9,<10"
npm install --prefix "$target" --no-audit --no-fund --silent \
    dbmate@2 drizzle-orm@0 knex@3 node-pg-migrate@7 pg@8 sequelize@6 sequelize-cli@6
