"""Reporter of campaigns for Snakemake: `snakemake --logger glassmodes`.

Instead of Snakemake's own output, one line a minute says how many jobs are done, which share of
the planned core time that is, how long the rest will take, and what runs. Warnings and errors are
shown in full. All that Snakemake and the jobs have to say goes to a file that the workflow names.

Snakemake finds this package by its name and imports it at every start, so what is heavy is
imported where it is used. Its events are described in snakemake-interface-logger-plugins.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Options on Snakemake's command line, `--logger-glassmodes-...`."""

    interval: float | None = field(
        default=60.0, metadata={"help": "seconds between two lines", "type": float}
    )


class LogHandler(LogHandlerBase):
    """Handler of Snakemake's log records that prints the progress of a campaign.

    The workflow announces its campaign by a record with the attributes `campaign`, `machine` and
    `log_file`. Until then, and without one, jobs are counted but not weighed.

    Attributes
    ----------
    in_use : bool
        Of the class: whether this process reports in this way.
    """

    in_use = False

    def __post_init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._cores: int | None = None
        self._progress = None
        self._file = None
        self._early: list[str] = []
        self._complained = False
        self._ended = threading.Event()
        if not self.common_settings.dryrun:
            LogHandler.in_use = True
            threading.Thread(target=self._report, daemon=True).start()

    @property
    def writes_to_stream(self) -> bool:
        # a dry-run is for reading: Snakemake shows it as it always does
        return not self.common_settings.dryrun

    @property
    def writes_to_file(self) -> bool:
        # Snakemake would want the name of the file before the campaign is known
        return False

    @property
    def has_filter(self) -> bool:
        return False

    @property
    def has_formatter(self) -> bool:
        return False

    @property
    def needs_rulegraph(self) -> bool:
        return False

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of an event, show it if it is a warning, and keep its text."""
        if self.common_settings.dryrun:
            return
        try:
            text = self.format(record)
            self._keep(text)
            if record.levelno >= logging.WARNING and text:
                self._complained = True
                self._print(text)
            if hasattr(record, "campaign"):
                self._announce(record.campaign, record.machine, record.log_file)
            else:
                self._note(record)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Print the last line, unless the run was stopped; further calls do nothing."""
        with self.lock:
            ended, progress = self._ended.is_set(), self._progress
            self._ended.set()
            if not (ended or self.common_settings.dryrun):
                if progress is None and not self._complained:
                    self._print("Nothing to do: all that was asked for is there.")
                elif progress is not None and (progress.is_complete or progress.failed):
                    self._say(progress.last_line(time.monotonic()))
            if self._file is not None:
                self._file.close()
                self._file = None
        super().close()

    def _note(self, record: logging.LogRecord) -> None:
        event, now = getattr(record, "event", None), time.monotonic()
        if event == LogEvent.RESOURCES_INFO:
            self._cores = getattr(record, "cores", self._cores)
        elif event == LogEvent.RUN_INFO:
            from glassmodes.campaign.progress import Progress

            self._counts = {rule: n for rule, n in record.stats.items() if rule != "total"}
            self._progress = Progress(record.stats["total"], began=now)
        elif self._progress is None:
            return
        elif event == LogEvent.JOB_INFO:
            from glassmodes.campaign.progress import job_name

            name = job_name(record.rule_name, record.wildcards)
            self._progress.start(record.jobid, name, record.log, now)
        elif event == LogEvent.JOB_FINISHED:
            self._progress.finish(record.job_id)
        elif event == LogEvent.JOB_ERROR:
            self._progress.fail(record.jobid)

    def _announce(self, campaign, machine, log) -> None:
        """Weigh the jobs by the plan of their campaign, and open its log."""
        from glassmodes.campaign import progress

        log = Path(log)
        log.parent.mkdir(parents=True, exist_ok=True)
        self._file = log.open("a")
        self._file.writelines(self._early)
        self._early.clear()
        planned = progress.planned_core_seconds(campaign, self._counts, machine)
        self._progress = progress.Progress(
            sum(self._counts.values()),
            planned,
            progress.expected_costs(campaign, machine),
            self._cores,
            time.monotonic(),
        )
        self._say(
            f"campaign {campaign.name}: {self._progress.jobs} jobs, "
            f"{progress.duration(planned)} of core time planned; full log: {log}"
        )

    def _report(self) -> None:
        while not self._ended.wait(self.settings.interval):
            with self.lock:
                if self._progress is not None and not self._ended.is_set():
                    self._say(self._progress.line(time.monotonic()))

    def _keep(self, text: str) -> None:
        lines = f"{text}\n" if text else ""
        if self._file is None:
            self._early.append(lines)
        else:
            self._file.write(lines)
            self._file.flush()

    def _say(self, line: str) -> None:
        self._print(f"{time.strftime('%H:%M:%S')}  {line}")

    def _print(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)
