#!/bin/sh
# Copies what a new machine needs into a new folder, which others cannot enter: Freqtrade's databases, Redis, RabbitMQ's
# definitions, the secrets, .env and the news sources. The system runs meanwhile; Freqtrade may be stopped.
#   deploy/backup.sh FOLDER
# Other Compose files than the production file alone: COMPOSE_FILE=docker-compose.production.yml:docker-compose.tls.yml
set -eu
umask 077
[ $# = 1 ] || { echo "deploy/backup.sh FOLDER" >&2; exit 2; }
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
mkdir "$1" # fails if it is there: no backup is overwritten
folder=$(CDPATH='' cd -- "$1" && pwd -P)
cd "$here/.."
[ -n "${COMPOSE_FILE:-}" ] || grep -q '^COMPOSE_FILE=' .env || export COMPOSE_FILE=docker-compose.production.yml

secrets=$(sed -n 's/^CRYPTOBOY_SECRETS=//p' .env)
cp .env "$folder/env"
cp services/data_ingestor/news_sources.toml "$folder"
cp -Rp "$secrets" "$folder/secrets"

# A copy of the file alone would lack what is in the write-ahead log.
# shellcheck disable=SC2016 # the container's shell expands it
docker compose run --rm --no-deps -T --entrypoint sh freqtrade -ec '
    cat > /tmp/copy_sqlite.py
    mkdir /tmp/copies
    for database in /var/lib/cryptoboy/trade/trades-*.sqlite; do
        [ ! -e "$database" ] || python /tmp/copy_sqlite.py "$database" "/tmp/copies/${database##*/}" >&2
    done
    tar -C /tmp/copies -c .' < scripts/copy_sqlite.py > "$folder/freqtrade.tar"

# REDISCLI_AUTH is read from the environment, because everybody on the machine can see the arguments of programs.
REDISCLI_AUTH=$(cat "$secrets/redis_operator")
export REDISCLI_AUTH
redis() { docker exec -e REDISCLI_AUTH trading-redis-prod redis-cli --user operator "$@"; }
written=$(redis lastsave)
sleep 1 # `lastsave` counts whole seconds
redis bgsave schedule
while [ "$(redis lastsave)" = "$written" ]; do
    case $(redis info persistence) in
        *rdb_bgsave_in_progress:0*rdb_last_bgsave_status:err*)
            echo "Redis could not write its dump: docker logs trading-redis-prod" >&2
            exit 1
            ;;
    esac
    sleep 0.2
done
docker exec trading-redis-prod cat /data/dump.rdb > "$folder/dump.rdb"

docker exec trading-rabbitmq rabbitmqctl --quiet export_definitions - > "$folder/definitions.json"
echo "backed up into $folder: $(cd "$folder" && echo *)"
