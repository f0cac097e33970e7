# shellcheck shell=bash
inside() { lxc-attach -P /srv/lxc -n "$1" --clear-env -- sh -c "$2" 2>&1 | sed "s/^/$1 $3 /"; }
look() {
  inside "$1" 'stat -c "%F %t:%T %u %g %a" /dev/filled' filled
  inside "$1" 'echo x >/dev/filled' writes
}
look web
look unprivileged
inside web 'stat -c "%F %t:%T" /dev/zeros' zeros
inside web 'dd if=/dev/zeros bs=4 count=1 2>/dev/null | wc -c' 'zeros reads'
inside web 'echo x >/dev/zeros' 'zeros writes'
inside web 'mknod /tmp/random c 1 8' 'other'
inside web 'mknod /tmp/full c 1 7 && echo made' 'same'
# From the start on.
lxc-start -P /srv/lxc -n idle
look idle
lxc-stop -P /srv/lxc -n idle --kill
# The host's own is as it was.
stat -c 'host %u %g %a' /dev/full
rm -f /srv/lxc/web/rootfs/tmp/full
