# A bridge with VLANs where the kernel has them, and a cable to a neighbour, whose other end plays the network card.
# shellcheck shell=bash
set -e
ip link add bed0 type bridge
ip address add 10.77.0.1/24 dev bed0
ip link set bed0 up
if [ -e /sys/class/net/bed0/bridge/vlan_filtering ]; then
  # Ports that are given VLANs of their own must not stay in this one, whatever its number.
  ip link set bed0 type bridge vlan_filtering 1 vlan_default_pvid 5
  bridge vlan add dev bed0 vid 30 self
  ip link add link bed0 name bed30 type vlan id 30
  ip address add 10.77.30.1/24 dev bed30
  ip link set bed30 up
fi
ip netns add bedns
ip link add bedc type veth peer name bedp netns bedns
ip link set bedc up
echo 1 >/proc/sys/net/ipv4/conf/bedc/forwarding
ip netns exec bedns sh -c 'ip link set lo up; ip link set bedp up; ip address add 10.77.9.1/24 dev bedp'
for vlan in 22 23; do
  if ip netns exec bedns ip link add link bedp name "bed$vlan" type vlan id "$vlan" 2>/dev/null; then
    ip netns exec bedns ip address add "10.77.$vlan.1/24" dev "bed$vlan"
    ip netns exec bedns ip link set "bed$vlan" up
  fi
done
for link in bedd2 bedd3; do
  ! ip link add "$link" type dummy 2>/dev/null || ip link set "$link" up
done
# And one that is given away.
ip link add bedx type veth peer name bedy
ip address add 10.77.8.1/24 dev bedy
ip link set bedy up
guest hot 'lxc.net.0.type = empty'
guest cold 'lxc.net.0.type = empty'
lxc-start -P /srv/lxc -n hot
