#!/bin/sh
# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes the plans in tests/data/plans_aws again. It needs terraform, python3 and, without access to
# the registry, a folder with the plugin hashicorp/aws:
#
#   tools/record_aws_plans.sh [PLUGIN_FOLDER]
#
# No request goes to AWS. The plans are kept as `terraform show -json` writes them, less the keys
# that nothing reads (the state before, checks, the time).
set -eu
plugins=${1:+-plugin-dir=$1}
here=$(cd "$(dirname "$0")/.." && pwd)/tests/data/plans_aws
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TF_CLI_CONFIG_FILE=/dev/null TF_IN_AUTOMATION=1
for folder in "$here"/*/; do
    name=$(basename "$folder")
    cp -R "$folder" "$work/$name"
    cd "$work/$name"
    rm -f plan.json
    terraform init -input=false $plugins >/dev/null
    terraform plan -input=false -refresh=false -out=plan.bin >/dev/null
    terraform show -json plan.bin >whole.json
    python3 - whole.json "$folder/plan.json" <<'PYTHON'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as stream:
    plan = json.load(stream)
for key in ("timestamp", "prior_state", "checks"):
    plan.pop(key, None)
with open(sys.argv[2], "w", encoding="utf-8") as stream:
    json.dump(plan, stream, indent=1)
    stream.write("\n")
PYTHON
done
