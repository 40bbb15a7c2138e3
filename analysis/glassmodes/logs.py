"""Logging of the programs: rank 0 writes to a log file and to stderr.

At the end of a log file each rank writes the processor time and the peak memory that it used,
as the operating system counted them. The `benchmark:` records of Snakemake are sampled twice a
minute and miss most of what a job of half a minute does.
"""

from __future__ import annotations

import atexit
import errno
import logging
import sys
import time
from pathlib import Path

PROGRAM = "program"
"""Name of the logger that the programs use."""

USAGE = "rank %d used %.2f core-seconds and at most %.1f MB"
"""Format of the last line of a log file, one for each rank."""

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _Brief(logging.Formatter):
    """Formatter for stderr: messages without the tracebacks that the log file holds."""

    def formatException(self, ei):  # noqa: N802
        """No traceback."""
        return ""


_REMEDIES = {
    (errno.ENOSPC, errno.EDQUOT, "no space left", "quota exceeded"): (
        "The disk is full, or your share of it: free some space, or choose another folder with "
        "--config results=."
    ),
    (errno.EROFS, errno.EACCES, errno.EPERM, "read-only file system", "permission denied"): (
        "The folder cannot be written to: change its permissions, or choose another one with "
        "--config results=."
    ),
    (errno.EIO, "input/output error"): "The disk or the network failed: look at its health.",
    ("MemoryError", "MemoryLimitError", "cannot allocate memory"): (
        "The memory did not suffice: run fewer jobs at once, or ask for more with --set-resources."
    ),
}


def set_up(log: str | Path | None, title: str, rank: int = 0) -> logging.Logger:
    """Send log records and uncaught exceptions to a log file and to stderr.

    Parameters
    ----------
    log : path, optional
        Log file; rank 0 starts it anew. Without it, records go to stderr alone.
    title : str
        What the program works on; every line on stderr starts with it.
    rank : int
        MPI rank of this process. Ranks other than 0 log errors only.

    Returns
    -------
    logging.Logger
        The logger of the program.
    """
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    console = logging.StreamHandler(sys.stderr)
    console.setFormatter(_Brief(f"{title}: %(message)s"))
    root.addHandler(console)
    if log is not None:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        file = logging.FileHandler(log, mode="w" if rank == 0 else "a")
        file.setFormatter(logging.Formatter(_FORMAT))
        root.addHandler(file)
        atexit.register(_log_usage, file, rank)
    # other packages (matplotlib's font search, for one) are too talkative at level INFO
    root.setLevel(logging.WARNING if rank == 0 else logging.ERROR)
    for own in ("glassmodes", PROGRAM):
        logging.getLogger(own).setLevel(logging.INFO if rank == 0 else logging.ERROR)
    logging.captureWarnings(True)
    sys.excepthook = _log_exception
    return logging.getLogger(PROGRAM)


def _log_usage(file: logging.Handler, rank: int) -> None:
    """Write processor time and peak memory of this rank to the log file."""
    record = logging.LogRecord(PROGRAM, logging.INFO, __file__, 0, USAGE, (), None)
    record.args = (rank, time.process_time(), peak_memory() / 1e6)
    file.handle(record)


def peak_memory() -> float:
    """Peak resident memory of this process, in bytes.

    Raises
    ------
    OSError
        If the system is not Linux, whose /proc/self/status is read.
    """
    # the ru_maxrss of getrusage includes the memory of the parent process before the fork
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return 1024.0 * float(line.split()[1])
    raise OSError("/proc/self/status: no VmHWM; Linux alone is supported")


def _log_exception(kind, error, trace) -> None:
    """Log an uncaught exception with advice on its cause, then abort all other MPI ranks."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logging.getLogger(PROGRAM).critical(
            "stopped by %s: %s%s",
            *(kind.__name__, error, remedy(error)),
            exc_info=(kind, error, trace),
        )
    _abort_other_ranks()


def remedy(error: BaseException) -> str:
    """Advice on an error of the file system or of memory, as the end of a message.

    Parameters
    ----------
    error : BaseException
        The error; its causes are searched too.

    Returns
    -------
    str
        Empty if the error is of another kind.
    """
    causes = []
    while error is not None:
        causes.append(error)
        error = error.__cause__ or error.__context__
    text = " ".join(map(str, causes)).lower()
    known = {type(cause).__name__ for cause in causes}
    known |= {cause.errno for cause in causes if isinstance(cause, OSError)}
    for signs, advice in _REMEDIES.items():
        if known & set(signs) or any(isinstance(s, str) and s in text for s in signs):
            return f". {advice} Start again: what is finished is kept."
    return ""


def _abort_other_ranks() -> None:
    """Abort the other MPI ranks, which would wait for this one for ever."""
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi is not None and mpi.Is_initialized() and mpi.COMM_WORLD.size > 1:
        logging.shutdown()
        mpi.COMM_WORLD.Abort(1)
