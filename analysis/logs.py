"""Logging of programs: to a file and to stderr, by the first rank alone."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

PROGRAM = "program"
"""Name of the programs' own logger."""

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _Brief(logging.Formatter):
    """Messages without tracebacks, which the log file has."""

    def formatException(self, ei):  # noqa: N802
        return ""


def set_up(log: str | Path | None, title: str, rank: int = 0) -> logging.Logger:
    """Send log records to a file and to stderr, and uncaught exceptions with them.

    Parameters
    ----------
    log : path, optional
        Log file, begun anew by the first rank; stderr alone without it.
    title : str
        What the program works on; it begins each of its lines on stderr.
    rank : int
        Only rank 0 logs below the level of errors.

    Returns
    -------
    logging.Logger
        The program's own.
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
    # other packages (fonts, for one) would tell every step they take
    root.setLevel(logging.WARNING if rank == 0 else logging.ERROR)
    for own in ("analysis", PROGRAM):
        logging.getLogger(own).setLevel(logging.INFO if rank == 0 else logging.ERROR)
    logging.captureWarnings(True)
    sys.excepthook = _log_exception
    return logging.getLogger(PROGRAM)


def _log_exception(kind, error, trace) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logging.getLogger(PROGRAM).critical(
            "stopped by %s: %s", kind.__name__, error, exc_info=(kind, error, trace)
        )
    _abort_other_ranks()


def _abort_other_ranks() -> None:
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi is not None and mpi.Is_initialized() and mpi.COMM_WORLD.size > 1:
        logging.shutdown()
        mpi.COMM_WORLD.Abort(1)
