# What scenarios make, and nothing else: containers in their own LXC path, and interfaces and cgroups of their own names.
# shellcheck shell=sh
for config in /srv/lxc/*/config; do
  name=${config%/config}
  [ ! -f "$config" ] || timeout 20 lxc-stop -P /srv/lxc -n "${name##*/}" --kill
done
# What hangs, or runs without its files.
for monitor in $(pgrep -f '^\[lxc monitor\] /srv/lxc '); do
  pkill -KILL -P "$monitor"
  kill -KILL "$monitor"
done
grep -o ' /srv/lxc/[^ ]*' /proc/self/mounts | sort -r | while read -r mounted; do umount -l "$mounted"; done
rm -rf /srv/lxc /srv/bed /run/bed-before /run/bed-after
for link in $(ip -o link show | sed -n 's/^[0-9]*: \(bed[^:@]*\).*/\1/p'); do ip link delete "$link" 2>/dev/null; done
find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d -name 'bed*' | while read -r group; do
  find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
done
mkdir -p /srv/lxc
# Whatever bridge the host has or had: a container of a scenario has the network that the scenario gives it.
printf 'lxc.net.0.type = empty\n' >/etc/lxc/default.conf
