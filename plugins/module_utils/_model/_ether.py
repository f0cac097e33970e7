# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Interface names, MAC addresses, MTUs and VLAN ids: what the kernel accepts. Pure."""

from __future__ import annotations

import hashlib
import re

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput

NAME_MAX = 15
MTU_MIN = 68
MTU_MIN_IPV6 = 1280
MTU_MAX = 65535
VLAN_MAX = 4094

_NAME = re.compile(r"[!-~]+")
_MAC = re.compile(r"([0-9a-fx]{2}:){5}[0-9a-fx]{2}")


def interface_name(text: str, *, option: str) -> str:
    """A name that the kernel takes for an interface."""
    if not _NAME.fullmatch(text) or len(text) > NAME_MAX or text in (".", "..") or any(c in text for c in "/:%"):
        raise InvalidInput(
            f"{option}: {text!r} is not an interface name; up to {NAME_MAX} visible ASCII characters are accepted, "
            "without a slash, a colon or a percent sign"
        )
    return text


def mac_address(text: str, *, option: str) -> str:
    """A MAC address in lower case; ``xx`` may stand in the place of any pair of digits."""
    lower = text.lower()
    pairs = lower.split(":")
    if not _MAC.fullmatch(lower) or any("x" in pair and pair != "xx" for pair in pairs):
        raise InvalidInput(
            f"{option}: {text!r} is not a MAC address, such as 00:16:3e:12:34:56, or 00:16:3e:xx:xx:xx to have the "
            "last three pairs chosen once"
        )
    if pairs[0] != "xx" and int(pairs[0], 16) & 1:
        raise InvalidInput(f"{option}: {text!r} is a multicast address, which no interface can have")
    if set(pairs) == {"00"}:
        raise InvalidInput(f"{option}: {text!r} is not an address that an interface can have")
    return lower


def is_template(mac: str) -> bool:
    return "x" in mac


def matches(mac: str, template: str) -> bool:
    """Whether a complete address could have been made from the template."""
    if is_template(mac) or len(mac) != len(template):
        return False
    return all(t in ("x", m) for m, t in zip(mac, template))


def expand(template: str, *, seed: str) -> str:
    """A complete address. The same seed gives the same one, so that check mode tells what the run will do."""
    digits = hashlib.sha256(f"{seed}\0{template}".encode()).hexdigest()
    pairs = [digits[2 * i : 2 * i + 2] if pair == "xx" else pair for i, pair in enumerate(template.split(":"))]
    if template.startswith("xx"):
        pairs[0] = f"{(int(pairs[0], 16) & 0xFC) | 0x02:02x}"  # of one host, and locally administered
    return ":".join(pairs)


def mtu(number: int, *, option: str) -> int:
    if not MTU_MIN <= number <= MTU_MAX:
        raise InvalidInput(f"{option}: {number} is not an MTU in bytes from {MTU_MIN} to {MTU_MAX}")
    return number


def vlan_id(number: int, *, option: str) -> int:
    """liblxc would take 0 as well, which the kernel refuses when the container starts."""
    if not 1 <= number <= VLAN_MAX:
        raise InvalidInput(f"{option}: {number} is not a VLAN id from 1 to {VLAN_MAX}")
    return number
