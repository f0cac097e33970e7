# shellcheck shell=bash
lxc-ls -P /srv/lxc --fancy --fancy-format NAME,STATE,UNPRIVILEGED
echo "liblxc $(lxc-info --version)"
pid=$(lxc-info -P /srv/lxc -n web --pid --no-humanize)
echo "web init $pid"
echo "web environment $(tr '\0' ' ' <"/proc/$pid/environ")"
echo "web limit $(grep 'open files' "/proc/$pid/limits" | tr -s ' ')"
echo "web offset $(tr -s ' ' <"/proc/$pid/timens_offsets" | tr '\n' ' ')"
echo "web name $(lxc-attach -P /srv/lxc -n web -- hostname)"
echo "web profile $(cat "/proc/$pid/attr/current" 2>/dev/null)"
lxc-attach -P /srv/lxc -n web -- sh -c 'echo h >/proc/sysrq-trigger' 2>/dev/null || echo "web sysrq refused"
[ ! -f /srv/lxc/base/config ] || cat /srv/lxc/base/config
pid=$(lxc-info -P /srv/lxc -n unprivileged --pid --no-humanize 2>/dev/null)
[ -z "$pid" ] || echo "unprivileged map $(tr -s ' ' <"/proc/$pid/uid_map" | head -n 1) owner $(stat -c %u /srv/lxc/unprivileged/rootfs/bin)"
pid=$(lxc-info -P /srv/lxc -n copy --pid --no-humanize 2>/dev/null)
[ -z "$pid" ] || echo "copy root $(grep ' / / ' "/proc/$pid/mountinfo" | grep -o overlay | head -n 1) processes $(cut -d ' ' -f 3 "/proc/$pid/stat")"
