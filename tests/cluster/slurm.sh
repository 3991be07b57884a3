#!/bin/bash
# Submits docs/cluster/ to a Slurm of its own on the loopback address, takes a task back in the middle and lets it be
# requeued, and compares what comes out with what one process computes. Needs root only to install the packages.
#
#   tests/cluster/slurm.sh [COMMAND=target/release/embedding-norms]
#
# Exit status: 0 the bytes are the same, 1 they are not, 77 Slurm cannot be had here.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
command=$(realpath "${1:-target/release/embedding-norms}")
export LC_ALL=C PATH="$PATH:/usr/sbin"

say() { printf 'slurm: %s\n' "$*"; }
fail() { say "$*" >&2; for log in "$place"/log/* "$place"/jobs/*.out; do tail -n 8 "$log" >&2; done; exit 1; }

# --- Packages -------------------------------------------------------------------------------------------------------

cannot_be_had() { say "not tested: $*" >&2; exit 77; }
there() { command -v slurmctld slurmd sbatch munged parallel >/dev/null; }
install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update && apt-get -qq install --no-install-recommends slurm-wlm munge parallel
}
if ! there; then
    command -v apt-get >/dev/null || cannot_be_had "slurm-wlm, munge and parallel are not installed, and this is no Debian"
    [ "$(id -u)" = 0 ] || cannot_be_had "slurm-wlm, munge and parallel are not installed, and only root can install them"
    install >/dev/null 2>&1 || cannot_be_had "the packages slurm-wlm, munge and parallel cannot be installed"
    there || cannot_be_had "the packages are installed, but without slurmctld, slurmd, munged or parallel"
fi

# --- A cluster of one machine, in a folder of its own ---------------------------------------------------------------

place=$(mktemp -d)
chmod 755 "$place"
mkdir -p "$place"/{log,state,spool,jobs,bin,munge}
daemons=()
clean_up() {
    status=$?
    trap - EXIT
    scancel --quiet --user="$(id -un)" 2>/dev/null || true
    # The steps of jobs end with their daemon's order to, so the daemon ends last.
    for _ in $(seq 50); do [ -n "$(squeue -h 2>/dev/null)" ] || break; sleep 0.1; done
    for process in "${daemons[@]}"; do kill "$process" 2>/dev/null || true; done
    for process in "${daemons[@]}"; do wait "$process" 2>/dev/null || true; done
    rm -rf "$place"
    exit "$status"
}
trap clean_up EXIT

export SLURM_CONF="$place/slurm.conf"
port=$((20000 + $$ % 10000 * 2))
cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$place/munge/socket,cred_expire=5
StateSaveLocation=$place/state
SlurmdSpoolDir=$place/spool
SlurmctldPidFile=$place/slurmctld.pid
SlurmdPidFile=$place/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
NodeName=localhost NodeAddr=127.0.0.1 CPUs=4 RealMemory=16000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE
CONF

start() {
    local name=$1
    shift
    "$@" >"$place/log/$name" 2>&1 &
    daemons+=($!)
}
head -c 128 /dev/urandom >"$place/munge/key"
chmod 600 "$place/munge/key"
start munged munged --foreground --force --socket="$place/munge/socket" --key-file="$place/munge/key" \
    --seed-file="$place/munge/seed" --pid-file="$place/munge/pid"
for _ in $(seq 50); do [ -S "$place/munge/socket" ] && break; sleep 0.1; done
start slurmctld slurmctld -D
start slurmd slurmd -D -N localhost
for _ in $(seq 150); do
    sinfo -h -o %T 2>/dev/null | grep -q idle && break
    sleep 0.1
done
sinfo -h -o %T | grep -q idle || fail "the cluster did not come up"
say "$(sinfo --version) is up after $SECONDS s"

# --- The sweep, whole and as an array -------------------------------------------------------------------------------

ln -s "$command" "$place/bin/embedding-norms"
export PATH="$place/bin:$PATH"
cd "$place/jobs"
sweep=(norm-effect --norms 12,14,16 --replicates 12 --pairs 500 --published-runs 0)
start=$SECONDS
embedding-norms "${sweep[@]}" --threads 2 --quiet --out whole
say "one process took $((SECONDS - start)) s"

start=$SECONDS
jobs=$(FOLDER=array TASKS=4 "$root/docs/cluster/submit.sh" "${sweep[@]}")
say "submitted $jobs"
array=$(sed 's/array \([0-9]*\),.*/\1/' <<<"$jobs") merge=${jobs##* }

# Waits, at most so many tenths of a second, until a command succeeds.
await() {
    local tenths=$1 what=$2
    shift 2
    for _ in $(seq "$tenths"); do
        "$@" && return
        sleep 0.1
    done
    fail "waited $((tenths / 10)) s in vain: $what"
}
has_kept() { [ -s "$1" ] && [ "$(wc -l <"$1")" -gt 2 ]; }
has_ended() { [ -z "$(squeue -h -j "$1" 2>/dev/null)" ]; }
state() { scontrol show job "$1" | grep -o 'JobState=[A-Z]*' | sort -u | tr '\n' ' '; }

journal=array/shards/.journals/norm-effect/2-of-4/journal.jsonl
await 200 "task 2 keeps a few units" has_kept "$journal"
scontrol requeue "${array}_2"
await 600 "array and merge end" has_ended "$array,$merge"
say "array and merge took $((SECONDS - start)) s: $(state "$array")$(state "$merge")"
[ "$(state "$merge")" = "JobState=COMPLETED " ] || fail "the merge did not complete"

said="embedding-norms-${array}_2.out"
grep -q 'Slurm: shard 2/4, from SLURM_ARRAY_TASK_ID = 2' "$said" || fail "task 2 does not say which shard it took"
grep 'interrupted: [1-9]' "$said" || fail "task 2 was not taken back in the middle"
grep 'went on from an interrupted run' "$said" || fail "task 2 did not go on from its journal"
same() {
    [ -s "$1/norm-effect.csv" ] || fail "$1 has no table"
    diff -r --exclude=shards "$1" "$2" >&2 || fail "$2 differs from $1"
    say "$2: the same $(find "$1" -type f | wc -l) files as from one process"
}
same whole array

# --- Other numbers of tasks -----------------------------------------------------------------------------------------

submit() { sbatch --parsable "$@" norm-effect --quick; }
refuses() {
    local words=$1 job=$2
    await 150 "job $job ends" has_ended "$job"
    [ "$(state "$job")" = "JobState=FAILED " ] || fail "$words: it was not refused"
    grep -q "$words" embedding-norms-"${job}"_*.out || fail "it was refused without saying: $words"
    say "refused: $words"
}
batch=$root/docs/cluster/array.sbatch
embedding-norms norm-effect --quick --quiet --out quick-whole
export FOLDER=quick-steps
steps=$(submit --array=0-4:2 "$batch")
gaps=$(FOLDER=quick-gaps submit --array=1,2,4 "$batch")
again=$(FOLDER=array submit --array=2-3 "$batch")
alone=$(FOLDER=alone submit --array=3 "$batch")
merge=$(sbatch --parsable --dependency="afterok:$steps" "$root/docs/cluster/merge.sbatch" --quiet)
await 150 "the small array ends" has_ended "$steps,$merge"
same quick-whole quick-steps
refuses 'no part of a division into 3' "$gaps"
refuses 'divided into 4 parts, and this job array divides it into 2' "$again"
refuses 'does not tell how the work is divided' "$alone"

# --- GNU parallel ---------------------------------------------------------------------------------------------------

FOLDER=parallel TASKS=3 "$root/docs/cluster/parallel.sh" norm-effect --quick >parallel.out
same quick-whole parallel
say "passed in $SECONDS s"
