"""Finished parts of an unfinished job, kept beside its output so that a restart redoes none.

A workflow engine deletes the outputs of a failed job, so parts lie at `<output>.partial/`, which
no rule declares. Parts made under other settings are thrown away, never mixed in.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from analysis.storage import atomic_path, sample_group


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
        self.folder = Path(f"{output}.partial")
        self._settings = json.dumps(settings, sort_keys=True)

    def open(self) -> bool:
        """Make the folder, empty unless its parts belong to these settings; one rank calls this.

        Returns
        -------
        bool
            Whether parts of an earlier run are there.
        """
        record = self.folder / "settings.json"
        if record.is_file() and record.read_text() == self._settings:
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
        """Whether a sample is finished."""
        return self.sample_path(sample).is_file()

    def remove(self) -> None:
        """Throw all parts away: the output is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)


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
