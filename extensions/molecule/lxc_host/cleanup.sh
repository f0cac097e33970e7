# shellcheck shell=bash
systemctl disable --quiet --now lxc-host-dnsmasq lxc-host-nat systemd-networkd systemd-networkd.socket lxc-net lxcfs 2>/dev/null
rm -f /etc/systemd/network/60-lxcbr0.* /etc/systemd/system/lxc-host-*.service /etc/sysctl.d/60-lxc-host.conf
systemctl mask --quiet lxc-net
systemctl daemon-reload
ip link delete lxcbr0 2>/dev/null
lxc-destroy --force --name bed-probe 2>/dev/null
true
