"""Finished parts of an unfinished job, kept beside its output so that a restart redoes none.

A workflow engine deletes the outputs of a failed job, so parts lie at `<output>.partial/`, which
no rule declares. Parts made under other settings are thrown away, never mixed in. The environment
variable GLASSMODES_SCRATCH names a folder for them instead, such as a disk of the node: faster,
but lost if the job is started again on another node.
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


def _place(output: Path) -> Path:
    scratch = os.environ.get(SCRATCH)
    # ranks on several nodes share no disk of a node
    if not scratch or int(os.environ.get("SLURM_JOB_NUM_NODES", 1)) > 1:
        return output.with_name(f"{output.name}.partial")
    digest = hashlib.sha256(str(output.resolve()).encode()).hexdigest()[:16]
    return Path(scratch) / f"{output.name}.{digest}.partial"


class PartialFolder:
    """The folder of finished parts of one output.

    Parameters
    ----------
    output : path
        What the job makes at its end.
    settings : mapping
        Everything that the parts depend on (JSON types).
    """

    def __init__(self, output: str | Path, settings: Mapping):
        self.folder = _place(Path(output))
        self._settings = json.dumps(settings, sort_keys=True)

    def open(self) -> bool:
        """Make the folder, empty unless its parts belong to these settings; one rank calls this.

        A job of a driver that was killed may still be at work on the same output; it is waited
        for, so that two jobs never share a folder.

        Returns
        -------
        bool
            Whether parts of an earlier run are there.
        """
        self._lock = _locked(self.folder.with_suffix(".lock"))
        record = self.folder / "settings.json"
        if record.is_file() and record.read_text() == self._settings:
            # logs that say so are left out where times are learnt from them
            _log.info("%s: goes on from what an earlier run left", self.folder)
            return True
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        with atomic_path(record) as temporary:
            temporary.write_text(self._settings)
        return False

    def sample_path(self, sample: int) -> Path:
        """HDF5 file of one sample's part."""
        return self.folder / f"{sample_group(sample)}.h5"

    def has(self, sample: int) -> bool:
        """Whether a sample is finished; a part that cannot be read is thrown away."""
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
        """Throw all parts away: the output is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.with_suffix(".lock").unlink(missing_ok=True)


def _locked(path: Path):
    """An open file that this process alone has locked, for as long as it lives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        file = open(path, "w")
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            _log.warning("%s: another job is at work on the same output; waiting for its end", path)
            fcntl.lockf(file, fcntl.LOCK_EX)
        # the other job may have removed the file that was waited for
        if path.exists() and os.fstat(file.fileno()).st_ino == path.stat().st_ino:
            return file
        file.close()


def exists(path: Path, communicator) -> bool:
    """Whether a file is there, as the first rank sees it."""
    return communicator.bcast(path.exists() if communicator.rank == 0 else None)


def save_arrays(path: Path, communicator, **arrays) -> None:
    """Write arrays (.npz) on the first rank, under the final name only when complete."""
    if communicator.rank == 0:
        unfinished = path.with_name(f".{path.name}")
        with open(unfinished, "wb") as file:
            np.savez(file, **arrays)
        os.replace(unfinished, path)
    communicator.Barrier()


def load_arrays(path: Path, communicator, *names: str) -> list[np.ndarray]:
    """Arrays of :func:`save_arrays`, read by the first rank, on every rank."""
    arrays = None
    if communicator.rank == 0:
        with np.load(path) as stored:
            arrays = [stored[name] for name in names]
    return communicator.bcast(arrays)
