#!/bin/sh
set -eu
case $1 in
    -* | *.conf) set -- redis-server "$@" ;;
esac
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
    chown -R redis .
    exec gosu redis "$0" "$@"
fi
umask 0077
# The official image's server is built with this default.
if [ "$1" = redis-server ]; then set -- "$@" --protected-mode no; fi
exec "$@"
