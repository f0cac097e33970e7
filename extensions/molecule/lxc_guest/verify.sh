# shellcheck shell=bash
lxc-ls -P /srv/lxc --fancy --fancy-format NAME,STATE
pid=$(lxc-info -P /srv/lxc -n web --pid --no-humanize)
echo "init $pid"
echo "environment $(tr '\0' ' ' <"/proc/$pid/environ")"
echo "seccomp $(sed -n 's/^Seccomp:\t//p' "/proc/$pid/status")"
echo "group $(sed -n 's/^0:://p' "/proc/$pid/cgroup")"
echo "page $(lxc-attach -P /srv/lxc -n web --clear-env -- cat /var/www/index.html)"
echo "mount $(grep ' /var/www ' "/proc/$pid/mountinfo" | cut -d ' ' -f 6)"
echo "address $(nsenter -t "$pid" -n ip -o -4 address show dev eth0 | tr -s ' ')"
echo "route $(nsenter -t "$pid" -n ip route show default)"
ip -o link show dev bedweb0 | grep -o 'master bedbr0'
lxc-attach -P /srv/lxc -n web --clear-env -- ping -c 1 -w 30 10.98.0.1 >/dev/null 2>&1 && echo 'reaches out'
