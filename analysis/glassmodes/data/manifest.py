"""Manifest of the tables of a campaign: the SHA-256 hash of each file, and its origin.

Figures may be drawn from tables that somebody else computed, on another machine or years ago. The
manifest shows whether the tables are the ones that were computed then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from glassmodes.data.storage import StorageError, atomic_path

MANIFEST = "manifest.json"
"""File name of a manifest."""


def digest(path: str | Path) -> str:
    """SHA-256 hash of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(
    folder: str | Path,
    names: Iterable[str],
    provenance: Mapping,
    *,
    found: str | Path | None = None,
    extra: Mapping[str, Path] | None = None,
) -> None:
    """Write `manifest.json` into a folder.

    Parameters
    ----------
    folder : path
    names : iterable of str
        File names of the tables, relative to their folder.
    provenance : mapping
        Origin of the tables, as values that JSON can store.
    found : path, optional
        Folder that contains the tables, if it is not `folder`.
    extra : mapping of str to path, optional
        Further names, with the paths of these files.
    """
    folder, extra = Path(folder), extra or {}
    found = folder if found is None else Path(found)
    files = {name: found / name for name in names} | dict(extra)
    content = {
        **provenance,
        "files": {name: digest(file) for name, file in sorted(files.items())},
    }
    with atomic_path(folder / MANIFEST) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n")


def check_manifest(folder: str | Path) -> dict:
    """Check every file of a manifest against its hash.

    Parameters
    ----------
    folder : path
        Folder with `manifest.json`.

    Returns
    -------
    dict
        Content of the manifest.

    Raises
    ------
    StorageError
        If the manifest is missing or unreadable, or files are missing or altered; names each.
    """
    folder = Path(folder)
    path = folder / MANIFEST
    if not path.is_file():
        raise StorageError(f"{path}: no such file; tables are not used without their manifest")
    try:
        content = json.loads(path.read_text())
        files = dict(content["files"])
    except (ValueError, KeyError, TypeError):
        raise StorageError(f"{path}: not a manifest of tables") from None
    faults = []
    for name, expected in files.items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            faults.append(f"{path}: {name!r} is outside its folder")
        elif not (folder / name).is_file():
            faults.append(f"{folder / name}: missing, and the manifest names it")
        elif digest(folder / name) != expected:
            faults.append(f"{folder / name}: altered, its SHA-256 is not that of the manifest")
    if faults:
        raise StorageError("\n".join(faults))
    return content
