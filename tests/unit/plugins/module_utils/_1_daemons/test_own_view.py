# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What files and logs of a client say: the same of both daemons, each known mistake seen, and no secret."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wiresec.ontap.plugins.module_utils._1_daemons.own_files import conns, sections
from ansible_collections.wiresec.ontap.plugins.module_utils._1_daemons.own_view import (
    errors,
    of_libreswan,
    of_strongswan,
)

NAME = "wiresec-cluster1--svm1--nfs"

STRONGSWAN = f"""# A comment
connections {{
  {NAME} {{
    version = 2
    local_addrs = 10.10.20.20
    remote_addrs = 10.10.10.7
    dpd_delay = 5s
    local {{
      auth = psk
      id = "10.10.20.20"
    }}
    remote {{
      auth = psk
      id = "10.10.10.7"
    }}
    children {{
      {NAME} {{
        mode = transport
        esp_proposals = aes256gcm16-ecp384,aes256gcm16
        local_ts = 10.10.20.20/32[6]
        remote_ts = 10.10.10.7/32[6/2049]
        start_action = trap
      }}
    }}
  }}
}}
secrets {{
  ike-{NAME} {{
    secret = "0sc2VjcmV0c2VjcmV0c2VjcmV0"
  }}
}}
"""

LIBRESWAN = f"""conn {NAME}
  ikev2=insist
  type=transport
  authby=secret
  left=10.10.20.20
  right=10.10.10.7
  leftprotoport=6/0
  rightprotoport=6/2049
  leftid=10.10.20.20
  rightid=10.10.10.7
  esp=aes_gcm_c256
  pfs=no
  esn=no
  dpddelay=5s
  auto=ondemand
"""


def strongswan(replace: str = "", by: str = "") -> dict[str, Any]:
    assert replace in STRONGSWAN
    return of_strongswan(
        NAME, sections(STRONGSWAN.replace(replace, by) if replace else STRONGSWAN)["connections"][NAME]
    )


def libreswan(replace: str = "", by: str = "") -> dict[str, Any]:
    assert replace in LIBRESWAN
    return of_libreswan(NAME, conns(LIBRESWAN.replace(replace, by) if replace else LIBRESWAN)[NAME])


SAME = {
    **{"name": NAME, "protects": True, "transport": True, "method": "psk", "ppk_identity": None},
    **{"local_addresses": ["10.10.20.20"], "remote_addresses": ["10.10.10.7"]},
    **{"protocol": 6, "local_port": 0, "remote_port": 2049},
    **{"local_identity": "10.10.20.20", "remote_identity": "10.10.10.7"},
    **{"fitting_suite": True, "esn": False, "trap": True, "probes_peer": True},
}


@pytest.mark.parametrize("view", [strongswan(), libreswan()], ids=["strongswan", "libreswan"])
def test_the_same_of_both(view: dict[str, Any]) -> None:
    assert {key: view[key] for key in SAME} == SAME
    assert "secret" not in str(view)


@pytest.mark.parametrize(
    ("replace", "by", "key", "value"),
    [
        ("aes256gcm16-ecp384,aes256gcm16", "aes128gcm16", "fitting_suite", False),
        ("aes256gcm16-ecp384,aes256gcm16", "aes256gcm16-ecp384", "pfs", True),
        ("aes256gcm16-ecp384,aes256gcm16", "aes256gcm16", "pfs", False),
        ("aes256gcm16-ecp384,aes256gcm16", "aes256gcm16-esn", "esn", True),
        ("[6/2049]", "[6/2050]", "remote_port", 2050),
        ("[6/2049]", "", "remote_port", 0),
        ("start_action = trap", "start_action = start", "trap", False),
        ("start_action = trap\n", "\n", "trap", False),
        ("dpd_delay = 5s", "dpd_delay = 0s", "probes_peer", False),
        ("mode = transport", "mode = tunnel", "transport", False),
        ("mode = transport", "mode = pass", "protects", False),
    ],
)
def test_mistakes_with_strongswan(replace: str, by: str, key: str, value: Any) -> None:
    assert strongswan()[key] != value
    assert strongswan(replace, by)[key] == value


@pytest.mark.parametrize(
    ("replace", "by", "key", "value"),
    [
        ("esp=aes_gcm_c256", "esp=aes_gcm_c128", "fitting_suite", False),
        ("pfs=no", "pfs=yes", "pfs", True),
        ("  pfs=no\n", "", "pfs", True),
        ("esn=no", "esn=yes", "esn", True),
        ("rightprotoport=6/2049", "rightprotoport=tcp/2050", "remote_port", 2050),
        ("auto=ondemand", "auto=start", "trap", False),
        ("leftprotoport=6/0", "leftprotoport=tcp/%any", "trap", False),
        ("rightprotoport=6/2049", "rightprotoport=6/0", "trap", False),
        ("dpddelay=5s", "dpddelay=0", "probes_peer", False),
        ("type=transport", "type=tunnel", "transport", False),
        ("type=transport", "type=drop", "protects", False),
    ],
)
def test_mistakes_with_libreswan(replace: str, by: str, key: str, value: Any) -> None:
    assert libreswan()[key] != value
    assert libreswan(replace, by)[key] == value


def test_a_connection_of_which_little_is_said() -> None:
    assert of_strongswan("x", {})["trap"] is False
    assert of_libreswan("x", "")["trap"] is False


def test_the_log_gives_words_only() -> None:
    lines = [
        f"12[IKE] <{NAME}|1> received AUTHENTICATION_FAILED notify error",
        f'"{NAME}" #2: TS_UNACCEPTABLE certainly affects',
        f"13[IKE] <{NAME}|1> received AUTHENTICATION_FAILED notify error, key was Tops3cretTops3cret",
        "charon: received NO_PROPOSAL_CHOSEN notify error",
        "all is well",
        f'"{NAME}" #1: STATE_V2_PARENT_I2: retransmission; will wait 0.5 seconds for response',
    ]
    assert errors(lines) == [
        {"connection": None, "error": "NO_PROPOSAL_CHOSEN", "count": 1},
        {"connection": NAME, "error": "AUTHENTICATION_FAILED", "count": 2},
        {"connection": NAME, "error": "TS_UNACCEPTABLE", "count": 1},
    ]
    assert errors([]) == []


@pytest.mark.parametrize(
    "line",
    [
        "07[IKE] <corp-vpn|3> received AUTHENTICATION_FAILED notify error",
        '"corp" #3: response to IKE_AUTH request was rejected with AUTHENTICATION_FAILED',
        '"corp"[2] 10.1.1.1 #3: AUTHENTICATION_FAILED',
    ],
)
def test_connections_of_others_are_not_looked_at(line: str) -> None:
    assert errors([line]) == []
