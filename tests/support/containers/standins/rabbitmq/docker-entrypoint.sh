#!/bin/bash
set -euo pipefail
if [[ $1 == rabbitmq* && $(id -u) == 0 ]]; then
    chown -R rabbitmq /var/lib/rabbitmq
    exec gosu rabbitmq "$0" "$@"
fi
exec "$@"
