# What a project on the host needs: ansible-core with its libraries, as far as they are Python, the collection, and the role.
# shellcheck shell=bash
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/ansible/ansible_collections/community/lxc" "$scratch/project"
site=$("$PYTHON" -c 'import ansible, pathlib; print(pathlib.Path(ansible.__file__).parents[1])')
cd "$site"
tar --exclude='*.so' --exclude=__pycache__ -cf - ansible jinja2 markupsafe yaml packaging resolvelib \
  ansible_core-*.dist-info [Jj]inja2-*.dist-info | tar -C "$scratch/ansible" -xf -
cp -r "$COLLECTION"/{galaxy.yml,meta,plugins} "$scratch/ansible/ansible_collections/community/lxc"
cp -r "$COLLECTION/extensions/molecule/connections/roles" "$scratch/project"
printf '%s\n' 'plugin: community.lxc.lxc' 'lxc_path: [/srv/lxc]' 'lxc_groups: [near]' >"$scratch/project/containers.lxc.yml"
printf '%s\n' '- hosts: lxc_running' '  gather_facts: false' '  roles:' '    - {role: web, web_page: served by lxc}' \
  >"$scratch/project/site.yml"
tar -C "$scratch" --owner=0 --group=0 -czf "$ARCHIVE" ansible project
