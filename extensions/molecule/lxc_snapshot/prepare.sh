# shellcheck shell=bash
set -e
guest web 'lxc.net.0.type = empty'
guest base 'lxc.net.0.type = empty'
lxc-copy -P /srv/lxc -n base -N overlay -B overlay -s
mkdir -p /srv/bed
echo 'before' >/srv/lxc/web/rootfs/data
chown 12:34 /srv/lxc/web/rootfs/data
for comment in 'an old one' obsolete; do
  echo "$comment" >/srv/bed/comment
  lxc-snapshot -P /srv/lxc -n web -c /srv/bed/comment
done
