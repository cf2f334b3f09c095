#!/bin/sh
# Restores Freqtrade's databases and Redis from a folder of backup.sh, on a system that runs or on a new machine. Leaves
# Freqtrade and the cacher stopped, and entries paused. What is replaced is kept until its replacement was read.
#   deploy/restore.sh FOLDER [freqtrade] [redis]      both, unless some are named
# Other Compose files than the production file alone: COMPOSE_FILE=docker-compose.production.yml:docker-compose.tls.yml
set -eu
umask 077
[ $# -ge 1 ] || { echo "deploy/restore.sh FOLDER [freqtrade] [redis]" >&2; exit 2; }
folder=$(CDPATH='' cd -- "$1" && pwd -P)
shift
parts=${*:-freqtrade redis}
cd "$(dirname -- "$0")/.."

if [ ! -e .env ] && [ ! -e secrets ]; then # a new machine
    cp -Rp "$folder/secrets" .
    cat "$folder/news_sources.toml" > services/data_ingestor/news_sources.toml
    { sed '/^CRYPTOBOY_SECRETS=/d' "$folder/env"; echo "CRYPTOBOY_SECRETS=$PWD/secrets"; } > .env
    is_new=yes
fi
[ -n "${COMPOSE_FILE:-}" ] || grep -q '^COMPOSE_FILE=' .env || export COMPOSE_FILE=docker-compose.production.yml
[ -z "${is_new:-}" ] || docker compose build
docker compose stop freqtrade signal-cacher
for part in $parts; do
    case $part in
        # The databases are checked before they replace the former ones; a log beside them would belong to those.
        freqtrade)
            docker compose run --rm --no-deps -T --entrypoint sh freqtrade -ec '
                umask 077
                rm -rf /var/lib/cryptoboy/trade/restored
                mkdir -p /var/lib/cryptoboy/trade/restored
                cd /var/lib/cryptoboy/trade/restored
                tar -x
                for database in *.sqlite; do
                    [ -e "$database" ] || continue # none was backed up
                    python -c "import sqlite3, sys; [row] = sqlite3.connect(sys.argv[1]).execute(\"PRAGMA integrity_check\"); sys.exit(row != (\"ok\",))" "$database"
                    rm -f "../$database-wal" "../$database-shm"
                    mv "$database" ..
                    echo "restored $database"
                done
                rmdir ../restored' < "$folder/freqtrade.tar"
            ;;
        # Redis reads its append-only file and no dump beside it, so a server of its own makes that file from the dump.
        redis)
            docker compose stop redis
            docker compose run --rm --no-deps -T --entrypoint sh redis -ec '
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
                echo "restored $(ask dbsize) keys"
                ask shutdown save
                wait
                rm -rf /data/appendonlydir /data/dump.rdb
                mv /data/restored/* /data
                rmdir /data/restored' < "$folder/dump.rdb"
            ;;
        *)
            echo "$part cannot be restored: freqtrade, redis" >&2
            exit 2
            ;;
    esac
done
docker compose up -d redis-rights # after Redis, which waits for its users from `prepare`
docker compose run --rm -T operator pause --reason "restored from a backup"
echo "entries are paused. Start everything, compare the open trades with the exchange's orders, then resume."
