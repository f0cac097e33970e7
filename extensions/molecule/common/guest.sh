# Defines containers for the other scenarios with nothing but files: guest NAME [CONFIGURATION LINE...]
# shellcheck shell=bash
guest() {
  local name=$1 directory
  shift
  for directory in bin sbin dev etc mnt proc root run sys tmp var; do mkdir -p "/srv/lxc/$name/rootfs/$directory"; done
  cp /bin/busybox "/srv/lxc/$name/rootfs/bin/"
  for applet in sh cat echo grep head id ip kill ls mkdir mknod ping ps sleep stat touch true wc dd; do
    ln -sf busybox "/srv/lxc/$name/rootfs/bin/$applet"
  done
  ln -sf ../bin/busybox "/srv/lxc/$name/rootfs/sbin/init"
  echo '::sysinit:/bin/true' >"/srv/lxc/$name/rootfs/etc/inittab"
  echo 'root:x:0:0:root:/root:/bin/sh' >"/srv/lxc/$name/rootfs/etc/passwd"
  printf '%s\n' "lxc.uts.name = $name" "lxc.rootfs.path = dir:/srv/lxc/$name/rootfs" 'lxc.signal.halt = SIGUSR1' \
    'lxc.signal.reboot = SIGTERM' 'lxc.tty.max = 1' 'lxc.pty.max = 8' 'lxc.mount.auto = proc:mixed sys:mixed' \
    'lxc.apparmor.profile = unconfined' "$@" >"/srv/lxc/$name/config"
}
