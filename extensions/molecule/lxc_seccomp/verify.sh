# shellcheck shell=bash
for name in policy profile bare; do
  for _ in $(seq 300); do
    grep -q '^done' "/srv/lxc/$name/rootfs/tmp/said" 2>/dev/null && break
    sleep 0.1
  done
  sed "s/^/$name said /" "/srv/lxc/$name/rootfs/tmp/said"
  pid=$(lxc-info -P /srv/lxc -n "$name" --pid --no-humanize)
  echo "$name mode $(sed -n 's/^Seccomp:\t//p' "/proc/$pid/status") filters $(sed -n 's/^Seccomp_filters:\t//p' "/proc/$pid/status")"
  lxc-info -P /srv/lxc -n "$name" -c lxc.seccomp.profile -c lxc.seccomp.allow_nesting | sed "s/^/$name /"
done
lxc-attach -P /srv/lxc -n policy --clear-env -- mkdir /tmp/attached 2>&1 | sed 's/^/policy attached /'
cat /srv/lxc/policy/seccomp-*.policy
