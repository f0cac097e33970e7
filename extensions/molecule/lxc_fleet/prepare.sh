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
# Made by nobody's fleet, by another fleet, by this one, and a copy of that.
guest stranger 'lxc.net.0.type = empty'
guest other 'lxc.net.0.type = empty' "# community.lxc fleet 'other': other"
guest old 'lxc.net.0.type = empty' "# community.lxc fleet 'bed': old"
guest copy 'lxc.net.0.type = empty' "# community.lxc fleet 'bed': old"
lxc-start -P /srv/lxc -n old
cat >/srv/bed/order <<'END'
#!/bin/sh
echo "$LXC_NAME" >>/srv/bed/started
END
chmod 755 /srv/bed/order
