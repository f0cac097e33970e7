# shellcheck shell=bash
set -e
ip link add bedbr0 type bridge
ip address add 10.98.0.1/24 dev bedbr0
ip link set bedbr0 up
mkdir -p /srv/bed/www
echo 'served by the host' >/srv/bed/www/index.html
guest source 'lxc.net.0.type = empty'
tar -C /srv/lxc/source/rootfs -cf /srv/bed/rootfs.tar .
rm -rf /srv/lxc/source
guest stranger 'lxc.net.0.type = empty'
