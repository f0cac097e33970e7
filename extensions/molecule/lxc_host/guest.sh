# shellcheck shell=bash
set -eu
trap 'lxc-destroy --force --name bed-probe >/dev/null 2>&1' EXIT
/usr/bin/python3 -c 'import lxc, pyroute2; print("binding", lxc.version)'
lxc-create --name bed-probe --template none >/dev/null
printf '%s\n' 'lxc.rootfs.path = dir:/var/lib/lxc/bed-probe/rootfs' 'lxc.mount.auto = proc:mixed sys:ro' \
  >>/var/lib/lxc/bed-probe/config
rootfs /var/lib/lxc/bed-probe/rootfs
cat >/var/lib/lxc/bed-probe/rootfs/bin/leased <<'END'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip address add "$ip/$mask" dev "$interface"
ip route add default via "$router"
END
chmod +x /var/lib/lxc/bed-probe/rootfs/bin/leased
echo '::respawn:/bin/udhcpc -f -i eth0 -s /bin/leased' >/var/lib/lxc/bed-probe/rootfs/etc/inittab
lxc-start --name bed-probe
echo "environment $(tr '\0' ' ' <"/proc/$(lxc-info --name bed-probe --pid --no-humanize)/environ")"
for _ in $(seq 240); do
  address=$(lxc-info --name bed-probe --ips --no-humanize | grep '^10[.]0[.]3[.]' || true)
  [ -z "$address" ] || break
  sleep 0.5
done
echo "leased $address"
lxc-attach --name bed-probe -- /bin/ping -c 1 -w 30 10.0.3.1 >/dev/null && echo "ping ok"
echo "route $(lxc-attach --name bed-probe -- /bin/ip route show default)"
echo "profile $(cat "/proc/$(lxc-info --name bed-probe --pid --no-humanize)/attr/current" 2>/dev/null || echo none)"
