"""Stages of a campaign, run as a user runs them by hand: alone, under `mpiexec`, or killed."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from glassmodes.campaign import registry
from glassmodes.campaign.settings import ROOT

BIN = Path(sys.executable).parent
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT / "analysis"),
    "OMP_NUM_THREADS": "1",
    "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
}
PROGRAM = str(ROOT / "workflow" / "scripts" / "run_stage.py")


def stage_arguments(
    stage, campaign, *, ensemble="glass", bundle=0, run=None, temperature=None, files=None, log=None
) -> list[str]:
    """Arguments of the program that runs a stage.

    Parameters
    ----------
    stage : str
    campaign : path
    ensemble : str
    bundle, run : int
        Given to stages that work on bundles and on equilibrium runs, respectively.
    temperature : float, optional
    files : mapping of str to path or list of path, optional
        Files that are read or written in place of the campaign's own, by their names.
    log : path, optional
    """
    per = registry.stages()[stage].per
    options = {
        "--ensemble": ensemble if per != "campaign" else None,
        "--bundle": bundle if per in ("bundle", "temperature") else None,
        "--run": run,
        "--temperature": temperature,
        "--log": log,
    }
    chosen = [(option, value) for option, value in options.items() if value is not None]
    for name, paths in (files or {}).items():
        for path in paths if isinstance(paths, list) else [paths]:
            chosen.append(("--file", f"{name}={path}"))
    words = [word for pair in (("--campaign", campaign), *chosen) for word in pair]
    return [stage, *map(str, words)]


def stage_command(stage, campaign, *, ranks=None, told=None, **job) -> list[str]:
    """Command that runs a stage.

    Parameters
    ----------
    stage : str
    campaign : path
    ranks : int, optional
        MPI ranks; two by default of a parallel stage. A serial one is run without `mpiexec`.
    told : int, optional
        Ranks that the program is told to find; as many as there are by default.
    **job
        As of :func:`stage_arguments`.
    """
    command = [sys.executable, PROGRAM, *stage_arguments(stage, campaign, **job)]
    if not registry.stages()[stage].is_parallel:
        assert ranks is None, f"{stage} is serial"
        return command
    ranks = ranks or 2
    return [str(BIN / "mpiexec"), "-n", str(ranks), *command, "--ranks", str(told or ranks)]


def run_stage(stage, campaign, *, check=True, **settings) -> subprocess.CompletedProcess:
    """Run a stage (:func:`stage_command`); unless `check` is false it must succeed."""
    found = subprocess.run(
        stage_command(stage, campaign, **settings),
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        cwd=ROOT,
    )
    assert not check or found.returncode == 0, found.stdout + found.stderr
    return found


def program(name):
    """A program of workflow/scripts/ as a module, whose `main` runs in this process."""
    path = ROOT / "workflow" / "scripts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_and_kill(finished, stage, campaign, **settings) -> None:
    """Start a stage and kill it once `finished()`; how it ended is nobody's business."""
    process = subprocess.Popen(
        stage_command(stage, campaign, **settings),
        env=ENVIRONMENT,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 120
        while not finished():
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.002)
    finally:
        # mpiexec and its ranks are one session, which this function has started
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    time.sleep(0.5)
