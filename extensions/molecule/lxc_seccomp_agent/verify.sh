# shellcheck shell=bash
inside() { lxc-attach -P /srv/lxc -n guarded -- sh -c "$1" 2>&1; }
# LXC hands the listener of a process that lxc-attach brings in to the monitor too late at times.
make() {
  for _ in 1 2 3 4 5 6; do
    if inside "rm -f /tmp/$2; mknod /tmp/$2 c 1 3 && echo x >/tmp/$2 && test -c /tmp/$2" >/dev/null; then
      echo "$1 made"
      return
    fi
  done
  echo "$1 not made"
}
before=$(systemctl show --property MainPID --value lxc-seccomp-agent.service)
make null null
for _ in 1 2 3 4 5 6; do
  answer=$(inside 'mknod /tmp/mem c 1 1')
  case $answer in *permitted*) break ;; esac
done
echo "mem refused $answer"
systemctl kill --signal=KILL lxc-seccomp-agent.service
make 'null after the kill' second
for _ in $(seq 50); do
  after=$(systemctl show --property MainPID --value lxc-seccomp-agent.service)
  [ "$after" -eq 0 ] || break
  sleep 0.1
done
[ "$before" != "$after" ] && [ "$after" -gt 0 ] && echo "another agent true"
echo "agent $(systemctl is-active lxc-seccomp-agent.service)"
stat -c 'socket %a %u' /run/lxc-seccomp-agent/agent.sock
journalctl --unit lxc-seccomp-agent.service --no-pager --lines 20
