# shellcheck shell=bash
set -e
denied=('lxc.net.0.type = empty' 'lxc.cgroup2.devices.deny = a' 'lxc.cgroup2.devices.allow = c 1:3 rwm'
  'lxc.cgroup2.devices.allow = c 5:* rwm' 'lxc.cgroup2.devices.allow = c 136:* rwm')
guest web "${denied[@]}"
guest unprivileged "${denied[@]}" 'lxc.idmap = u 0 100000 65536' 'lxc.idmap = g 0 100000 65536'
chown -R 100000:100000 /srv/lxc/unprivileged/rootfs
guest idle "${denied[@]}"
lxc-start -P /srv/lxc -n web
lxc-start -P /srv/lxc -n unprivileged
