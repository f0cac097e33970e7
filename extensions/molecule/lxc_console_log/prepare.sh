# shellcheck shell=bash
set -e
guest talks 'lxc.net.0.type = empty' 'lxc.console.buffer.size = 64KB' 'lxc.console.logfile = /srv/bed/console'
printf "::sysinit:/bin/sh -c 'echo first; echo second' >/dev/console\n" >/srv/lxc/talks/rootfs/etc/inittab
mkdir -p /srv/bed
lxc-start -P /srv/lxc -n talks
for _ in $(seq 300); do
  grep -q second /srv/bed/console && exit
  sleep 0.1
done
echo 'the container does not write to its console' >&2
exit 1
