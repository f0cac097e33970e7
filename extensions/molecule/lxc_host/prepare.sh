# shellcheck shell=bash
set -e
systemctl unmask lxc-net.service
dpkg --force-depends --purge lxc python3-lxc python3-pyroute2 uidmap rsync dnsmasq-base nftables lxcfs lxc-templates
rm -rf /etc/lxc /etc/subuid /etc/subgid /etc/default/lxc-net
