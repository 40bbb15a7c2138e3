"""Archives of a campaign's results: everything that its figures are drawn from, in one file.

An archive is a tar file with one folder, named after the campaign: `tables/` with their manifest,
`campaign.yaml`, `versions.json`, folders of arrays on request, and `manifest.json` with the SHA-256
of every file. The same results give the same bytes. Archives of others are read with care: nothing
leaves the folder that it is unpacked into, and nothing is used that its manifest does not hold.
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

from glassmodes.data.manifest import MANIFEST, check_manifest, write_manifest
from glassmodes.data.storage import StorageError, atomic_path

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz")


def is_archive(path: str | Path) -> bool:
    """Whether a path is named like an archive."""
    return str(path).endswith(SUFFIXES)


def write_archive(results: str | Path, path: str | Path, arrays: Iterable[str] = ()) -> list[str]:
    """Pack the results of one campaign.

    Parameters
    ----------
    results : path
        results/<campaign>, with tables and their manifest.
    path : path
        The archive, .tar: tables are compressed already.
    arrays : iterable of str
        Folders of arrays of the ensembles (glasses, modes, ...) to be packed as well.

    Returns
    -------
    list of str
        Names of the files in it, below the campaign's folder.

    Raises
    ------
    StorageError
        Naming what is missing or altered.
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
            # parts of an unfinished job are no results
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
    entry = tarfile.TarInfo(name)
    entry.size = file.stat().st_size
    with open(file, "rb") as content:
        archive.addfile(entry, content)


def unpack_archive(path: str | Path, folder: str | Path) -> Path:
    """Unpack and check an archive; nothing is done where it has been unpacked before.

    Parameters
    ----------
    path : path
    folder : path
        Gets a folder named after the archive's SHA-256, and in it that of the campaign.

    Returns
    -------
    Path
        Folder of the campaign.

    Raises
    ------
    StorageError
        Naming the archive and the entry: a truncated archive, an entry that would leave the folder
        or is no plain file, a file that is missing, altered, or not in the manifest.
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
            # another process may have been faster with the same content
            if not target.is_dir():
                scratch.rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    inside = sorted(target.iterdir())
    if len(inside) != 1 or not inside[0].is_dir():
        raise StorageError(f"{path}: not an archive of results: it holds no single folder")
    return inside[0]


def _extract(path: Path, scratch: Path) -> None:
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
            # filters came with Python 3.11.4; Debian 12 has an older one
            safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
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
