"""Export of modes to files that OVITO, ASE and LAMMPS read: extended XYZ and LAMMPS dump.

Each particle carries its component of the mode, which these programs can show as an arrow. In a
file of several frames the particles move along the mode through one period, to be shown as a film.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from glassmodes.data.storage import atomic_path

FORMATS = ("extxyz", "dump")
"""Formats of exported modes."""


class ExportError(ValueError):
    """A mode cannot be written in the requested format."""


def write_mode(path, glass, vector, *, frequency=None, frames=1, amplitude=1.0, kind=None) -> Path:
    """Write one mode of one sample to a file.

    Parameters
    ----------
    path : path
    glass : glassmodes.data.storage.Glass
        The sample.
    vector : array_like, shape=(N, d)
        Eigenvector of unit norm; d is 2 or 3. Two-dimensional samples are written at z = 0.
    frequency : float, optional
        Frequency of the mode, noted in extended XYZ files.
    frames : int
        1 for the inherent structure alone; more for one period of the motion.
    amplitude : float
        Largest displacement of a particle during that motion, in units of length.
    kind : {"extxyz", "dump"}, optional
        Format; by default LAMMPS dump for the suffixes .dump and .lammpstrj, else extended XYZ.

    Returns
    -------
    Path

    Raises
    ------
    ExportError
        For an unknown format, another dimension, or a vector of the wrong shape.
    """
    path = Path(path)
    vector = np.asarray(vector, dtype=float)
    if vector.shape != glass.positions.shape:
        raise ExportError(
            f"mode of shape {vector.shape} does not fit positions of {glass.positions.shape}"
        )
    if vector.shape[1] not in (2, 3):
        raise ExportError(f"{vector.shape[1]} dimensions: only 2 and 3 can be shown")
    if frames < 1:
        raise ExportError(f"frames: {frames} is not at least 1")
    kind = kind or ("dump" if path.suffix in (".dump", ".lammpstrj") else "extxyz")
    if kind not in FORMATS:
        raise ExportError(f"kind: {kind!r} is not one of {', '.join(FORMATS)}")
    arrows = _in_space(vector)
    scale = amplitude / np.sqrt((vector**2).sum(axis=1)).max()
    phases = [0.0] if frames == 1 else 2.0 * np.pi * np.arange(frames) / frames
    box = np.append(glass.box, np.ones(3 - len(glass.box)))
    writer = _extxyz if kind == "extxyz" else _dump
    with atomic_path(path) as temporary, open(temporary, "w", encoding="ascii") as file:
        for number, phase in enumerate(phases):
            positions = _in_space(glass.positions) + scale * np.sin(phase) * arrows
            writer(file, number, positions, arrows, box, glass, frequency)
    return path


def _in_space(field):
    """A field of shape (N, d) with zeros up to three dimensions."""
    return np.pad(field, ((0, 0), (0, 3 - field.shape[1])))


def _rows(file, positions, arrows, glass):
    """Write one line for each particle: id, species, position, radius, component of the mode."""
    for index, (kind, radius, r, e) in enumerate(
        zip(glass.species, 0.5 * glass.diameter, positions, arrows, strict=True)
    ):
        numbers = " ".join(f"{value:.10g}" for value in (*r, radius, *e))
        file.write(f"{index + 1} {kind + 1} {numbers}\n")


def _extxyz(file, number, positions, arrows, box, glass, frequency):
    """Write one frame in extended XYZ."""
    lattice = f"{box[0]:.12g} 0 0 0 {box[1]:.12g} 0 0 0 {box[2]:.12g}"
    columns = "id:I:1:species:I:1:pos:R:3:Radius:R:1:Displacement:R:3"
    note = "" if frequency is None else f" frequency={frequency:.12g}"
    file.write(
        f"{len(positions)}\n"
        f'Lattice="{lattice}" Properties={columns} pbc="T T T" sample={glass.sample}{note}\n'
    )
    _rows(file, positions, arrows, glass)


def _dump(file, number, positions, arrows, box, glass, frequency):
    """Write one frame as a LAMMPS dump."""
    file.write(f"ITEM: TIMESTEP\n{number}\nITEM: NUMBER OF ATOMS\n{len(positions)}\n")
    file.write("ITEM: BOX BOUNDS pp pp pp\n")
    file.writelines(f"0 {edge:.12g}\n" for edge in box)
    file.write("ITEM: ATOMS id type xu yu zu radius dx dy dz\n")
    _rows(file, positions, arrows, glass)
