# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_mount: bad input is refused in one sentence, in check mode too, and nothing is changed. And how long it takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import RunPlaybook
from ansible_collections.community.lxc.tests.live._bed import COLLECTIONS, PYTHON, Bed, run_module, tool
from ansible_collections.community.lxc.tests.live._mounting import lines_at, mount, table

GOOD: Mapping[str, Any] = {"source": "/etc", "target": "/mnt/data", "create": "dir"}


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"target": "mnt/data"}, "target: 'mnt/data' is not an absolute path"),
        ({"target": ""}, "target: '' is not an absolute path"),
        ({"target": "/"}, "cannot be mounted over"),
        ({"target": "/."}, "cannot be mounted over"),
        ({"target": "/mnt/../etc"}, "holds '..'"),
        ({"target": "/.."}, "holds '..'"),
        ({"target": "/mnt/a\nlxc.hook.start-host = /bin/evil"}, "holds a newline"),
        ({"target": "/mnt/a\rb"}, "holds a carriage return"),
        ({"source": "/etc\nlxc.hook.start-host = /bin/evil"}, "holds a newline"),
        ({"source": "/no/such/thing"}, "source: /no/such/thing does not exist on the host; optional: true"),
        ({"source": "etc"}, "not an absolute path of the host"),
        ({"source": ""}, "source: is empty"),
        ({"source": None}, "source: is missing"),
        ({"options": ["ro\nlxc.hook.start-host = /bin/evil"]}, "holds a newline"),
        ({"options": ["size=1m"]}, "'size=1m' is none"),
        ({"options": ["colour"]}, "'colour' is none"),
        ({"options": ["sync"]}, "a bind mount cannot have it"),
        ({"options": ["create=dir"]}, "has an option of its own"),
        ({"options": ["optional"]}, "has an option of its own"),
        ({"options": ["remount"]}, "not supported"),
        ({"fstype": "nosuchfs"}, "no file system 'nosuchfs'"),
        ({"fstype": "no such"}, "is not the name of a file system"),
        ({"fstype": "tmpfs", "options": ["colour=red"]}, "colour"),
        ({"fstype": "tmpfs", "options": ["size=many"]}, "size"),
        ({"fstype": "tmpfs", "options": ["bind"]}, "goes with fstype 'bind' only"),
        ({"fstype": "ext4", "source": "/etc"}, "not a block device"),
        ({"fstype": "tmpfs", "idmap": "container"}, "goes with fstype 'bind' only"),
        ({"idmap": "container"}, "no user namespace of its own"),
        ({"idmap": "nobody"}, "idmap"),
        ({"create": "link"}, "create"),
        ({"container": "no-such-one"}, "There is no container 'no-such-one'"),
        ({"container": "../x"}, "is not a container name"),
    ],
)
def test_refused(bed: Bed, wish: Mapping[str, Any], sentence: str, running: bool, check_mode: bool) -> None:
    guest = bed.guest(start=running)
    before = (guest.config.read_bytes(), guest.config.stat().st_mtime_ns)
    mounts = table(guest.init_pid()) if running else []
    failed = mount(guest, fails=True, check_mode=check_mode, arguments={**GOOD, **wish})
    assert sentence in failed["msg"]
    assert failed.get("actions", []) == []
    assert (guest.config.read_bytes(), guest.config.stat().st_mtime_ns) == before
    assert (table(guest.init_pid()) if running else []) == mounts


@pytest.mark.parametrize("state", ["ephemeral", "unmounted"])
def test_states_about_what_is_live_need_a_running_container(bed: Bed, state: str) -> None:
    guest = bed.guest()
    text = guest.config.read_bytes()
    failed = mount(guest, fails=True, arguments=GOOD, state=state)
    assert "does not run" in failed["msg"]
    assert guest.config.read_bytes() == text


def test_a_target_that_is_not_there_needs_create(bed: Bed) -> None:
    guest = bed.guest(start=True)
    text = guest.config.read_bytes()
    failed = mount(guest, fails=True, source="/etc", target="/mnt/none")
    assert "does not exist" in failed["msg"]
    assert "create: dir makes it" in failed["msg"]
    failed = mount(guest, fails=True, source="/etc", target="/mnt/none", create="file")
    assert "create: file makes a file, and the source is a directory" in failed["msg"]
    assert guest.config.read_bytes() == text
    assert guest.attach("ls", "/mnt").stdout == ""


def test_an_idmap_that_the_file_system_cannot_have_leaves_nothing(bed: Bed) -> None:
    guest = bed.guest("lxc.idmap = u 0 300000 65536", "lxc.idmap = g 0 300000 65536")
    tool("chown", "-R", "-h", "300000:300000", str(guest.rootfs))
    guest.config.parent.chmod(0o755)
    guest.start()
    text = guest.config.read_bytes()
    failed = mount(guest, fails=True, source="/proc/sys", target="/mnt/data", create="dir", idmap="container")
    assert "does not support idmapped mounts" in failed["msg"]
    assert guest.config.read_bytes() == text
    assert guest.attach("ls", "/mnt").stdout == ""


# ---- how long it takes

_TIMED = """
import json, resource, statistics, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.community.lxc.plugins.module_utils._host import _mount_enter, _mount_orders
from ansible_collections.community.lxc.plugins.module_utils._host import _mount_program, _mount_tree, _process
from ansible_collections.community.lxc.plugins.module_utils._model._mount_options import parse_options
pid, source = int(sys.argv[2]), sys.argv[3]
def worked():
    both = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)
took = []
for number in range(100):
    begin = worked()
    with _mount_enter.namespaces(pid, _process.born(pid)) as spaces:
        def prepare():
            tree = _mount_tree.bind_tree(source, parse_options(["bind", "ro"]))
            where = _mount_orders.target(f"/mnt/{number}", "dir")
            return _mount_program.Program(namespaces=spaces, tree=tree, where=where)
        outcome = _mount_enter.run(prepare, what="mount")
    took.append(worked() - begin)
    assert outcome.step == _mount_orders.DONE, outcome
print(json.dumps(1000 * statistics.quantiles(took, n=4)[0]))
"""


def test_an_injection_takes_five_milliseconds_at_most(bed: Bed, tmp_path: Path) -> None:
    """The time that both processes work, first quartile of 100: waiting for a processor is the machine's affair."""
    guest = bed.guest(start=True)
    program = [PYTHON, "-c", _TIMED, str(COLLECTIONS), str(guest.init_pid()), str(tmp_path)]
    milliseconds = json.loads(tool(*program).stdout)
    assert len(lines_at(guest, "/mnt/99")) == 1
    print(f"an injection takes {milliseconds:.2f} ms")
    assert milliseconds <= 5


def test_a_stopped_container_costs_no_child_process_more_than_its_check(bed: Bed, tmp_path: Path) -> None:
    guest = bed.guest()
    arguments = {"container": guest.name, "lxc_path": guest.lxc_path, "source": tmp_path, "target": "/mnt"}
    run_module("lxc_mount", arguments)
    trace = tmp_path / "trace"
    again = run_module("lxc_mount", arguments, prefix=["strace", "-f", "-e", "trace=process", "-o", str(trace)])
    assert not again["changed"]
    children = [line for line in trace.read_text().splitlines() if "fork(" in line or "CLONE_CHILD" in line]
    assert children == []


def test_the_examples_run(bed: Bed, ansible_playbook: RunPlaybook, tmp_path: Path) -> None:
    """Those of the documentation, in a playbook with the group's defaults, twice."""
    guest = bed.guest(name="web", start=True)
    (guest.rootfs / "etc/hosts").write_text("")
    tool("chmod", "755", str(tmp_path))
    www = tmp_path / "www"
    www.mkdir()
    text = (Path(COLLECTIONS) / "ansible_collections/community/lxc/plugins/modules/lxc_mount.py").read_text()
    examples = text.split('EXAMPLES = r"""\n---\n')[1].split('"""')[0].replace("/srv/www", str(www))
    blocks = [block for block in examples.split("\n\n") if "container: unprivileged" not in block]
    tasks = "\n\n".join(blocks).replace("\n", "\n    ")
    play = ansible_playbook(
        "- hosts: localhost\n  gather_facts: false\n  module_defaults:\n    group/community.lxc.lxc:\n"
        f"      lxc_path: {guest.lxc_path}\n  tasks:\n    {tasks}\n"
    )
    assert play.rc == 0, play.output
    assert play.changed == 4
    assert len(lines_at(guest, "/etc/hosts")) == 1
    assert len(lines_at(guest, "/scratch")) == 1
    assert lines_at(guest, "/var/www") == []
