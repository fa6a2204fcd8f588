#!/usr/bin/env bash
# Starts a mosquitto over TLS for BM_Forward and runs what is given with its address in the environment:
#   bench/uplink_broker.sh build/release/bin/uplink_bench --benchmark_filter=Forward
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$broker" 2>/dev/null || true; rm -rf "$dir"' EXIT
port=${PORT:-28883}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
cat >"$dir/mosquitto.conf" <<CONF
user root
allow_anonymous true
max_inflight_messages 0
set_tcp_nodelay true
listener $port 127.0.0.1
cafile $dir/cert.pem
certfile $dir/cert.pem
keyfile $dir/key.pem
CONF
${BROKER_PREFIX:-} mosquitto -c "$dir/mosquitto.conf" >"$dir/log" 2>&1 &
broker=$!
for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.05; done
SLUICE_BENCH_BROKER=localhost:$port SLUICE_BENCH_CA="$dir/cert.pem" "$@"
