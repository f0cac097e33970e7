# As AWX does it, with nothing of this checkout's environment: what the execution environment holds, in a virtual
# environment; an inventory update, and a job by ansible-runner with what the update kept.
# shellcheck shell=bash
set -euo pipefail
unset PYTHONPATH ANSIBLE_CONFIG ANSIBLE_COLLECTIONS_PATH
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

venv=$CACHE/ee-$(printf '%s ' "$PYTHON" "$@" | sha256sum | cut -c1-12)-bed
exec 9>"$CACHE/ee.lock"
flock 9
if [ ! -e "$venv/complete" ]; then
  rm -rf "$venv"
  "$PYTHON" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
  : >"$venv/complete"
fi
exec 9>&-
export PATH=$venv/bin:/usr/bin:/bin LC_ALL=C.UTF-8 HOME=$scratch
export ANSIBLE_COLLECTIONS_PATH=$scratch/collections ANSIBLE_HOST_KEY_CHECKING=False ANSIBLE_INVENTORY_UNPARSED_FAILED=True
(
  cd "$COLLECTION"
  ansible-galaxy collection build --output-path "$scratch" . >/dev/null
  ansible-galaxy collection install --offline --collections-path "$scratch/collections" "$scratch"/*.tar.gz >/dev/null
)
! python -c 'import lxc' 2>/dev/null || { echo 'the environment has a binding of LXC' >&2; exit 1; }

# The update's key is gone when the job runs, which has another.
mkdir -p "$scratch"/job/{project,inventory,env}
install -m 0600 "$KEY" "$scratch/update-key"
sed '/^private_key_file:/d; /^user:/d; /^host_key_checking:/d' "$COLLECTION/extensions/molecule/connections/inventory/guests.lxc.yml" \
  >"$scratch/containers.lxc.yml"
LXC_INVENTORY_USER=root LXC_INVENTORY_PRIVATE_KEY_FILE=$scratch/update-key \
  ansible-inventory -i "$scratch/containers.lxc.yml" --list --export >"$scratch/kept"
rm "$scratch/update-key"

install -m 0600 "$KEY" "$scratch/job-key"
cp "$COLLECTION/docs/awx/site.yml" "$scratch/job/project"
printf '#!/bin/sh\nexec cat %s/kept\n' "$scratch" >"$scratch/job/inventory/hosts"
chmod 0700 "$scratch/job/inventory/hosts"
printf '{"lxc_target": "lxc_group_far", "notice": "from a survey", "ansible_ssh_private_key_file": "%s"}' "$scratch/job-key" \
  >"$scratch/job/env/extravars"
ansible-runner run "$scratch/job" --playbook site.yml
