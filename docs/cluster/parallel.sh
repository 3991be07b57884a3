#!/bin/bash
# A sweep divided by GNU parallel: on this machine, or on those of PARALLEL_SSHLOGIN that share the folder.
#
#   FOLDER=results/norms TASKS=20 docs/cluster/parallel.sh norm-effect --full
#
# Run it again after an interruption: parts that are done end at once, the others go on.
set -eu
[ "$#" -gt 0 ] || set -- norm-effect
folder=${FOLDER:-results/cluster}
tasks=${TASKS:-$(nproc)}
seq "$tasks" | parallel --quote --halt soon,fail=1 ${PARALLEL_SSHLOGIN:+--sshlogin "$PARALLEL_SSHLOGIN" --workdir .} \
    embedding-norms "$@" --threads 1 --shard "{}/$tasks" --out "$folder/shards"
embedding-norms merge "$folder/shards" --out "$folder"
