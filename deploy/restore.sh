#!/bin/sh
# Restores Freqtrade's databases, Redis or both from a folder of backup.sh, on a system that runs or on a new machine. Stops
# nothing before it has read all of them, and keeps what it replaces. Leaves Freqtrade and the cacher stopped, and entries
# paused.
#   deploy/restore.sh FOLDER freqtrade redis      or one of the two
# Other Compose files than the production file alone: COMPOSE_FILE=docker-compose.production.yml:docker-compose.tls.yml
# shellcheck disable=SC2016 # the shells of containers expand what they are given
set -eu
umask 077
refuse() {
    echo "$1" >&2
    exit 2
}
[ $# -ge 2 ] || refuse "deploy/restore.sh FOLDER freqtrade redis      or one of the two"
folder=$(CDPATH='' cd -- "$1" && pwd -P)
[ -s "$folder/definitions.json" ] || refuse "$folder is no whole backup" # the last file of one
shift
freqtrade='' redis=''
for part in "$@"; do
    case $part in
        freqtrade)
            freqtrade=$part
            names=$(tar -tf "$folder/freqtrade.tar") || refuse "$folder/freqtrade.tar cannot be read"
            [ -n "$names" ] || refuse "$folder/freqtrade.tar is empty"
            ;;
        redis)
            redis=$part
            [ "$(head -c 5 "$folder/dump.rdb")" = REDIS ] || refuse "$folder/dump.rdb is no dump of Redis"
            ;;
        *) refuse "$part cannot be restored: freqtrade, redis" ;;
    esac
done
cd "$(dirname -- "$0")/.."

stopped=''
result="NOT RESTORED"
report() {
    status=$?
    [ $status != 0 ] || return 0
    if [ -z "$stopped" ]; then
        echo "$result: nothing was stopped, and nothing replaced" >&2
    else
        echo "$result, and stopped: $stopped. Nobody watches open trades. Run this again, or start what is there:
    ${COMPOSE_FILE:+COMPOSE_FILE=$COMPOSE_FILE }docker compose up -d --no-deps $stopped
What was replaced is kept beside it as before-restore-TIME." >&2
    fi
}
trap report EXIT
trap 'exit 130' HUP INT TERM

if [ ! -e .env ] && [ ! -e secrets ]; then # a new machine
    cp -Rp "$folder/secrets" .
    cat "$folder/news_sources.toml" > services/data_ingestor/news_sources.toml
    # A backup of a version before the notifier has none.
    [ ! -e "$folder/notify.toml" ] || cat "$folder/notify.toml" > deploy/notify.toml
    { echo "CRYPTOBOY_SECRETS=$PWD/secrets"; sed '/^CRYPTOBOY_SECRETS=/d' "$folder/env"; } > .env.part
    mv .env.part .env
    is_new=yes
elif [ ! -e .env ] || [ ! -d "$(sed -n 's/^CRYPTOBOY_SECRETS=//p' .env)" ]; then
    refuse "of .env and the folder of secrets only one is here: take that away (a new machine), or bring the other"
fi
[ -n "${COMPOSE_FILE:-}" ] || grep -q '^COMPOSE_FILE=' .env || export COMPOSE_FILE=docker-compose.production.yml
[ -z "${is_new:-}" ] || docker compose build
docker compose up --no-start --no-deps --no-recreate freqtrade redis

# beside CONTAINER SCRIPT: runs it with the image, user and volumes of a container, whether that runs or not.
beside() {
    image=$(docker inspect -f '{{.Image}}' "$1")
    user=$(docker inspect -f '{{.Config.User}}' "$1")
    docker run --rm -i --init --network none --user "$user" --volumes-from "$1" --entrypoint sh "$image" -ec "umask 077; $2"
}

[ -z "$freqtrade" ] || beside trading-freqtrade '
    rm -rf /var/lib/cryptoboy/trade/restored
    mkdir -p /var/lib/cryptoboy/trade/restored
    cd /var/lib/cryptoboy/trade/restored
    tar -x
    for database in *.sqlite; do
        [ -e "$database" ] || { echo "the backup has no database of Freqtrade"; continue; }
        python -c "import sqlite3, sys; [row] = sqlite3.connect(sys.argv[1]).execute(\"PRAGMA integrity_check\"); sys.exit(row != (\"ok\",))" "$database"
    done' < "$folder/freqtrade.tar"
# Redis reads its append-only file and no dump beside it, so a server of its own makes that file from the dump.
[ -z "$redis" ] || beside trading-redis-prod '
    PATH=/usr/local/bin:/usr/bin:/bin # without our redis-cli, which logs in
    rm -rf /data/restored
    mkdir /data/restored
    cat > /data/restored/dump.rdb
    ask() { redis-cli -s /tmp/restore.sock "$@"; }
    redis-server --port 0 --unixsocket /tmp/restore.sock --dir /data/restored --appendonly no --loglevel warning &
    until ask ping 2>&1 | grep -q PONG; do kill -0 $!; sleep 0.2; done
    ask config set appendonly yes
    while ask info persistence | grep -q -e aof_rewrite_in_progress:1 -e aof_rewrite_scheduled:1; do sleep 0.2; done
    ask info persistence | grep aof_last_bgrewrite_status:ok
    echo "read $(ask dbsize) keys"
    ask shutdown save
    wait' < "$folder/dump.rdb"

stopped="${redis:+redis }signal-cacher freqtrade"
# shellcheck disable=SC2086 # a word for each service
docker compose stop $stopped
# With its write-ahead log, which belongs to no other database.
[ -z "$freqtrade" ] || beside trading-freqtrade '
    cd /var/lib/cryptoboy/trade
    former=before-restore-$(date -u +%Y%m%dT%H%M%SZ)
    for database in restored/*.sqlite; do
        [ -e "$database" ] || continue
        name=${database##*/}
        for end in -wal -shm ""; do
            [ ! -e "$name$end" ] || mv "$name$end" "$name.$former$end"
        done
        mv "$database" .
        echo "restored $name; if there was one before, it is $name.$former"
    done
    rm -rf restored' < /dev/null
[ -z "$redis" ] || beside trading-redis-prod '
    cd /data
    former=before-restore-$(date -u +%Y%m%dT%H%M%SZ)
    mkdir "$former"
    for each in appendonlydir dump.rdb; do
        [ ! -e "$each" ] || mv "$each" "$former"
    done
    mv restored/* .
    rmdir restored
    rmdir "$former" 2> /dev/null || echo "what Redis had before is in /data/$former" # empty on a new machine
    echo "restored Redis"' < /dev/null

result="RESTORED, but entries are not paused"
docker compose up -d redis-rights # after Redis, which waits for its users from `prepare`
docker compose run --rm -T operator pause --reason "restored from a backup"
echo "entries are paused. Start everything, compare the open trades with the exchange's orders, then resume."
