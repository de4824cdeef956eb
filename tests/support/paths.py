# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where ONTAP's REST API has what this collection is about."""

from __future__ import annotations

SERVICE = "/api/security/ipsec"
POLICIES = f"{SERVICE}/policies"
POLICY = f"{POLICIES}/*"
CA_CERTIFICATES = f"{SERVICE}/ca-certificates"
ASSOCIATIONS = f"{SERVICE}/security-associations"
CERTIFICATES = "/api/security/certificates"
