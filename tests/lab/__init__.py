# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real IPsec on any Linux machine: hosts with strongSwan or libreswan on a wire of their own, in a kernel that is a process.

The kernel is Debian's ``user-mode-linux``: nothing of it needs root, KVM or a module on this machine. ``packages`` fetches
what is needed, ``guest`` boots it, ``agent`` is what runs inside, ``hosts`` says what a host can do. ``ptrace.c`` lets the kernel
run on newer processors than itself, ``pages.c`` lets programs start in it in less time.
"""
