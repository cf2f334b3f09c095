#!/bin/sh
# Restores the history from a folder of backup.sh: the recorder's file, or the database of PostgreSQL, whichever the folder
# has. Stops recorder, API and notifier for that, after the copy has proved readable, and starts those again that ran.
# Nothing else is touched.
#   deploy/restore_history.sh FOLDER
set -eu
umask 077
refuse() {
    echo "$1" >&2
    exit 2
}
[ $# = 1 ] || refuse "deploy/restore_history.sh FOLDER"
folder=$(CDPATH='' cd -- "$1" && pwd -P)
[ -s "$folder/history.sqlite" ] || [ -s "$folder/history.dump" ] || refuse "$folder has no history"
cd "$(dirname -- "$0")/.."
[ -n "${COMPOSE_FILE:-}" ] || grep -q '^COMPOSE_FILE=' .env || export COMPOSE_FILE=docker-compose.production.yml

recorder=trading-history-recorder
# stop_writers: until this script ends, well or not. What fails after that leaves the history that was there.
stop_writers() {
    notifier=$(docker ps --quiet --filter name='^trading-notifier$')
    trap 'docker compose up -d history-recorder api; [ -z "$notifier" ] || docker start "$notifier"' EXIT
    docker compose stop history-recorder api
    [ -z "$notifier" ] || docker stop "$notifier"
}

if [ -s "$folder/history.dump" ]; then
    docker exec -i trading-postgres pg_restore --list < "$folder/history.dump" > /dev/null
    stop_writers
    docker exec -i trading-postgres pg_restore -U cryptoboy -d cryptoboy --clean --if-exists --single-transaction < "$folder/history.dump"
else
    docker compose up --no-start --no-deps --no-recreate history-recorder
    image=$(docker inspect -f '{{.Image}}' $recorder)
    # beside SCRIPT: runs it with the image, user and volumes of the recorder, whether that runs or not.
    beside() {
        docker run --rm -i --init --network none --user 10001:10001 --volumes-from $recorder --entrypoint sh "$image" -ec "umask 077; cd /var/lib/cryptoboy; $1"
    }
    # shellcheck disable=SC2016 # the shell of the container expands it
    beside '
        cat > restored.sqlite
        python -c "import sqlite3; [row] = sqlite3.connect(\"restored.sqlite\").execute(\"PRAGMA integrity_check\"); raise SystemExit(row != (\"ok\",))"' < "$folder/history.sqlite"
    stop_writers
    # With its write-ahead log, which belongs to no other database.
    # shellcheck disable=SC2016
    beside '
        former=history.sqlite.before-restore-$(date -u +%Y%m%dT%H%M%SZ)
        for end in -wal -shm ""; do
            [ ! -e "history.sqlite$end" ] || mv "history.sqlite$end" "$former$end"
        done
        mv restored.sqlite history.sqlite
        echo "restored the history; if there was one before, it is $former"' < /dev/null
fi
