"""A SLURM cluster of one node, of plain processes with a key, a socket and a state of their own.

    python -m tests.slurm.cluster install     Debian's packages; asks for root
    python -m tests.slurm.cluster check       says why there can be none, if so

Needs no systemd, control groups or accounting. Memory is enforced by looking at processes, walltime
by the controller. The node pretends to have more cores than there are, so that a few ranks fit.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGES = ("slurm-wlm", "munge")
DAEMONS = ("munged", "slurmctld", "slurmd")
LINK = Path("/etc/slurm/slurm.conf")
"""Where job steps look: they drop SLURM_CONF from their environment."""

NOT_HERE = 77
"""Exit status where SLURM cannot be installed, as test programs of make say that they skip."""

CORES, MEMORY = 8, 12_000
"""Of the node: ranks, and megabytes."""


class NoCluster(RuntimeError):
    """SLURM cannot be started here; the message says why, and what to do."""


def program(name: str) -> str | None:
    """Path of a daemon, which ordinary users do not have on theirs."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def check() -> None:
    """Do nothing if a cluster can be started.

    Raises
    ------
    NoCluster
    """
    missing = [name for name in (*DAEMONS, "srun", "sbatch") if program(name) is None]
    if missing:
        raise NoCluster(
            f"{', '.join(missing)}: not installed; `make slurm-test` installs Debian's "
            f"{' and '.join(PACKAGES)}, as root"
        )
    if LINK.exists() and not LINK.is_symlink():
        raise NoCluster(f"{LINK}: this machine has a SLURM of its own, which is left alone")
    if not os.access(LINK.parent, os.W_OK):
        raise NoCluster(f"{LINK.parent}: not writable; job steps read their configuration there")


def install() -> None:
    """Debian's packages, where they are not there yet.

    Raises
    ------
    NoCluster
    """
    if all(program(name) for name in (*DAEMONS, "srun", "sbatch")):
        return
    if shutil.which("apt-get") is None:
        raise NoCluster(f"no apt-get: install {' and '.join(PACKAGES)} by hand")
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends"]):
        packages = PACKAGES if command[0] == "install" else ()
        done = subprocess.run([*root, "apt-get", *command, *packages], env=environment)
        if done.returncode != 0:
            raise NoCluster(
                f"apt-get {command[0]} failed: install {' and '.join(PACKAGES)} by hand"
            )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


class Cluster:
    """A running cluster; use it as a context manager.

    Attributes
    ----------
    folder : Path
        Everything of it: configuration, state, logs, key and socket.
    environment : dict
        For programs that talk to it.
    """

    def __init__(self):
        check()
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-test-"))
        self.environment = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}
        self._processes: list[subprocess.Popen] = []

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if len(self._processes) == len(DAEMONS):
            try:
                self.cancel_all()
            except NoCluster as reason:
                print(f"{self.folder}: {reason}", file=sys.stderr)
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        self._processes = []
        if LINK.is_symlink() and os.readlink(LINK).startswith(str(self.folder)):
            LINK.unlink()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self):
        user = pwd.getpwuid(os.geteuid()).pw_name
        host = socket.gethostname().partition(".")[0]
        for name in ("state", "spool", "munge"):
            (self.folder / name).mkdir(mode=0o755)
        self.folder.chmod(0o755)
        key, munge = self.folder / "munge.key", self.folder / "munge"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self._daemon(
            *("munged", "--foreground", "--force", f"--key-file={key}", "--num-threads=2"),
            *(f"--socket={munge}/socket", f"--pid-file={munge}/pid"),
            *(f"--log-file={munge}/log", f"--seed-file={munge}/seed"),
        )
        self._until(lambda: (munge / "socket").exists(), "munged does not answer")
        settings = {
            "ClusterName": "glassmodes",
            # MPICH names its shared memory after the job, and a killed one leaves it behind: a
            # number that comes twice makes ranks hang or crash in MPI_Init
            "FirstJobId": time.time_ns() // 1_000_000_000 % 50_000_000 + 1,
            "SlurmctldHost": f"{host}(127.0.0.1)",
            "SlurmctldPort": free_port(),
            "SlurmdPort": free_port(),
            "SlurmUser": user,
            "SlurmdUser": user,
            "AuthType": "auth/munge",
            "AuthInfo": f"socket={munge}/socket",
            "CredType": "cred/munge",
            "StateSaveLocation": self.folder / "state",
            "SlurmdSpoolDir": self.folder / "spool",
            "SlurmctldPidFile": self.folder / "slurmctld.pid",
            "SlurmdPidFile": self.folder / "slurmd.pid",
            "SlurmctldLogFile": self.folder / "slurmctld.log",
            "SlurmdLogFile": self.folder / "slurmd.log",
            "ProctrackType": "proctrack/linuxproc",
            "TaskPlugin": "task/none",
            "SwitchType": "switch/none",
            "MpiDefault": "none",
            "SelectType": "select/cons_tres",
            "SelectTypeParameters": "CR_Core_Memory",
            # memory is enforced by adding up what processes hold, shared pages divided
            "JobAcctGatherType": "jobacct_gather/linux",
            "JobAcctGatherParams": "OverMemoryKill,UsePss",
            "JobAcctGatherFrequency": "task=1",
            "AccountingStorageType": "accounting_storage/none",
            "SlurmdParameters": "config_overrides",
            "ReturnToService": 2,
            "MinJobAge": 3600,
            "KillWait": 2,
            "InactiveLimit": 0,
            "NodeName": f"{host} NodeAddr=127.0.0.1 CPUs={CORES} RealMemory={MEMORY} State=UNKNOWN",
            "PartitionName": f"test Nodes={host} Default=YES MaxTime=60 State=UP",
        }
        configuration = self.folder / "slurm.conf"
        configuration.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        LINK.unlink(missing_ok=True)
        LINK.symlink_to(configuration)
        self._daemon("slurmctld", "-D", "-i")
        self._daemon("slurmd", "-D")
        self._until(self._is_idle, "the node does not come up")

    def _daemon(self, name, *arguments):
        with open(self.folder / f"{name}.out", "wb") as output:
            self._processes.append(
                subprocess.Popen(
                    [program(name), *arguments],
                    env=self.environment,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )

    def _is_idle(self):
        return "idle" in self.run("sinfo", "-h", "-o", "%t", check=False)

    def _until(self, condition, complaint, seconds=60.0):
        end = time.monotonic() + seconds
        while not condition():
            stopped = [process.args[0] for process in self._processes if process.poll() is not None]
            if stopped or time.monotonic() > end:
                logs = [*self.folder.glob("*.out"), *self.folder.glob("*.log")]
                text = "\n".join(f"{log.name}: {log.read_text()[-1000:]}" for log in logs)
                raise NoCluster(f"{complaint} {stopped or ''}\n{text}")
            time.sleep(0.1)

    def run(self, *command, check=True) -> str:
        """Standard output of a command of SLURM."""
        return subprocess.run(
            command, env=self.environment, check=check, capture_output=True, text=True
        ).stdout

    def states(self) -> list[str]:
        """State of every job so far, in the order of submission."""
        return self.run("squeue", "-h", "-t", "all", "-S", "i", "-o", "%T").split()

    def cancel_all(self) -> None:
        """End every job, and wait until it has ended."""
        jobs = self.run("squeue", "-h", "-o", "%i", check=False).split()
        if jobs:
            self.run("scancel", *jobs, check=False)
        self._until(lambda: not self.run("squeue", "-h", "-o", "%i").split(), "jobs do not end")


def main(argv) -> int:
    if argv not in (["install"], ["check"]):
        sys.exit(__doc__)
    try:
        if argv == ["install"]:
            install()
        check()
    except NoCluster as reason:
        print(f"SLURM cannot be tested here: {reason}", file=sys.stderr)
        return NOT_HERE
    try:
        with Cluster() as cluster:
            print(f"SLURM runs here: {cluster.run('srun', '-n', '2', 'hostname').split()}")
    except NoCluster as reason:
        print(f"SLURM is installed and does not run: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
