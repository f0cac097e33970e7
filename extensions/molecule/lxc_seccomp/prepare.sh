# shellcheck shell=bash
set -e
cat >/srv/bed-profile <<'END'
2
denylist allow
[all]
umount2 errno 13
END
mkdir -p /srv/bed
mv /srv/bed-profile /srv/bed/profile
guest policy 'lxc.net.0.type = empty'
guest profile 'lxc.net.0.type = empty'
guest bare 'lxc.net.0.type = empty' 'lxc.seccomp.profile = /srv/bed/profile' 'lxc.seccomp.allow_nesting = 1'
# What init's own processes may do, not only what lxc-attach brings in.
for name in policy profile bare; do
  printf '::sysinit:/bin/sh /attempt\n' >"/srv/lxc/$name/rootfs/etc/inittab"
  cat >"/srv/lxc/$name/rootfs/attempt" <<'END'
exec >/tmp/said 2>&1
busybox rm -rf /tmp/made
mkdir /tmp/made && echo 'mkdir works'
busybox mount -t tmpfs none /mnt
busybox umount /mnt && echo 'umount works'
echo done
END
done
for name in policy bare; do
  lxc-start -P /srv/lxc -n "$name"
  for _ in $(seq 300); do
    grep -q '^done' "/srv/lxc/$name/rootfs/tmp/said" 2>/dev/null && break
    sleep 0.1
  done
done
