# shellcheck shell=bash disable=SC2016 # what stands in single quotes is for the shell in the container
cd /sys/fs/cgroup || exit 1
for name in open inner; do
  init=$(lxc-info -P /srv/lxc -n "$name" --pid --no-humanize)
  monitor=$(cut -d ' ' -f 4 "/proc/$init/stat")
  # The nested hosts show the machine's hierarchies of version 1 as well.
  echo "$name init $(grep ^0: "/proc/$init/cgroup") monitor $(grep ^0: "/proc/$monitor/cgroup")"
done
limits() { # NAME GROUP
  for file in memory.max memory.high memory.swap.max pids.max cpu.max cpu.weight cpuset.cpus io.max cgroup.max.descendants; do
    [ ! -f "$2/$file" ] || echo "$1 $file $(cat "$2/$file")"
  done
}
limits open lxc.payload.open
limits inner bedc/ct
limits "inside inner" bedc/ct/inner

inside() { # NAME COMMAND
  lxc-attach -P /srv/lxc -n "$1" --clear-env -- /bin/sh -c "$2" 2>/dev/null
}
open_device() { # NAME NODE NUMBERS
  # shellcheck disable=SC2086
  [ -e "/srv/lxc/open/rootfs/$2" ] || mknod "/srv/lxc/open/rootfs/$2" $3
  inside open ": <$2" && echo "$1 reads"
  inside open ": >>$2" && echo "$1 writes"
}
open_device null /n3 'c 1 3'
open_device zero /n5 'c 1 5'
open_device full /n7 'c 1 7'

# The point of it all: a root that tries to raise its own limit.
fill='mkdir -p /mnt; mount -t tmpfs none /mnt && dd if=/dev/zero of=/mnt/x bs=1M count=80; s=$?; umount /mnt; exit $s'
for name in open inner; do
  inside "$name" "$fill" && echo "$name fills before" || echo "$name is kept before"
  inside "$name" '
    mkdir -p /c; mount -t cgroup2 none /c
    for d in /sys/fs/cgroup /sys/fs/cgroup/.. /c /c/..; do
      for f in memory.max memory.high memory.swap.max; do echo max >$d/$f; done
      echo 1000 >$d/cgroup.max.descendants
    done'
  inside "$name" "$fill" && echo "$name fills after" || echo "$name is kept after"
done
limits "tried open" lxc.payload.open
limits "tried inner" bedc/ct
true
