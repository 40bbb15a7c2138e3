"""What the process that drives a run of the workflow watches: its jobs, and the user's Ctrl-C.

On Ctrl-C Snakemake reports every job that it stops as a failed one. Here the jobs do not see the
signal; they are ended by the driver, and what would be reported of them is dropped.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading

import psutil

STOPPED = "Stopped; start again to go on: what is finished is kept."
"""What a user reads after Ctrl-C."""

INTERRUPTED = 130
"""Exit status after Ctrl-C, as of shells: 128 and the number of the signal."""


class RunWatch(logging.Filter):
    """Filter of Snakemake's log records that knows what is run, and whether it was interrupted.

    Attributes
    ----------
    rules : set of str
        Rules that have jobs to do, known when the workflow starts.
    interrupted : bool
        Whether the user has asked for the end.
    """

    def __init__(self):
        super().__init__()
        self.rules: set[str] = set()
        self.interrupted = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is shown: no error is, once the user has asked for the end."""
        stats = getattr(record, "stats", None)
        if stats:
            self.rules = set(stats) - {"total"}
        return not (self.interrupted and record.levelno >= logging.ERROR)

    def catch_interrupts(self) -> None:
        """End all jobs, in silence, on Ctrl-C (SIGINT) or when the terminal is closed (SIGHUP).

        Each job must have a session of its own (`workflow/session/bash`). A signal that the caller
        has this process ignore, as `nohup` does, stays ignored.
        """
        if threading.current_thread() is not threading.main_thread():
            return  # only there does Python take signals
        handlers = {signal.SIGINT: self._interrupt, signal.SIGHUP: self._hang_up}
        for number, handler in handlers.items():
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, handler)

    def _interrupt(self, number, frame) -> None:
        again, self.interrupted = self.interrupted, True
        end_jobs()
        if not again:
            raise KeyboardInterrupt

    def _hang_up(self, number, frame) -> None:
        end_jobs()
        # what a cluster has in its queue goes on, as without this handler
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def end_jobs() -> None:
    """Kill the jobs of this process: all that it has started in other sessions.

    Programs keep what they have finished whichever signal ends them, and `mpiexec` would report
    any other one.
    """
    own = os.getsid(0)
    # parents first: one that outlived its child would report how that ended
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getsid(process.pid) != own:
                process.kill()
