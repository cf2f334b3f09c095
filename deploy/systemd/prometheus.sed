# From prometheus.yml, which has Compose's names, to the addresses of one machine:
#   sed -E -f deploy/systemd/prometheus.sed deploy/prometheus/prometheus.yml
s/(targets: \[")[a-z-]+:/\1localhost:/
# The processors, which Compose finds by DNS: the unit's first instance.
s/dns_sd_configs:/static_configs:/
s/- names: \[sentiment-processor\]/- targets: ["localhost:8103"]/
/^        (type|port|refresh_interval):/d
