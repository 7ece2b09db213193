"""Network: out of the machine, into the machine, into the neighbour."""

from attacks.case import WRONG, Attack

ANSWER = "\ndef perplexity(log_probs):\n    return 1.0\n"


def _connect(family: str, kind: str, address: str) -> str:
    return f"""
import socket
line = socket.socket(socket.{family}, socket.{kind})
line.settimeout(1)
line.connect({address})
gained("connected")
tell(line.recv(1000))
"""


NETWORK = (
    Attack("TCP out", _connect("AF_INET", "SOCK_STREAM", "('1.1.1.1', 80)"), WRONG),
    Attack(
        "TCP loopback", _connect("AF_INET", "SOCK_STREAM", "('127.0.0.1', PORT)"), WRONG, fast=True
    ),
    Attack("UDP out", _connect("AF_INET", "SOCK_DGRAM", "('1.1.1.1', 53)"), WRONG),
    Attack("IPv6 loopback", _connect("AF_INET6", "SOCK_STREAM", "('::1', PORT)"), WRONG),
    Attack("a unix socket by path", _connect("AF_UNIX", "SOCK_STREAM", "SOCKET"), WRONG),
    Attack(
        "an abstract unix socket",
        _connect("AF_UNIX", "SOCK_STREAM", "ABSTRACT"),
        WRONG,
    ),
    Attack(
        "a raw packet",
        "import socket\nsocket.socket(socket.AF_PACKET, socket.SOCK_RAW)\ngained('packet')\n",
        WRONG,
    ),
    Attack(
        "a netlink socket",
        "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW)\ngained('netlink')\n",
        WRONG,
    ),
    Attack(
        "a kernel crypto socket",
        "import socket\nsocket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)\ngained('alg')\n",
        WRONG,
    ),
    Attack(
        "a server",
        "import socket\nserver = socket.create_server(('0.0.0.0', 0))\ngained('server')\n",
        WRONG,
    ),
    Attack(
        "a name",
        "import socket\ntell(socket.gethostbyname('pypi.org')); gained('resolved')\n",
        WRONG,
    ),
    Attack(
        "sockets without the C library",
        "for number in (41, 53, 42):\n"
        "    if libc.syscall(number, 2, 1, 0) >= 0: gained(f'system call {number}')\n"
        "if libc.syscall(0x40000000 + 41, 2, 1, 0) >= 0: gained('x32')\n" + ANSWER,
        WRONG,
    ),
)
