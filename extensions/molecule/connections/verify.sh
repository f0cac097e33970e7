# Asks the containers by LXC's own tools.
# shellcheck shell=bash
ask='import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:8080/").read().decode().strip())'
for name in ${containers:?}; do
  inside() { lxc-attach -P /srv/lxc -n "$name" --clear-env -- "$@"; }
  # The service has been started, which does not say that it listens already.
  for _ in $(seq 60); do page=$(inside python3 -c "$ask" 2>/dev/null) && break; sleep 1; done
  echo "$name service $(inside systemctl is-active web)"
  echo "$name page $page"
  echo "$name owner $(inside stat -c '%U %a' /srv/web/index.html)"
  echo "$name server $(inside ps -o user= -C python3 2>/dev/null || inside stat -c %U "/proc/$(inside systemctl show --value -p MainPID web)")"
done
