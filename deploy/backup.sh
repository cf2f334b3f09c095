#!/bin/sh
# Copies what a new machine needs into a new folder, which others cannot enter: Freqtrade's databases, Redis, the history,
# RabbitMQ's definitions, the secrets, .env, the news sources and what is told to whom. The system runs meanwhile; Freqtrade may be stopped. It uses the
# containers that are there and builds nothing, so that it also copies a system of the version before this checkout.
#   deploy/backup.sh FOLDER
set -eu
umask 077
refuse() {
    echo "$1" >&2
    exit 1
}
[ $# = 1 ] || refuse "deploy/backup.sh FOLDER"
[ ! -e "$1" ] || refuse "$1 is there already: no backup is overwritten"
mkdir "${1%/}.part"
folder=$(CDPATH='' cd -- "${1%/}.part" && pwd -P)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' HUP INT TERM
whole=${folder%.part}
cd "$(dirname -- "$0")/.."

secrets=$(sed -n 's/^CRYPTOBOY_SECRETS=//p' .env)
cp .env "$folder/env"
cp services/data_ingestor/news_sources.toml deploy/notify.toml "$folder"
cp -Rp "$secrets" "$folder/secrets"

bot=trading-freqtrade
image=$(docker inspect -f '{{.Image}}' $bot) || refuse "Freqtrade has no container; this makes one: docker compose up --no-start --no-deps freqtrade"
user=$(docker inspect -f '{{.Config.User}}' $bot)
# A copy of the file alone would lack what is in the write-ahead log.
# shellcheck disable=SC2016 # the container's shell expands it
docker run --rm -i --init --network none --user "$user" --volumes-from $bot --entrypoint sh "$image" -ec '
    cat > /tmp/copy_sqlite.py
    mkdir /tmp/copies
    for database in /var/lib/cryptoboy/trade/trades-*.sqlite; do
        [ -e "$database" ] || { echo "Freqtrade has no database yet" >&2; continue; }
        python /tmp/copy_sqlite.py "$database" "/tmp/copies/${database##*/}" >&2
    done
    tar -C /tmp/copies -c .' < scripts/copy_sqlite.py > "$folder/freqtrade.tar"
tar -tf "$folder/freqtrade.tar" > /dev/null

# A system of a version before the recorder has no history.
recorder=trading-history-recorder
if grep -qs '@postgres[:/]' "$secrets/history_url"; then
    docker exec trading-postgres pg_dump -U cryptoboy -Fc cryptoboy > "$folder/history.dump"
elif [ -s "$secrets/history_url" ]; then
    echo "the history is on a server of your own, and not in this backup" >&2
elif image=$(docker inspect -f '{{.Image}}' $recorder 2> /dev/null); then
    # shellcheck disable=SC2016 # the container's shell expands it
    docker run --rm -i --init --network none --user 10001:10001 --volumes-from $recorder --entrypoint sh "$image" -ec '
        cat > /tmp/copy_sqlite.py
        history=/var/lib/cryptoboy/history.sqlite
        [ -e $history ] || { echo "nothing was recorded yet" >&2; exit 0; }
        python /tmp/copy_sqlite.py $history /tmp/history.sqlite >&2
        cat /tmp/history.sqlite' < scripts/copy_sqlite.py > "$folder/history.sqlite"
fi

# REDISCLI_AUTH is read from the environment, because everybody on the machine can see the arguments of programs.
REDISCLI_AUTH=$(cat "$secrets/redis_operator")
export REDISCLI_AUTH
redis() { docker exec -e REDISCLI_AUTH trading-redis-prod redis-cli --user operator "$@"; }
# redis-cli ends with status 0 after errors too.
written=$(redis lastsave)
[ "$written" -ge 0 ] 2> /dev/null || refuse "Redis refuses its user operator: $written"
sleep 1 # `lastsave` counts whole seconds
said=$(redis bgsave schedule)
[ "${said#Background saving}" != "$said" ] || refuse "Redis writes no dump: $said"
looks=600
until [ "$(redis lastsave)" -gt "$written" ] 2> /dev/null; do
    case $(redis info persistence) in
        *rdb_bgsave_in_progress:0*rdb_last_bgsave_status:err*) looks=0 ;;
    esac
    [ "$looks" -gt 0 ] || refuse "Redis could not write its dump: docker logs trading-redis-prod"
    looks=$((looks - 1))
    sleep 0.2
done
# After a restart `lastsave` is the time of the start, and the dump that of before.
case $(redis info persistence) in
    *rdb_saves:0[!0-9]*) refuse "Redis was restarted before it had written its dump" ;;
    *rdb_last_bgsave_status:ok*) ;;
    *) refuse "Redis could not write its dump: docker logs trading-redis-prod" ;;
esac
docker exec trading-redis-prod cat /data/dump.rdb > "$folder/dump.rdb"
[ "$(head -c 5 "$folder/dump.rdb")" = REDIS ] || refuse "what Redis wrote is no dump"

docker exec trading-rabbitmq rabbitmqctl --quiet export_definitions - > "$folder/definitions.json"
mv "$folder" "$whole"
echo "backed up into $whole: $(cd "$whole" && echo *)"
