#!/usr/bin/env bash
# Builds once, and shows what the server costs, part by part: one table for each part, from runs of `plenum-loadtest run`.
#
#   loadtest/prove.sh            all parts
#   loadtest/prove.sh fan-out    one of: fan-out audio meeting thousand join-storm churn
#
# OUT=DIR      reports of the runs (default artifacts/load)
# SECONDS_EACH steady part of each run (default 20)
# MINUTES      of churn (default 10)
# PORT         HTTP of the server (default 18480); media uses PORT + 1 and up
set -euo pipefail
cd "$(dirname "$0")/.."

OUT=${OUT:-artifacts/load}
SECONDS_EACH=${SECONDS_EACH:-20}
MINUTES=${MINUTES:-10}
PORT=${PORT:-18480}
BIN=${CARGO_TARGET_DIR:-target}/release
SERVER_PID=

start_server() { # workers, further flags
    local workers=$1
    shift
    # Nobody is refused, paused or moved for load: what a packet costs is asked here, not how many there may be. And the
    # harness has the same cores: no worker is tied to one.
    "$BIN/plenum" serve --dev --admit-below-percent 100 --shed-above-percent 100 --move-above-percent 100 --pin-workers off --http-bind "127.0.0.1:$PORT" --media-bind 127.0.0.1 --media-port $((PORT + 1)) \
        --include-loopback true --workers "$workers" --max-participants-per-room 2000 --log-level warn "$@" \
        2> "$OUT/server.log" &
    SERVER_PID=$!
    for _ in $(seq 100); do
        if (exec 3<> "/dev/tcp/127.0.0.1/$PORT") 2> /dev/null; then return; fi
        sleep 0.1
    done
    echo "the server does not answer; see $OUT/server.log" >&2
    exit 1
}

stop_server() {
    if [ -n "$SERVER_PID" ]; then
        kill "$SERVER_PID" 2> /dev/null || true
        wait "$SERVER_PID" 2> /dev/null || true
        SERVER_PID=
    fi
}
trap stop_server EXIT

play() { # name of the report, scenario, flags
    local name=$1 scenario=$2
    shift 2
    echo "== $name: run $scenario $*"
    # A run that failed something is part of the table; its table says what.
    "$BIN/plenum-loadtest" run "$scenario" --url "ws://127.0.0.1:$PORT/signal" --room "$name" --server-pid "$SERVER_PID" \
        --duration "${SECONDS_EACH}s" --json "$OUT/$name.json" --html "$OUT/$name.html" "$@" > "$OUT/$name.log" || true
    sed -n '/ of it steady/,$p' "$OUT/$name.log"
}

table() { # reports
    echo
    "$BIN/plenum-loadtest" summary "$@"
    echo
}

# One publisher of 300 packets/s, more and more subscribers; the ratio is to a bare loop of the same sends.
fan_out() {
    local pacing count reports=()
    start_server 1
    for pacing in burst even; do
        for count in 10 50 100 200 400; do
            play "fan-out-$pacing-$count" webinar --subscribers "$count" --pacing "$pacing" --bare
            reports+=("$OUT/fan-out-$pacing-$count.json")
        done
    done
    stop_server
    table "${reports[@]}"
}

audio() {
    start_server 1
    play audio-100 voice --subscribers 100 --bare
    stop_server
    start_server 1 --loudest-n 3
    play audio-room audio_room
    stop_server
    table "$OUT/audio-100.json" "$OUT/audio-room.json"
}

meeting() {
    start_server 1
    play meeting-30 meeting
    stop_server
    table "$OUT/meeting-30.json"
}

# On one worker, and over two: each track crosses once.
thousand() {
    local workers
    for workers in 1 2; do
        if [ "$workers" = 1 ]; then start_server 1; else start_server 2 --room-participants-per-worker 500; fi
        play "thousand-$workers-workers" webinar --subscribers 1000 --packet-rate 120 --warmup 20s --bare
        stop_server
    done
    table "$OUT/thousand-1-workers.json" "$OUT/thousand-2-workers.json"
}

join_storm() {
    start_server 1
    play join-storm join_storm
    stop_server
    table "$OUT/join-storm.json"
}

# Memory every five minutes, and what is left when everybody has gone.
churn() {
    start_server 1
    SECONDS_EACH=$((MINUTES * 60)) play churn churn
    stop_server
    table "$OUT/churn.json"
}

mkdir -p "$OUT"
if [ -z "${SKIP_BUILD:-}" ]; then
    cargo build --release --locked --bin plenum --bin plenum-loadtest
fi
case ${1:-all} in
    fan-out) fan_out ;;
    audio) audio ;;
    meeting) meeting ;;
    thousand) thousand ;;
    join-storm) join_storm ;;
    churn) churn ;;
    all)
        fan_out
        audio
        meeting
        thousand
        join_storm
        churn
        ;;
    *)
        sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
        exit 64
        ;;
esac
