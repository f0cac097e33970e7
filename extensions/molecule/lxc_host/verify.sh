# shellcheck shell=bash
ip -brief address show dev lxcbr0
ip -o -d link show dev lxcbr0
echo "forwarding $(cat /proc/sys/net/ipv4/ip_forward)"
echo "nonlocal bind $(cat /proc/sys/net/ipv4/ip_nonlocal_bind)"
echo "subuid $(cat /etc/subuid)"
echo "subgid $(cat /etc/subgid)"
echo "lxcfs $(findmnt --noheadings --output FSTYPE /var/lib/lxcfs)"
echo "networkd $(systemctl is-active systemd-networkd) dnsmasq $(systemctl is-active lxc-host-dnsmasq) nat $(systemctl is-active lxc-host-nat)"
echo "lxc-net $(systemctl is-active lxc-net) $(systemctl is-enabled lxc-net)"
echo "failed $(systemctl --failed --no-legend --plain)"
nft list ruleset
