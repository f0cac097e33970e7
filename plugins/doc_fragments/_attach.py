# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How to get into a container: the options that both connection plugins share."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
requirements:
  - C(lxc-attach) and C(lxc-info) on the container's host. No Python binding is needed, on either side.
  - C(/bin/sh), C(cat), C(mv), C(rm) and C(chmod) inside the container; busybox has them all.
notes:
  - The command begins with a clean environment, E(PATH), E(HOME), E(USER) and E(LOGNAME) set, plus what the container's
    C(lxc.environment) says.
  - The host's Python interpreter never enters the container, only C(lxc-attach), which runs from a sealed copy of
    itself.
  - A container shares its host's C(/proc/sys/kernel/random/boot_id), so M(ansible.builtin.reboot) has to be
    told another sign of a new boot; see the examples.
options:
  container:
    description:
      - Name of the container.
      - Default is the inventory host name; of a delegated task, that of the host that it is delegated to.
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_lxc_container
  lxc_path:
    description:
      - Directory on the container's host that holds the containers, an absolute path.
      - Default is liblxc's own C(lxc.lxcpath) for the user who runs C(lxc-attach).
    type: str
    vars:
      - name: ansible_lxc_path
    env:
      - name: ANSIBLE_LXC_PATH
    ini:
      - section: lxc_connection
        key: lxc_path
  lxc_user:
    description:
      - User inside the container that commands run as. For a user other than V(root) the container's own C(su) is used.
    type: str
    default: root
    vars:
      - name: ansible_lxc_user
  lxc_become:
    description:
      - Whether C(lxc-attach) runs on the container's host through a become plugin, V(sudo) for example.
      - Apart from the task's own C(become), which happens inside the container.
    type: bool
    default: false
    vars:
      - name: ansible_lxc_become
  lxc_become_method:
    description: Become plugin to use on the container's host.
    type: str
    default: sudo
    vars:
      - name: ansible_lxc_become_method
  lxc_become_user:
    description: User on the container's host who controls the container.
    type: str
    default: root
    vars:
      - name: ansible_lxc_become_user
  lxc_become_password:
    description: Password that the become plugin is asked for on the container's host.
    type: str
    vars:
      - name: ansible_lxc_become_password
      - name: ansible_lxc_become_pass
  lxc_become_exe:
    description: Executable of the become plugin on the container's host; default is the plugin's own.
    type: str
    vars:
      - name: ansible_lxc_become_exe
  lxc_become_flags:
    description: Options for that executable; default is the plugin's own.
    type: str
    vars:
      - name: ansible_lxc_become_flags
"""
