# shellcheck shell=bash
set -e
guest web 'lxc.net.0.type = empty' 'lxc.mount.entry = /srv/bed/old old none bind,create=dir 0 0'
guest unprivileged 'lxc.net.0.type = empty' 'lxc.idmap = u 0 100000 65536' 'lxc.idmap = g 0 100000 65536'
guest idle 'lxc.net.0.type = empty'
chown -R 100000:100000 /srv/lxc/unprivileged/rootfs
mkdir -p /srv/bed/old "/srv/bed/data/with blank"
echo 'from the host' >/srv/bed/data/file
lxc-start -P /srv/lxc -n web
lxc-start -P /srv/lxc -n unprivileged
