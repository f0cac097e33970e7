# Defines containers for the other scenarios with nothing but files: guest NAME [CONFIGURATION LINE...]
# LXC's own busybox template has the same programs, and takes an emulated processor a process for each of them.
# shellcheck shell=bash
rootfs() { # DIRECTORY
  mkdir -p "$1"/{bin,sbin,dev,etc,mnt,proc,root,run,sys,tmp,usr,var}
  cp /bin/busybox "$1/bin/"
  # Its links name busybox as it is on this host.
  ln -sf ../bin "$1/usr/bin"
  busybox --install -s "$1/bin" 2>/dev/null || true
  ln -sf ../bin/busybox "$1/sbin/init"
  echo '::sysinit:/bin/true' >"$1/etc/inittab"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
}
guest() {
  local name=$1
  shift
  rootfs "/srv/lxc/$name/rootfs"
  printf '%s\n' "lxc.uts.name = $name" "lxc.rootfs.path = dir:/srv/lxc/$name/rootfs" 'lxc.signal.halt = SIGUSR1' \
    'lxc.signal.reboot = SIGTERM' 'lxc.tty.max = 1' 'lxc.pty.max = 8' 'lxc.mount.auto = proc:mixed sys:mixed' \
    'lxc.apparmor.profile = unconfined' "$@" >"/srv/lxc/$name/config"
}
