# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands where ansible-test looks for its copy of get-pip.py, and does the same with what Python has on board.

``--cached-name`` prints that place. Otherwise the arguments are pip's own options, requirements,
and get-pip's ``--no-setuptools`` and ``--no-wheel``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def cached_name() -> Path:
    """Where ansible-test keeps its copy: the name follows the release of pip that it wants."""
    import ansible_test

    source = Path(ansible_test.__file__).parent / "_internal" / "python_requirements.py"
    release = next(line.split("'")[1] for line in source.read_text().splitlines() if line.strip().startswith("pip='"))
    return Path.home() / ".ansible" / "test" / "cache" / f"get_pip_{release.replace('.', '_')}.py"


def install(words: list[str]) -> None:
    """Put pip into the virtual environment that runs this, and then what was asked for."""
    wanted = [word for word in words if word not in ("--no-setuptools", "--no-wheel")]
    subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, "-m", "pip", "install", *wanted], check=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--cached-name"]:
        print(cached_name())
    else:
        install(sys.argv[1:])
