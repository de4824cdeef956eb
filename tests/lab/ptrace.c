/* Copyright: (c) 2026, wiresec.ontap contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ptrace(2) for a user-mode Linux that is older than the processor it runs on. Linux takes the extended registers of a
 * process only whole, while user-mode Linux before 6.13 has room for 2,696 bytes of them: where there are more (AMX: 11,008)
 * it ends with "ptrace set fp regs failed, errno = 14" at its first process. What it does not know of stays as it is.
 * Loaded with LD_PRELOAD. No header is included, so that any compiler can make it without further packages.
 */

extern long syscall(long number, ...);
extern int *__errno_location(void);
extern void *memcpy(void *to, const void *from, unsigned long length);

enum { EFAULT = 14, SYS_PTRACE = 101, PEEK_FIRST = 1, PEEK_LAST = 3, GETREGSET = 0x4204, SETREGSET = 0x4205, XSTATE = 0x202 };

struct iovec {
  char *base;
  unsigned long length;
};

static char whole[65536] __attribute__((aligned(64)));

long ptrace(long request, long pid, void *address, void *data) {
  struct iovec all = {whole, sizeof whole}, *part = data;
  if (request >= PEEK_FIRST && request <= PEEK_LAST) { /* The library returns what the kernel writes. */
    long value = 0;
    if (syscall(SYS_PTRACE, request, pid, address, &value) < 0) return -1;
    *__errno_location() = 0;
    return value;
  }
  long result = syscall(SYS_PTRACE, request, pid, address, data);
  /* Each system call of the guest comes by here twice: only where a part was refused is there more to do. */
  if (result >= 0 || *__errno_location() != EFAULT || request != SETREGSET || (long)address != XSTATE) return result;
  if (syscall(SYS_PTRACE, (long)GETREGSET, pid, address, &all) < 0) return -1;
  memcpy(whole, part->base, part->length < all.length ? part->length : all.length);
  return syscall(SYS_PTRACE, (long)SETREGSET, pid, address, &all);
}
