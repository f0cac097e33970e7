# shellcheck shell=bash
ping_from() {
  local what=$1
  shift
  for _ in 1 2 3 4 5 6 7 8; do
    if "$@" >/dev/null 2>&1; then
      echo "$what answers"
      return
    fi
  done
  echo "$what is silent"
}
in_container() {
  local name=$1
  shift
  lxc-attach -P /srv/lxc -n "$name" -- "$@"
}
ping_from "bridge from hot" in_container hot busybox ping -c 1 -W 5 10.77.0.1
ping_from "hot" busybox ping -c 1 -W 5 10.77.0.2
ping_from "cold, routed," busybox ping -c 1 -W 5 198.18.77.3
ping_from "host from cold" in_container cold busybox ping -c 1 -W 5 10.77.0.1
echo "lan0 of hot $(in_container hot busybox ip link show lan0 | grep -o 'mtu [0-9]*')"
if in_container hot busybox ip link show wan0 >/dev/null 2>&1; then
  ping_from "wan0 of hot" busybox ping -c 1 -W 5 10.77.8.2
  ping_from "mac0 of hot" ip netns exec bedns busybox ping -c 1 -W 5 10.77.9.4
  [ -e /sys/class/net/bedx ] || echo "bedx is gone"
fi
# The nested hosts have no such interfaces, and waiting for silence takes time.
names='hot cold'
[ -e /sys/class/net/bed30 ] || names=
for name in $names; do
  host=2
  [ "$name" = hot ] || host=3
  ping_from "tag0 of $name" busybox ping -c 1 -W 5 "10.77.30.$host"
  ping_from "bridge VLAN from $name" in_container "$name" busybox ping -c 1 -W 5 10.77.30.1
  ping_from "ip0 of $name" ip netns exec bedns busybox ping -c 1 -W 5 "10.77.9.$host"
  ping_from "neighbour by ipvlan from $name" in_container "$name" busybox ping -c 1 -W 5 10.77.9.1
  ping_from "vlan0 of $name" ip netns exec bedns busybox ping -c 1 -W 5 "10.77.2$host.$host"
  ping_from "neighbour by vlan from $name" in_container "$name" busybox ping -c 1 -W 5 "10.77.2$host.1"
done
ip -d -o link show | grep -o 'veth.*' | grep -c mtu
bridge vlan show 2>/dev/null
ip neighbour show proxy
pid=$(lxc-info -P /srv/lxc -n cold --pid --no-humanize)
nsenter -t "$pid" -n ip -o -d link show type ipvlan 2>/dev/null
