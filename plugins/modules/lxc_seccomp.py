#!/usr/bin/python
# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lxc_seccomp
short_description: Set a container's seccomp policy
version_added: 0.1.0
author:
  - The community.lxc authors (@community-lxc)
description:
  - Sets which system calls a container may make, by a policy written as data or by a profile that is on the managed
    host already, and where the calls go that the policy hands over to an agent.
  - A running container keeps the policy that it was started with. RV(restart_required) says whether that is another
    than the configured one, in its content too.
  - A policy with which the container could not start is refused before anything is changed.
extends_documentation_fragment:
  - community.lxc._attributes
  - community.lxc._container
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  state:
    description:
      - With V(present), what the other options name is set, and everything else is left alone.
      - With V(absent), all keys C(lxc.seccomp.*) are removed from the container's configuration, and so are policies
        that this module wrote. What included files say stays in force.
    type: str
    choices: [present, absent]
    default: present
  profile:
    description:
      - The absolute path of a profile on the managed host. An empty text means no profile, also where an included file
        names one.
      - The key C(lxc.seccomp.profile).
    type: str
  policy:
    description:
      - The policy. It is written in LXC's version 2 syntax into the container's directory, in a file whose name tells
        its content. A profile that says the same already is left as it is, also one with the older words C(blacklist)
        and C(whitelist).
      - The key C(lxc.seccomp.profile), API extension C(seccomp_allow_deny_syntax).
    type: dict
    suboptions:
      mode:
        description: Whether calls are allowed unless a rule says otherwise, or refused unless a rule allows them.
        type: str
        choices: [denylist, allowlist]
        required: true
      default_action:
        description:
          - What becomes of a call that no rule is for, as O(policy.rules[].action).
          - By default V(allow) for a denylist and V(kill) for an allowlist.
          - V(errno 38) makes a call look as if the kernel did not have it.
        type: str
      rules:
        description:
          - The order is of no importance.
          - An allowlist has to let through the calls that LXC itself makes in the container before its init is
            executed, which are C(execve), C(read), C(sendmsg), C(sendto) and C(write), C(setgroups) in a container
            without an idmap, and C(setresuid), C(setresgid) and C(chdir) where C(lxc.init.uid), C(lxc.init.gid) or
            C(lxc.init.cwd) is set. Its init needs more.
          - Other calls of LXC's may fail, but not kill, as V(kill) and V(trap) do. They are C(close), C(getuid),
            C(openat) and C(setsid), mostly C(newfstatat) (C(fstat) with an older C library), C(fchown) and C(fchmod),
            and C(capget) in a container without an idmap.
        type: list
        elements: dict
        suboptions:
          syscalls:
            description:
              - The names of system calls. They are checked against libseccomp for the architecture of the rule.
              - Also V(reject_force_umount), LXC's own word for C(umount2) with the flag C(MNT_FORCE).
            type: list
            elements: str
            required: true
          action:
            description:
              - One of V(allow), V(kill), V(trap), V(errno N), V(log), V(trace N) and V(notify), as far as the liblxc on
                the managed host knows it. No release up to 7.0 knows V(log) and V(trace).
              - V(notify) hands the call over to the agent behind O(notify.proxy), API extension C(seccomp_notify).
              - By default V(kill) in a denylist and V(allow) in an allowlist.
            type: str
          args:
            description:
              - Conditions on the call's arguments, all of which have to be met. Each is a list of the argument's index
                (0 to 5), a value, an operator and for the operator V(&=) a mask.
              - Operators are V(==), V(!=), V(<), V(<=), V(>), V(>=) and V(&=), which compares the argument and the
                mask, combined by a bitwise and, with the value.
            type: list
            elements: list
          arch:
            description:
              - The architecture that the rule is for. One of V(all), V(x86), V(x32), V(x86_64), V(arm), V(arm64),
                V(ppc), V(ppc64), V(ppc64le), V(mips), V(mips64), V(mips64n32), V(mipsel), V(mipsel64), V(mipsel64n32),
                V(s390) and V(s390x).
              - liblxc skips rules for other architectures than the host's and those whose programs the host can run,
                and applies a rule for one of these to all of them.
            type: str
            default: all
  allow_nesting:
    description:
      - Whether the policy is applied where the starting process is under a policy itself, as it is inside of a
        container.
      - The key C(lxc.seccomp.allow_nesting), API extension C(seccomp_allow_nesting).
    type: bool
  notify:
    description: Where calls with the action V(notify) go.
    type: dict
    suboptions:
      proxy:
        description:
          - V(unix:) and the absolute path of a socket of type C(SOCK_SEQPACKET), on which an agent has to listen before
            the container is started. The role P(community.lxc.lxc_seccomp_agent#role) installs one.
          - An empty text removes it.
          - The key C(lxc.seccomp.notify.proxy), API extensions C(seccomp_notify) and C(seccomp_proxy_send_notify_fd).
        type: str
      cookie:
        description:
          - A text that the agent gets with each notification. An empty text removes it.
          - The key C(lxc.seccomp.notify.cookie), API extension C(seccomp_notify).
        type: str
seealso:
  - module: community.lxc.lxc_container
"""

EXAMPLES = r"""
- name: Keep a container from changing the clock and from loading kernel modules
  community.lxc.lxc_seccomp:
    container: web
    policy:
      mode: denylist
      rules:
        - syscalls: [init_module, finit_module, delete_module]
          action: errno 1
        - syscalls: [clock_settime, settimeofday]
          action: errno 1
        - syscalls: [reject_force_umount]
        # No set-user-id bit by chmod
        - syscalls: [fchmodat]
          action: errno 1
          args: [[2, '0o4000', '&=', '0o4000']]

- name: Hand mknod over to the agent
  community.lxc.lxc_seccomp:
    container: web
    policy:
      mode: denylist
      rules:
        - syscalls: [mknod, mknodat]
          action: notify
    notify:
      proxy: unix:/run/lxc-seccomp-agent/agent.sock
      cookie: web
  register: web

- name: Restart the container if it runs under another policy
  community.lxc.lxc_container:
    name: web
    restart: if_required

- name: Take the policy from a file
  community.lxc.lxc_seccomp:
    container: web
    profile: /usr/share/lxc/config/common.seccomp

- name: Have no policy of its own
  community.lxc.lxc_seccomp:
    container: web
    state: absent
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be, and what waits for the next start of the container.
  returned: always
  type: list
  elements: str
  sample:
    - write the seccomp policy /var/lib/lxc/web/seccomp-86a1f4b3c3a3a7c0.policy
    - "change the configuration of container 'web' in /var/lib/lxc: set lxc.seccomp.profile to
      '/var/lib/lxc/web/seccomp-86a1f4b3c3a3a7c0.policy'"
    - lxc.seccomp.profile of container 'web' in /var/lib/lxc takes effect at its next start
restart_required:
  description: Whether the running container is under another policy than the configured one.
  returned: success
  type: bool
  sample: true
lxc_log:
  description: The warnings and errors that liblxc logged.
  returned: failure
  type: list
  elements: str
  sample: []
seccomp:
  description: The container's policy.
  returned: success
  type: dict
  contains:
    persisted:
      description:
        - What the next start will bring. C(hash) is the SHA-256 of the profile's content. C(policy) is V(null) where
          there is no profile, or one that is not in version 2 syntax.
      type: dict
      sample:
        profile: /var/lib/lxc/web/seccomp-86a1f4b3c3a3a7c0.policy
        hash: 86a1f4b3c3a3a7c0b1f9b0d7a5bbd8eafd94ef18a0f2c7ee3a5a6e6ad7f0b2a1
        policy:
          mode: denylist
          default_action: allow
          rules:
            - {syscall: mknod, action: notify, arch: all, args: []}
        allow_nesting: false
        notify: {proxy: 'unix:/run/lxc-seccomp-agent/agent.sock', cookie: web}
    live:
      description:
        - What the running container's init is under; V(null) for one that does not run.
        - C(mode) is 2 with a policy and 0 without one, and C(filters) the number of filters. C(notify_fd_active) says
          whether calls are handed over to an agent, API extension C(seccomp_notify_fd_active).
      type: dict
      sample:
        mode: 2
        filters: 1
        notify_fd_active: true
        profile: /var/lib/lxc/web/seccomp-86a1f4b3c3a3a7c0.policy
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.lxc.plugins.module_utils._argspec import SECCOMP_OPTIONS
from ansible_collections.community.lxc.plugins.module_utils._plan._seccomp import build_seccomp
from ansible_collections.community.lxc.plugins.module_utils._runner import run_module


def main() -> None:
    module = AnsibleModule(supports_check_mode=True, **SECCOMP_OPTIONS.to_kwargs())
    run_module(module, lambda: build_seccomp(module.params))


if __name__ == "__main__":
    main()
