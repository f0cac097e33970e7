# shellcheck shell=bash
for name in web overlay; do
  lxc-snapshot -P /srv/lxc -n "$name" -L | sed "s/^/$name /"
  for comment in /srv/lxc/"$name"/snaps/*/comment; do echo "$name $comment says $(cat "$comment")"; done
done
stat -c 'data %u:%g' /srv/lxc/web/snaps/snap2/rootfs/data
lxc-start -P /srv/lxc -n copy
echo "copy $(lxc-info -P /srv/lxc -n copy -s --no-humanize) $(lxc-attach -P /srv/lxc -n copy --clear-env -- cat /data)"
lxc-stop -P /srv/lxc -n copy --kill
