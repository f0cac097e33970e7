# shellcheck shell=bash
# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sourced by the scripts beside it: packages, the virtual environment, and a place where the collection can be tested.

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/community.lxc"

say() { printf '\n== %s\n' "$*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# apt_install PACKAGE...: installs what is missing; does nothing when nothing is.
apt_install() {
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" -eq 0 ] || die "these packages are missing and only root can install them: ${missing[*]}"
  say "installing ${missing[*]}"
  mkdir -p "$CACHE"
  if ! _apt_install "${missing[@]}" >"$CACHE/apt.log" 2>&1 </dev/null; then
    tail -n 20 "$CACHE/apt.log" >&2
    die "could not install ${missing[*]}; all that apt said is in $CACHE/apt.log"
  fi
  rm -f "$CACHE/apt.log"
}

_apt_install() {
  # A killed run may have left packages unpacked but not configured. Where another one is at work, apt waits for it.
  dpkg --configure -a
  _apt_get install --no-install-recommends "$@" && return 0
  # Package lists may be missing, or too old; and apt waits for dpkg's lock, but not for that of the lists.
  local tries=60
  until _apt_get update >"$CACHE/apt-update.log" 2>&1; do
    cat "$CACHE/apt-update.log"
    grep -q 'Could not get lock' "$CACHE/apt-update.log" && [ $((tries -= 1)) -gt 0 ] || return 1
    sleep 5
  done
  rm -f "$CACHE/apt-update.log"
  _apt_get install --no-install-recommends "$@"
}

_apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 \
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@"
}

# need_packages PACKAGE...: the same where apt is at hand; elsewhere the names are for the reader of the error that follows.
need_packages() {
  command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || return 0
  apt_install "$@"
}

# need_bed: what the hosts that MOLECULE_HOSTS names are made with.
need_bed() {
  need_packages lxc lxc-templates python3-lxc python3-pyroute2 uidmap rsync iproute2 openssh-client mmdebstrap \
    debian-archive-keyring
  case ",${MOLECULE_HOSTS:-vm}," in
    *,vm,* | *,vm12,* | *,all,*) need_packages e2fsprogs qemu-system-x86 qemu-utils ;;
  esac
}

# Prints an interpreter that ansible-core runs on as a controller and that can make virtual environments.
controller_python() {
  local python
  for python in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
    if "$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      command -v "$python"
      return 0
    fi
  done
  die "no Python 3.11, 3.12 or 3.13 with the modules venv and ensurepip was found"
}

# Prints an interpreter that has LXC's binding: modules run in it, as they would on a managed host.
target_python() {
  local python
  for python in /usr/bin/python3 python3 /usr/libexec/platform-python; do
    if "$python" -c 'import lxc' 2>/dev/null; then
      command -v "$python"
      return 0
    fi
  done
  die "no Python interpreter with the module lxc (package python3-lxc) was found"
}

# make_venv REQUIREMENTS: sets VENV to a virtual environment that holds them. It is built beside its final place's
# marker, under a lock; one without the marker was interrupted and is built anew.
make_venv() {
  local requirements=$1 python key
  python=$(controller_python) || exit 1
  key=$({ cat "$requirements" && "$python" -c 'import sys; print(sys.executable, sys.version)'; } | sha256sum | cut -c1-12)
  VENV="$CACHE/venv-$key"
  [ ! -e "$VENV/complete" ] || return 0
  mkdir -p "$CACHE"
  {
    flock 9
    if [ ! -e "$VENV/complete" ]; then
      say "building the virtual environment $VENV"
      rm -rf "$VENV"
      "$python" -m venv "$VENV"
      "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
      : >"$VENV/complete"
    fi
  } 9>"$VENV.lock"
}

# The files of the checkout ROOT, NUL-separated: what git tracks or would track; without git, everything but caches.
_list_files() {
  if git -C "$ROOT" rev-parse --git-dir >/dev/null 2>&1; then
    # A tracked file that was deleted in the work tree is listed all the same.
    git -C "$ROOT" ls-files -z --cached --others --exclude-standard --deduplicate |
      (cd "$ROOT" && while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done)
  else
    (cd "$ROOT" && find . \( -name .git -o -name '.*cache' -o -name __pycache__ -o -name .ansible \) -prune -o -type f -print0)
  fi
}

# make_tree: sets TREE to a directory ANYTHING/ansible_collections/community/lxc holding the checkout ROOT, and
# COLLECTIONS to ANYTHING. The checkout itself, where it has such a path; else a copy, refreshed by every run.
make_tree() {
  case $ROOT in
    *[[:space:]]*) ;;
    */ansible_collections/community/lxc)
      TREE=$ROOT
      COLLECTIONS=${ROOT%/ansible_collections/community/lxc}
      return 0
      ;;
  esac
  COLLECTIONS="$CACHE/tree-$(printf %s "$ROOT" | sha256sum | cut -c1-12)"
  TREE="$COLLECTIONS/ansible_collections/community/lxc"
  mkdir -p "$COLLECTIONS"
  # Held until the script ends: a second run in the same checkout waits instead of sharing a tree that changes.
  exec 8>"$COLLECTIONS/lock"
  flock 8
  local new="$COLLECTIONS/new" kept
  rm -rf "$new"
  mkdir -p "$new" "${TREE%/lxc}"
  _list_files | tar -C "$ROOT" --null --files-from=- -cf - | tar -C "$new" -xf -
  for kept in .mypy_cache .ruff_cache; do
    [ ! -d "$TREE/$kept" ] || mv "$TREE/$kept" "$new/$kept"
  done
  rm -rf "$TREE"
  mv "$new" "$TREE"
}
