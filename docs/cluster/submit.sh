#!/bin/bash
# Submits a sweep as a job array, and the merge that begins when every task is done. Prints the numbers of both jobs.
#
#   FOLDER=results/norms TASKS=20 docs/cluster/submit.sh norm-effect --full
set -eu
here=$(dirname "$0")
array=$(sbatch --parsable --array="1-${TASKS:-20}" "$here/array.sbatch" "$@")
merge=$(sbatch --parsable --dependency="afterok:$array" "$here/merge.sbatch")
echo "array $array, then merge $merge"
