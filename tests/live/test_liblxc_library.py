# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The library itself: the layout of its structures, its functions, and what is refused."""

from __future__ import annotations

from ctypes import Structure, sizeof
from pathlib import Path

import pytest

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc, _liblxc_struct
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_version import parse_version
from ansible_collections.community.lxc.tests.live._bed import Bed, in_child, tool

_STRUCTS: dict[str, type[Structure]] = {
    "lxc_container": _liblxc_struct.container_struct(parse_version(_liblxc.load().version)),
    "lxc_console_log": _liblxc_struct.LxcConsoleLog,
    "lxc_log": _liblxc_struct.LxcLog,
    "lxc_mount": _liblxc_struct.LxcMount,
    "lxc_snapshot": _liblxc_struct.LxcSnapshot,
}


def _compile(source: str, directory: Path, *options: str) -> Path:
    code = directory / "source.c"
    code.write_text(source)
    target = directory / "target"
    tool("gcc", "-o", str(target), *options, str(code))
    return target


def test_every_field_lies_where_the_c_compiler_puts_it(tmp_path: Path) -> None:
    lines = []
    expected = {}
    for name, struct in _STRUCTS.items():
        lines.append(f'printf("{name} %zu\\n", sizeof(struct {name}));')
        expected[name] = sizeof(struct)
        for field in struct._fields_:
            lines.append(f'printf("{name}.{field[0]} %zu\\n", offsetof(struct {name}, {field[0]}));')
            expected[f"{name}.{field[0]}"] = getattr(struct, field[0]).offset
    program = _compile(
        "#include <stdio.h>\n#include <stddef.h>\n#include <lxc/lxccontainer.h>\n"
        f"int main(void) {{ {' '.join(lines)} return 0; }}",
        tmp_path,
    )
    measured = dict(line.split() for line in tool(str(program)).stdout.splitlines())
    assert {name: int(value) for name, value in measured.items()} == expected
    assert len(expected) > 90


def test_the_inner_structures_of_the_backing_store_are_flat_in_ours(tmp_path: Path) -> None:
    inner = {"zfsroot": "zfs", "vg": "lvm", "lv": "lvm", "thinpool": "lvm", "rbdname": "rbd", "rbdpool": "rbd"}
    names = ["fstype", "fssize", *inner, "dir"]
    paths = {name: f"{inner[name]}.{name}" if name in inner else name for name in names}
    lines = [f'printf("{name} %zu\\n", offsetof(struct bdev_specs, {path}));' for name, path in paths.items()]
    program = _compile(
        "#include <stdio.h>\n#include <stddef.h>\n#include <lxc/lxccontainer.h>\n"
        f"int main(void) {{ {' '.join(lines)} return 0; }}",
        tmp_path,
    )
    measured = dict(line.split() for line in tool(str(program)).stdout.splitlines())
    ours = {name: str(getattr(_liblxc_struct.BdevSpecsStruct, name).offset) for name in names}
    assert measured == ours


def _library_of_version(version: str, directory: Path) -> str:
    """A shared object that claims to be liblxc of that version, and has nothing else."""
    source = (
        f'const char *lxc_get_version(void) {{ return "{version}"; }}\n'
        "void *lxc_container_new(const char *n, const char *p) { return 0; }\n"
        "int lxc_container_put(void *c) { return 1; }\n"
    )
    return str(_compile(source, directory, "-shared", "-fPIC"))


def test_a_library_that_is_too_old_is_refused(tmp_path: Path) -> None:
    path = _library_of_version("4.0.4", tmp_path)
    with pytest.raises(HostError) as error:
        _liblxc.LibLxc(path)
    assert error.value.msg == "liblxc 4.0.4 is too old, 4.0.5 or later is needed"


def test_the_oldest_accepted_version_lacks_what_came_later(tmp_path: Path) -> None:
    library = _liblxc.LibLxc(_library_of_version("4.0.5", tmp_path))
    assert library.version_info == (4, 0, 5)
    assert library.has_method("init_pidfd")
    assert not library.has_method("set_timeout")
    with pytest.raises(HostError, match="has no lxc_has_api_extension"):
        library.has_api_extension("reboot2")


def test_a_host_without_liblxc_is_told_what_to_install() -> None:
    with pytest.raises(HostError) as error:
        _liblxc.LibLxc("liblxc.so.99")
    assert error.value.msg.startswith("liblxc was not found (liblxc.so.99: cannot open shared object file")
    assert "liblxc1" in error.value.msg
    assert "lxc-libs" in error.value.msg


def test_the_version_is_the_one_of_the_tools() -> None:
    library = _liblxc.load()
    assert library.version == tool("lxc-start", "--version").stdout.strip()
    assert ".".join(map(str, library.version_info)) == library.version
    assert _liblxc.load() is library


def test_what_the_library_supports() -> None:
    library = _liblxc.load()
    assert library.has_api_extension("mount_injection")
    assert not library.has_api_extension("nonsense")
    assert not library.has_api_extension("init_pidfd")
    assert library.has_method("init_pidfd")
    assert library.config_item_is_supported("lxc.uts.name")
    assert not library.config_item_is_supported("lxc.uts.nonsense")
    assert library.global_config_item("lxc.lxcpath") == tool("lxc-config", "lxc.lxcpath").stdout.strip()
    assert library.global_config_item("lxc.nonsense") is None


def test_the_log_goes_to_a_file_and_can_be_reopened(bed: Bed) -> None:
    guest = bed.guest("lxc.nonsense = 1")

    def load_twice() -> list[str]:
        library = _liblxc.load()
        errors = []
        for number in (1, 2):
            library.log_init(name=guest.name, lxcpath=bed.lxc_path, file=f"{bed.lxc_path}/log{number}", level="ERROR")
            try:
                library.container(guest.name, bed.lxc_path)
            except HostError as error:
                errors.append(error.msg)
            library.log_close()
        return errors

    version = _liblxc.load().version
    sentence = f"liblxc {version} cannot load the configuration of container {guest.name!r} in {bed.lxc_path}"
    assert in_child(load_twice) == [sentence, sentence]
    for number in (1, 2):
        lines = Path(bed.lxc_path, f"log{number}").read_text().splitlines()
        assert len([line for line in lines if 'Unsupported config key "lxc.nonsense"' in line]) == 1


def test_a_log_that_cannot_be_opened_is_an_error(bed: Bed) -> None:
    def log() -> None:
        _liblxc.load().log_init(name="x", lxcpath=bed.lxc_path, file="/proc/version/log", level="ERROR")

    with pytest.raises(HostError, match="liblxc cannot log to"):
        in_child(log)


def test_memory_that_liblxc_allocates_is_freed(bed: Bed) -> None:
    guest = bed.guest("lxc.environment = A=" + "x" * 4000, start=True)

    def grown() -> int:
        def resident() -> int:
            return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

        with _liblxc.load().container(guest.name, bed.lxc_path) as handle:
            for round_ in range(2100):
                if round_ == 100:
                    before = resident()
                if len(handle.get_running_config_item("lxc.environment") or "") < 4000:
                    raise AssertionError("the value is not complete")
                handle.get_config_item("lxc.environment")
            return resident() - before

    # 2000 leaked values would be 8 MB.
    assert in_child(grown) < 3_000_000
