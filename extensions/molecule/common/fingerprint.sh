# What a check-mode pass must leave alone: printed line by line, the same as long as nothing on the host changes.
# Files with their modification times, running containers with the start times of their processes, interfaces,
# routes, rules, cgroups, mounts, kernel settings, packages and running services. Nothing here calls LXC, whose tools open
# lock files.
# shellcheck shell=sh
export LC_ALL=C

find /etc /var/lib/dpkg/status /var/lib/lxc /var/lib/misc /srv /usr/share/lxc -xdev -printf 'file %p %i %y %m %u %g %s %T@ %l\n' 2>/dev/null | sort
for process in $(pgrep -f '^\[lxc monitor\]' || true; pgrep -x 'dnsmasq|lxcfs' || true); do
  echo "process $process $(cut -d ' ' -f 4,22 "/proc/$process/stat") $(tr '\0' ' ' <"/proc/$process/cmdline")"
done
for monitor in $(pgrep -f '^\[lxc monitor\]'); do
  for init in $(pgrep -P "$monitor"); do
    echo "init $init $(cut -d ' ' -f 22 "/proc/$init/stat")"
    sed 's/^[0-9]* [0-9]* [^ ]*/mount/' "/proc/$init/mountinfo"
    nsenter -t "$init" -n ip -o address show | sed 's/ *valid_lft.*//; s/^/guest /'
    nsenter -t "$init" -n ip -o route show | sed 's/^/guest /'
  done
done
ip -o -d link show | sed 's/ *qdisc.*qlen/ qlen/; s/ [a-z_]*_timer *[0-9.]*//g'
ip -o address show | sed 's/ *valid_lft.*//'
{ ip -o -4 route show table all && ip -o -6 route show table all; } | sed 's/ expires [^ ]*//'
ip -o neighbour show proxy
bridge vlan show 2>/dev/null
nft list ruleset 2>/dev/null | sed 's/counter packets [0-9]* bytes [0-9]*/counter/'
find /sys/fs/cgroup -maxdepth 4 -type d \( -path '*lxc*' -o -path '*bed*' \) | sort | while read -r group; do
  echo "cgroup $group"
  for limit in memory.max pids.max cpu.max cpuset.cpus cgroup.freeze; do
    [ ! -f "$group/$limit" ] || echo "limit $limit $(cat "$group/$limit")"
  done
done
cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding /proc/sys/net/ipv4/conf/*/forwarding /proc/sys/net/ipv6/conf/*/proxy_ndp
find /sys/fs/cgroup/system.slice -maxdepth 1 -name '*.service' | grep -v -e systemd-tmpfiles -e user-runtime -e timedated -e hostnamed | sort
