/* Copyright (c) 2026, the community.lxc authors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Makes system calls in a container and prints the errno of each, 0 for success.
 *   probe [named COMM] [user UID] [userns] [cd DIR] [waits] mknod PATH c|b MAJOR MINOR
 *   probe ... mount SOURCE TARGET FSTYPE FLAGS DATA
 *   probe storm CALLS: wrong answers, of so many calls
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int storm(int calls)
{
	int wrong = 0;
	char path[64];

	snprintf(path, sizeof(path), "/tmp/storm-%d", (int)getpid());
	for (int i = 0; i < calls; i++) {
		int expected = 0, got;

		errno = 0;
		switch (rand() % 4) {
		case 0: got = syscall(SYS_mkdir, path, 0755); expected = EEXIST; break;
		case 1: got = syscall(SYS_rmdir, path); expected = ENOTEMPTY; break;
		case 2: got = syscall(SYS_chmod, path, 0644); expected = EROFS; break;
		default:
			/* Let through: has to happen. */
			got = syscall(SYS_symlink, "x", path);
			if (unlink(path) != 0)
				wrong++;
			errno = 0;
			break;
		}
		if ((expected && (got != -1 || errno != expected)) || (!expected && got != 0))
			wrong++;
	}
	return wrong;
}

int main(int argc __attribute__((unused)), char **argv)
{
	int result = -1;

	argv++;
	srand(getpid());
	for (; *argv; argv++) {
		if (!strcmp(*argv, "named")) {
			if (prctl(PR_SET_NAME, *++argv))
				return 6;
		} else if (!strcmp(*argv, "user")) {
			if (setuid(atoi(*++argv)))
				return 3;
		} else if (!strcmp(*argv, "userns")) {
			if (unshare(CLONE_NEWUSER))
				return 4;
		} else if (!strcmp(*argv, "cd")) {
			if (chdir(*++argv))
				return 5;
		} else if (!strcmp(*argv, "waits")) {
			getchar();
		} else if (!strcmp(*argv, "storm")) {
			printf("%d\n", storm(atoi(argv[1])));
			return 0;
		} else if (!strcmp(*argv, "mknod")) {
			mode_t kind = *argv[2] == 'b' ? S_IFBLK : S_IFCHR;

			result = mknod(argv[1], kind | 0666, makedev(atoi(argv[3]), atoi(argv[4])));
			break;
		} else if (!strcmp(*argv, "mount")) {
			result = mount(argv[1], argv[2], argv[3], strtoul(argv[4], NULL, 0), argv[5]);
			break;
		}
	}
	printf("%d\n", result == 0 ? 0 : errno);
	return 0;
}
