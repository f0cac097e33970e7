# shellcheck shell=bash
lxc-ls -P /srv/lxc --fancy --fancy-format NAME,STATE
echo "first $(head -n 1 /srv/bed/started) of $(sort /srv/bed/started | uniq | wc -l)"
echo "bases $(find /srv/lxc -maxdepth 1 -name 'fleet-base-*' | wc -l)"
for name in web1 web2 db; do
  pid=$(lxc-info -P /srv/lxc -n "$name" --pid --no-humanize)
  echo "$name root $(grep ' / / ' "/proc/$pid/mountinfo" | grep -o overlay | head -n 1)"
  echo "$name links $(nsenter -t "$pid" -n ip -brief link show | sed 's/[@ ].*//' | sort | tr '\n' ' ')"
  echo "$name address $(nsenter -t "$pid" -n ip -o -4 address show dev eth0 2>/dev/null | tr -s ' ')"
  echo "$name seccomp $(sed -n 's/^Seccomp:\t//p' "/proc/$pid/status")"
  echo "$name group $(sed -n 's/^0:://p' "/proc/$pid/cgroup")"
done
echo "page $(lxc-attach -P /srv/lxc -n web1 --clear-env -- cat /var/www/index.html)"
lxc-attach -P /srv/lxc -n web1 --clear-env -- ping -c 1 -w 5 10.98.0.12 >/dev/null 2>&1 && echo 'they reach each other'
