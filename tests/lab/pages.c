/* Copyright: (c) 2026, wiresec.ontap contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gives a program of a guest its memory at once. User-mode Linux maps each page when it is touched first, which costs as much
 * as three system calls: most of what the start of a program costs. What mprotect(2) finds it maps in one go. So what is there
 * of a program, of each of its libraries and of each arena of Python is read in, taken away and given back.
 * As LD_AUDIT, so that the dynamic linker tells of each object before it touches it, and as LD_PRELOAD, for Python's mmap(2).
 * As an auditor it has no library beside it, so system calls are its own.
 */

enum { PROT_NONE, PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, MAP_ANONYMOUS = 0x20, POPULATE_READ = 22, POPULATE_WRITE = 23 };
enum { SYS_MMAP = 9, SYS_MPROTECT = 10, SYS_MADVISE = 28, PF_X = 1, PF_W = 2, PF_R = 4, PT_LOAD = 1, LAST_ERROR = 4095 };

typedef unsigned long number;

static const number PAGE = 4096, SMALLEST_ARENA = 256 << 10, LARGEST_ARENA = 1 << 20;

struct object { /* The beginning of struct link_map. */
  number address;
  const char *path;
};

struct header { /* Elf64_Ehdr */
  char identity[16], of_no_interest[16];
  number segments;
  char of_no_interest_either[16];
  unsigned short count;
};

struct segment { /* Elf64_Phdr */
  unsigned type, flags;
  number offset, address, physical, in_file, in_memory, alignment;
};

extern int *__errno_location(void) __attribute__((weak));

static number call(number which, number a, number b, number c, number d, number e, number f) {
  number result;
  __asm__ volatile("movq %5, %%r10; movq %6, %%r8; movq %7, %%r9; syscall"
                   : "=a"(result)
                   : "a"(which), "D"(a), "S"(b), "d"(c), "m"(d), "m"(e), "m"(f)
                   : "rcx", "r8", "r9", "r10", "r11", "memory");
  return result;
}

static void map(number from, number to, int protection) {
  from &= -PAGE;
  number length = ((to + PAGE - 1) & -PAGE) - from;
  if (call(SYS_MADVISE, from, length, protection & PROT_WRITE ? POPULATE_WRITE : POPULATE_READ, 0, 0, 0)) return;
  call(SYS_MPROTECT, from, length, PROT_NONE, 0, 0, 0);
  call(SYS_MPROTECT, from, length, protection, 0, 0, 0);
}

unsigned la_version(unsigned version) { return version; }

unsigned la_objopen(const struct object *one, long namespace, number *cookie) {
  const struct header *header = (const struct header *)one->address;
  /* Neither a program that lies where it was linked for, nor what the kernel has put there, begins with its header here. */
  if (!header || (*one->path && *one->path != '/')) return 0;
  const struct segment *segment = (const struct segment *)(one->address + header->segments);
  for (int left = header->count; left--; segment++) {
    if (segment->type != PT_LOAD) continue;
    number from = one->address + segment->address, flags = segment->flags;
    map(from, from + (flags & PF_W ? segment->in_memory : segment->in_file),
        (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) | (flags & PF_X ? PROT_EXEC : 0));
  }
  return 0; /* No call between objects is of interest. */
}

void *mmap64(void *at, number length, int protection, int flags, int file, long offset) {
  number made = call(SYS_MMAP, (number)at, length, protection, flags, file, offset);
  if (made > -LAST_ERROR - 1) {
    *__errno_location() = -made;
    return (void *)-1;
  }
  if (flags & MAP_ANONYMOUS && protection == (PROT_READ | PROT_WRITE) && length >= SMALLEST_ARENA && length <= LARGEST_ARENA)
    map(made, made + length, protection);
  return (void *)made;
}
