"""Ctrl-C in a terminal: one message, no process left, and a second start that goes on."""

import logging
import os
import pty
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
import yaml
from glassmodes.campaign.run_watch import INTERRUPTED, STOPPED, RunWatch
from glassmodes.campaign.settings import ROOT

from tests.workflow.test_folders import SNAKEMAKE

CTRL_C = b"\x03"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "analysis"), "TERM": "dumb"}
CAMPAIGN = {
    "campaign": "stopped",
    "seed": 11,
    "ensembles": {
        "glass": {
            "model": "ipl10_3d",
            "particles": 200,
            "samples": 2,
            "bundle": 2,
            # longer than any test waits for: it is stopped in the midst of a job on two ranks
            "preparation": {
                "protocol": "quench",
                "parent_temperature": 1.0,
                "equilibration": 1.0e6,
            },
        },
        "short": {
            "model": "ipl10_3d",
            "particles": 100,
            "samples": 1,
            "bundle": 1,
            "preparation": {"protocol": "random"},
        },
    },
    "studies": {"modes": {"ensembles": ["glass", "short"], "request": "all"}},
}
SHORT = "stopped/short/glasses/b0000.h5"
ERRORS = re.compile(r"error|traceback|failed|abort|terminat(ed|ion)|killed", re.IGNORECASE)


class Terminal:
    """A command in a terminal of its own, as a user has it."""

    def __init__(self, command):
        self.text = ""
        self.process, self._end = pty.fork()
        if self.process == 0:
            os.chdir(ROOT)
            os.execve(command[0], command, ENVIRONMENT)

    def press(self, keys):
        os.write(self._end, keys)

    def read(self, seconds=0.2):
        """Take what has been printed; whether the command still runs."""
        ready, _, _ = select.select([self._end], [], [], seconds)
        if not ready:
            return True
        try:
            self.text += os.read(self._end, 65536).decode(errors="replace")
        except OSError:
            return False
        return True

    def close(self):
        """Close the window: the command gets SIGHUP."""
        os.close(self._end)

    def wait(self, seconds):
        """Exit status, negative for a signal."""
        end = time.monotonic() + seconds
        while self.read():
            assert time.monotonic() < end, self.text
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])

    def wait_for_job(self, program, seconds=300.0):
        """Processes of a program on two ranks, once all are there."""
        end = time.monotonic() + seconds
        while True:
            assert self.read(), self.text
            assert time.monotonic() < end, self.text
            family = psutil.Process(self.process).children(recursive=True)
            found = [one for one in family if program in " ".join(command_of(one))]
            ranks = [one for one in found if Path(command_of(one)[0]).name.startswith("python")]
            if len(ranks) == 2:
                return family


def command_of(process):
    try:
        return process.cmdline() or [""]
    except psutil.Error:
        return [""]


@pytest.fixture
def call(tmp_path):
    """Function of a target: the command that makes it."""
    campaign = tmp_path / "campaign.yaml"
    campaign.write_text(yaml.safe_dump(CAMPAIGN))
    options = ["--workflow-profile", "workflow/profiles/local", "--configfile", str(campaign)]
    return lambda target: [SNAKEMAKE, target, *options, "--config", f"results={tmp_path}"]


@pytest.mark.slow
@pytest.mark.mpi
@pytest.mark.parametrize("logger", [[], ["--logger", "glassmodes"]])
def test_ctrl_c_ends_with_one_message_and_the_next_start_goes_on(call, logger, tmp_path):
    finished = tmp_path / SHORT
    options = {"cwd": ROOT, "env": ENVIRONMENT, "capture_output": True, "text": True}
    made = subprocess.run(call(str(finished)), **options)
    assert made.returncode == 0, made.stderr
    first = finished.stat().st_mtime_ns
    # the second start finds no lock and nothing half-made in its way
    for _ in range(2):
        terminal = Terminal([*call("tables"), *logger])
        family = terminal.wait_for_job("prepare_glasses")
        before = len(terminal.text)
        terminal.press(CTRL_C)
        assert terminal.wait(60.0) == INTERRUPTED
        said = terminal.text[before:]
        assert said.strip().endswith(STOPPED)
        # Snakemake's own announcement of the end is none
        said = said.replace("Terminating processes on user request", "")
        assert not ERRORS.search(said), said
        assert not psutil.wait_procs(family, timeout=10.0)[1]
        assert finished.stat().st_mtime_ns == first


@pytest.mark.slow
@pytest.mark.mpi
def test_closing_the_terminal_leaves_no_job(call):
    terminal = Terminal(call("tables"))
    driver, family = psutil.Process(terminal.process), terminal.wait_for_job("prepare_glasses")
    terminal.close()
    assert not psutil.wait_procs(family, timeout=30.0)[1]
    assert driver.wait(timeout=30.0) == -signal.SIGHUP


def test_ignored_signals_stay_ignored():
    """As under `nohup`, or of a command that a script starts in the background."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        RunWatch().catch_interrupts()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is not kept[signal.SIGINT]
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def test_errors_are_shown_until_the_user_asks_for_the_end():
    watch = RunWatch()
    error, note = (
        logging.LogRecord("snakemake", level, __file__, 0, "text", (), None)
        for level in (logging.ERROR, logging.INFO)
    )
    assert watch.filter(error) and watch.filter(note)
    watch.interrupted = True
    assert not watch.filter(error) and watch.filter(note)


def test_rules_to_run_are_read_from_the_statistics_of_jobs():
    watch = RunWatch()
    record = logging.LogRecord("snakemake", logging.INFO, __file__, 0, "text", (), None)
    record.stats = {"plan": 1, "total": 1}
    assert watch.filter(record) and watch.rules == {"plan"}
