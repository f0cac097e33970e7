# shellcheck shell=bash
inside() { lxc-attach -P /srv/lxc -n "$1" --clear-env -- "${@:2}"; }
for name in web unprivileged; do
  pid=$(lxc-info -P /srv/lxc -n "$name" --pid --no-humanize)
  while read -r _ _ _ root target options rest; do
    echo "mount $name $root $target $options ${rest#*- }"
  done <"/proc/$pid/mountinfo"
done
grep -h '^lxc.mount.entry' /srv/lxc/*/config | sed 's/^/entry /'
inside web touch /data/new 2>&1
echo "web reads $(inside web cat /data/file)"
inside web dd if=/dev/zero of=/scratch/full bs=1024 count=4096 2>&1 | grep -o 'No space left'
echo "web scratch $(stat -f -c '%b %S' "/proc/$(lxc-info -P /srv/lxc -n web --pid --no-humanize)/root/scratch")"
echo "unprivileged owner $(inside unprivileged stat -c %u /data/file)"
inside unprivileged touch /data/mapped && echo "unprivileged wrote as $(stat -c %u /srv/bed/data/mapped)"
rm -f /srv/bed/data/mapped
echo "left $(find /srv/bed/data /srv/bed/old | sort | tr '\n' ' ')"
