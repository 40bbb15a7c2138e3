"""Archives of the results of a campaign: one file with everything that its figures need.

An archive is a tar file with one folder that is named after the campaign. The folder contains
`tables/` with their manifest, `campaign.yaml`, `versions.json`, folders of arrays on request, and
`manifest.json` with the SHA-256 hash of every file. The same results give the same bytes. An
archive may come from somebody else: no entry is written outside the folder that it is unpacked
into, and an entry that its manifest does not name is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from glassmodes.data.manifest import MANIFEST, check_manifest, write_manifest
from glassmodes.data.storage import StorageError, atomic_path

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz")
"""Suffixes of archive files."""


def is_archive(path: str | Path) -> bool:
    """Whether a path has the suffix of an archive."""
    return str(path).endswith(SUFFIXES)


def write_archive(results: str | Path, path: str | Path, arrays: Iterable[str] = ()) -> list[str]:
    """Pack the results of one campaign into an archive.

    Parameters
    ----------
    results : path
        Folder results/<campaign>, with tables and their manifest.
    path : path
        The archive, a .tar file; tables are compressed already.
    arrays : iterable of str
        Folders of arrays of the ensembles (glasses, modes, ...) to include.

    Returns
    -------
    list of str
        Paths of the packed files, relative to the folder of the campaign.

    Raises
    ------
    StorageError
        If a file is missing or does not match the manifest; names each such file.
    """
    results, path = Path(results), Path(path)
    content = check_manifest(results / "tables")
    names = [f"tables/{MANIFEST}", *(f"tables/{name}" for name in content["files"])]
    names += [f"tables/{twin.name}" for twin in sorted((results / "tables").glob("*.csv"))]
    names.append("campaign.yaml")
    for folder in arrays:
        names += sorted(
            str(file.relative_to(results))
            for file in results.glob(f"*/{folder}/**/*.h5")
            # files of unfinished jobs are not results
            if not any(part.endswith(".partial") for part in file.parts)
        )
    missing = [name for name in names if not (results / name).is_file()]
    if missing:
        raise StorageError("\n".join(f"{results / name}: no such file" for name in missing))
    provenance = {key: value for key, value in content.items() if key != "files"}
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as scratch:
        versions = Path(scratch) / "versions.json"
        versions.write_text(json.dumps(content.get("versions", {}), indent=1) + "\n")
        extra = {"versions.json": versions}
        write_manifest(scratch, names, provenance, found=results, extra=extra)
        extra[MANIFEST] = Path(scratch) / MANIFEST
        with atomic_path(path) as temporary, tarfile.open(temporary, "w") as archive:
            for name in [MANIFEST, "versions.json", *names]:
                _add(archive, extra.get(name, results / name), f"{content['campaign']}/{name}")
    return names


def _add(archive: tarfile.TarFile, file: Path, name: str) -> None:
    """Add a file to an archive without owner, permissions and time, on which bytes would depend."""
    entry = tarfile.TarInfo(name)
    entry.size = file.stat().st_size
    with open(file, "rb") as content:
        archive.addfile(entry, content)


def unpack_archive(path: str | Path, folder: str | Path) -> Path:
    """Unpack an archive and check it; an archive that was unpacked before is not unpacked again.

    Parameters
    ----------
    path : path
        The archive.
    folder : path
        Folder that receives a subfolder named after the SHA-256 hash of the archive.

    Returns
    -------
    Path
        Folder of the campaign within that subfolder.

    Raises
    ------
    StorageError
        If the archive is truncated, an entry would be written outside the folder or is not a
        regular file, or a file is missing, altered or not named by the manifest; names archive and
        entry.
    """
    path, folder = Path(path), Path(folder)
    if not path.is_file():
        raise StorageError(f"{path}: no such file")
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    target = folder / digest
    if not target.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=folder, prefix=f".{digest}."))
        try:
            _extract(path, scratch)
            # another process may have unpacked the same archive meanwhile
            if not target.is_dir():
                scratch.rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    inside = sorted(target.iterdir())
    if len(inside) != 1 or not inside[0].is_dir():
        raise StorageError(f"{path}: not an archive of results: it holds no single folder")
    return inside[0]


def _extract(path: Path, scratch: Path) -> None:
    """Unpack an archive into a temporary folder and check its entries and manifests."""
    try:
        with tarfile.open(path) as archive:
            entries = archive.getmembers()
            for entry in entries:
                name = PurePosixPath(entry.name)
                if name.is_absolute() or ".." in name.parts:
                    raise StorageError(f"{path}: {entry.name!r} would leave its folder: refused")
                if not (entry.isfile() or entry.isdir()):
                    raise StorageError(f"{path}: {entry.name!r} is no plain file: refused")
                entry.mode = 0o755 if entry.isdir() else 0o644
                entry.uid, entry.gid, entry.uname, entry.gname = os.getuid(), os.getgid(), "", ""
            # extraction filters exist since Python 3.11.4
            safely: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            archive.extractall(scratch, entries, **safely)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise StorageError(f"{path}: not a readable archive (truncated?): {error}") from None
    for folder in scratch.iterdir():
        try:
            named = set(check_manifest(folder)["files"])
        except StorageError as error:
            raise StorageError(f"{path}: {str(error).replace(f'{scratch}/', '')}") from None
        there = {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}
        unknown = sorted(there - named - {MANIFEST})
        if unknown:
            raise StorageError(f"{path}: {unknown[0]}: not in its manifest: refused")
