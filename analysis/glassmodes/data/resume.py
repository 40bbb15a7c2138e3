"""Finished parts of an unfinished job, kept so that a restarted job does not compute them again.

Snakemake deletes the outputs of a failed job. Parts are therefore stored in the folder
`<output>.partial/`, which no rule declares as output. Parts that were made with other settings are
deleted. The environment variable GLASSMODES_SCRATCH can name another folder for them, such as one
on a local disk of the node; this is faster, but parts are lost if the job restarts on another node.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from glassmodes.data.storage import StorageError, atomic_path, open_file, sample_group

_log = logging.getLogger(__name__)

SCRATCH = "GLASSMODES_SCRATCH"
"""Environment variable that names a folder for the parts of unfinished jobs."""


def _place(output: Path) -> Path:
    """Folder of the parts of an output."""
    scratch = os.environ.get(SCRATCH)
    # the ranks of a job on several nodes do not share a local disk
    if not scratch or int(os.environ.get("SLURM_JOB_NUM_NODES", 1)) > 1:
        return output.with_name(f"{output.name}.partial")
    digest = hashlib.sha256(str(output.resolve()).encode()).hexdigest()[:16]
    return Path(scratch) / f"{output.name}.{digest}.partial"


class PartialFolder:
    """Folder with the finished parts of one output.

    Parameters
    ----------
    output : path
        File that the job writes at its end.
    settings : mapping
        Everything that the parts depend on, as values that JSON can store.

    Attributes
    ----------
    folder : Path
        The folder; it exists after :meth:`open`.
    """

    def __init__(self, output: str | Path, settings: Mapping):
        self.folder = _place(Path(output))
        self._settings = json.dumps(settings, sort_keys=True)

    def open(self) -> bool:
        """Create the folder, and empty it unless its parts were made with these settings.

        Only one rank calls this method. If another job still works on the same output, as can
        happen after Snakemake was killed, the call waits for it, so that two jobs never share a
        folder.

        Returns
        -------
        bool
            Whether the folder contains parts of an earlier run.
        """
        self._lock = _locked(self.folder.with_suffix(".lock"))
        record = self.folder / "settings.json"
        if record.is_file() and record.read_text() == self._settings:
            # run times are not calibrated from logs with this message
            _log.info("%s: goes on from what an earlier run left", self.folder)
            return True
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        with atomic_path(record) as temporary:
            temporary.write_text(self._settings)
        return False

    def sample_path(self, sample: int) -> Path:
        """Path of the HDF5 file with the part of one sample."""
        return self.folder / f"{sample_group(sample)}.h5"

    def has(self, sample: int) -> bool:
        """Whether the part of a sample is finished; a part that cannot be read is deleted."""
        path = self.sample_path(sample)
        if not path.is_file():
            return False
        try:
            open_file(path).close()
        except StorageError as error:
            _log.warning("made again: %s", error)
            path.unlink()
            return False
        return True

    def remove(self) -> None:
        """Delete all parts, once the output is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.with_suffix(".lock").unlink(missing_ok=True)


def _locked(path: Path):
    """Lock file, opened and locked by this process until it ends; waits for another holder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        file = open(path, "w")
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            _log.warning("%s: another job is at work on the same output; waiting for its end", path)
            fcntl.lockf(file, fcntl.LOCK_EX)
        # the other job may have deleted the lock file meanwhile; then try again with a new one
        if path.exists() and os.fstat(file.fileno()).st_ino == path.stat().st_ino:
            return file
        file.close()


def exists(path: Path, communicator) -> bool:
    """Whether a file exists, as rank 0 sees it; the same answer on every rank.

    Parameters
    ----------
    path : Path
    communicator : mpi4py.MPI.Comm
    """
    return communicator.bcast(path.exists() if communicator.rank == 0 else None)


def save_arrays(path: Path, communicator, **arrays) -> None:
    """Write arrays to an .npz file on rank 0; it gets its name when it is complete.

    Parameters
    ----------
    path : Path
    communicator : mpi4py.MPI.Comm
        All of its ranks make this call and wait until the file is written.
    **arrays : ndarray
        Arrays by name; those of rank 0 are written.
    """
    if communicator.rank == 0:
        unfinished = path.with_name(f".{path.name}")
        with open(unfinished, "wb") as file:
            np.savez(file, **arrays)
        os.replace(unfinished, path)
    communicator.Barrier()


def load_arrays(path: Path, communicator, *names: str) -> list[np.ndarray]:
    """Read arrays from a file of :func:`save_arrays` on rank 0 and send them to every rank.

    Parameters
    ----------
    path : Path
    communicator : mpi4py.MPI.Comm
    *names : str
        Names of the arrays.

    Returns
    -------
    list of ndarray
    """
    arrays = None
    if communicator.rank == 0:
        with np.load(path) as stored:
            arrays = [stored[name] for name in names]
    return communicator.bcast(arrays)
