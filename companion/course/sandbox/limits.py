"""What one submission may use up: some the kernel holds, the rest the grader watches."""

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Seconds are wall clock; bytes are bytes. Two ready-made sets: `NUMPY` and `KERAS`.

    `data` bounds each process (RLIMIT_DATA: heap, private maps, thread stacks), `resident` what all
    processes of the sandbox hold together. RLIMIT_AS (`address_space`) cannot serve TensorFlow,
    which maps GiB that it never uses: importing it and training a small model took 0.5 GiB of data,
    0.9 GiB resident and 3.1 GiB of addresses.
    """

    start_seconds: float = 20.0  # until the worker has imported NumPy and says that it is ready
    setup_seconds: float = 20.0  # for one cell of the release (imports, given data)
    exercise_seconds: float = 10.0  # for the cells of one answer, and again for all its calls
    submission_seconds: float = 120.0  # for everything, restarts included
    cpu_seconds: int = 60  # of one process
    data: int = 1024 * MIB
    resident: int = 1024 * MIB
    address_space: int | None = 4096 * MIB
    temporary: int = 64 * MIB  # in /tmp, the only place that can be written to
    file_size: int = 32 * MIB
    open_files: int = 128
    processes: int = 32  # and threads
    result: int = 8 * MIB  # on the result pipe, for the whole submission
    log: int = 1 * MIB  # kept of what is printed
    chatter: int = 32 * MIB  # printed before the submission is stopped
    preload: tuple[str, ...] = ("numpy",)  # imported before anything of the submission
    without: tuple[str, ...] = ()  # which these must not import; an answer may, later


NUMPY = Limits()
KERAS = Limits(
    start_seconds=60.0,
    setup_seconds=90.0,
    exercise_seconds=60.0,
    submission_seconds=600.0,
    cpu_seconds=300,
    data=2048 * MIB,
    resident=2048 * MIB,
    address_space=None,
    temporary=256 * MIB,
    file_size=128 * MIB,
    open_files=512,
    processes=128,
    preload=("numpy", "companion", "keras"),  # the companion sets Keras's environment
    # Where they are installed Keras imports them: two seconds of five, 190 MiB of 750.
    without=("jax", "matplotlib", "sklearn"),
)
