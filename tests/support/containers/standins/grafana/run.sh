#!/bin/sh
set -eu
test -s "$GF_SECURITY_ADMIN_PASSWORD__FILE"
cat "$GF_SECURITY_ADMIN_PASSWORD__FILE" > /dev/null
date > /var/lib/grafana/grafana.db
date > /var/log/grafana/grafana.log
ls /etc/grafana/provisioning/*/* /etc/grafana/dashboards/*
exec busybox httpd -f -p 3000 -h /www
