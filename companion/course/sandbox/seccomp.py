"""The system calls that a submission has no business to make, as a BPF program for bubblewrap.

No compiler and no library: a filter is a list of 8-byte instructions (Linux, `filter.h`). Calls are
allowed unless they are listed. The list holds what reaches into other processes, into mounts and
namespaces, into the kernel's own loaders and clocks, all of the network, and every way to hold
memory that no limit counts (System V and anonymous shared memory, memfd).
"""

import errno
import functools
import platform
import struct

LOAD, AND, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
KILL, ERRNO, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
X32 = 0x40000000  # x86_64's second table of calls, the same calls under other numbers

NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
SHARED_ANONYMOUS = 0x21  # MAP_SHARED | MAP_ANONYMOUS
PARENT_DEATH = 1  # PR_SET_PDEATHSIG: it must keep its value, or the sandbox outlives the grader
TYPE_INTO_TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX

# name: (number on x86_64, number on aarch64); None where the architecture has no such call
DENIED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "personality": (135, 92),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "vhangup": (153, 58),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "fanotify_init": (300, 262),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmctl": (31, 195),
    "shmat": (30, 196),
    "shmdt": (67, 197),
    "msgget": (68, 186),
    "msgctl": (71, 187),
    "msgrcv": (70, 188),
    "msgsnd": (69, 189),
    "semget": (64, 190),
    "semctl": (66, 191),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "connect": (42, 203),
}
CLONE, CLONE3, MMAP, PRCTL, IOCTL = (56, 220), (435, 435), (9, 222), (157, 167), (16, 29)
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column, AUDIT_ARCH_*


@functools.cache
def program(machine: str | None = None) -> bytes:
    """The filter for this machine, as `bwrap --seccomp` reads it.

    Raises `ValueError` for a machine whose system calls are not in the table.
    """
    machine = machine or platform.machine()
    if machine not in MACHINES:
        known = " and ".join(MACHINES)
        raise ValueError(f"no system call filter for {machine!r}; grade on {known}")
    column, architecture = MACHINES[machine]
    refuse = ERRNO | errno.EPERM
    code = [
        _step(LOAD, ARCHITECTURE),
        _step(EQUAL, architecture, 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER),
    ]
    if machine == "x86_64":
        code += [_step(AT_LEAST, X32, 0, 1), _step(RETURN, ERRNO | errno.ENOSYS)]
    # The C library falls back on clone, whose flags can be seen; clone3 hides them in memory.
    code += _when(CLONE3[column], [_step(RETURN, ERRNO | errno.ENOSYS)])
    code += _when(CLONE[column], _argument(0) + _if(ANY_BIT, NAMESPACES, refuse))
    shared = [_step(AND, SHARED_ANONYMOUS), *_if(EQUAL, SHARED_ANONYMOUS, refuse)]
    code += _when(MMAP[column], _argument(3) + shared)
    code += _when(PRCTL[column], _argument(0) + _if(EQUAL, PARENT_DEATH, refuse))
    typing = [step for request in TYPE_INTO_TERMINAL for step in _if(EQUAL, request, refuse)]
    code += _when(IOCTL[column], _argument(1) + typing)
    for numbers in DENIED.values():
        if numbers[column] is not None:
            code += _if(EQUAL, numbers[column], refuse)
    return b"".join([*code, _step(RETURN, ALLOW)])


def _step(operation: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One instruction; the two jumps count the instructions that are skipped."""
    return struct.pack("=HBBI", operation, if_true, if_false, value)


def _if(test: int, value: int, verdict: int) -> list[bytes]:
    return [_step(test, value, 0, 1), _step(RETURN, verdict)]


def _argument(index: int) -> list[bytes]:
    """Load the low half of an argument; both machines are little-endian."""
    return [_step(LOAD, ARGUMENTS + 8 * index)]


def _when(number: int, body: list[bytes]) -> list[bytes]:
    """Run the body for this call only; afterwards the call's number is loaded again."""
    body = [*body, _step(LOAD, NUMBER)]
    return [_step(EQUAL, number, 0, len(body)), *body]
