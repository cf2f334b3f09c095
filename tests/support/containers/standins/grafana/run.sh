#!/bin/sh
# Starts as Grafana does: reads its files, and keeps the first password of its user in its database.
set -eu
test -s "$GF_SECURITY_ADMIN_PASSWORD__FILE"
test -s /var/lib/grafana/grafana.db || cat "$GF_SECURITY_ADMIN_PASSWORD__FILE" > /var/lib/grafana/grafana.db
date > /var/log/grafana/grafana.log
ls /etc/grafana/provisioning/*/* /etc/grafana/dashboards/*
printf '/api/user:%s:%s\n' "$GF_SECURITY_ADMIN_USER" "$(cat /var/lib/grafana/grafana.db)" > /tmp/httpd.conf
exec busybox httpd -f -p 3000 -h /www -c /tmp/httpd.conf
