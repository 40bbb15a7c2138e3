"""Forces of any LAMMPS potential as a function of the positions."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI

from lammps import LMP_STYLE_GLOBAL, LMP_TYPE_SCALAR, lammps  # isort: skip  # after MPI is loaded


class LammpsForces:
    """Forces as a function of positions, computed by LAMMPS; a context manager.

    Particles keep their ids and species; positions outside the box are wrapped into it. Units are
    those of the LAMMPS commands.

    Parameters
    ----------
    *commands : str
        LAMMPS commands that define the system: box, particles with ids 1 to N, potential.

    Attributes
    ----------
    box : ndarray, shape=(3,)
        Edge lengths of the box.

    Raises
    ------
    ValueError
        If the box is not orthogonal, not periodic, or has no corner at the origin.
    """

    def __init__(self, *commands: str):
        self._lammps = lammps(
            cmdargs=["-log", "none", "-screen", "none", "-nocite"], comm=MPI.COMM_SELF
        )
        try:
            for command in commands:
                self._lammps.commands_string(command)
            low, high, *tilts, periodic, _ = self._lammps.extract_box()
            if any(low) or any(tilts) or not all(periodic):
                raise ValueError(f"box from {low} to {high}, tilts {tilts}, periodic {periodic}")
        except BaseException:
            self.close()
            raise
        self.box = np.array(high, dtype=float)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End LAMMPS and free its memory."""
        if self._lammps is not None:
            self._lammps.close()
            self._lammps = None

    @property
    def positions(self) -> np.ndarray:
        """Present positions in the order of ids, shape=(N, 3); they may lie outside the box."""
        return self._gathered("x")

    def _gathered(self, name):
        """A property of all atoms in the order of ids, shape=(N, 3)."""
        values = self._lammps.gather_atoms(name, 1, 3)
        return np.ctypeslib.as_array(values).reshape(-1, 3).copy()

    def _move(self, positions):
        """Move the particles, wrapped into the box, and let LAMMPS compute forces and energy."""
        wrapped = np.ascontiguousarray(positions - self.box * np.floor(positions / self.box))
        self._lammps.scatter_atoms("x", 1, 3, np.ctypeslib.as_ctypes(wrapped.ravel()))
        self._lammps.command("run 0 post no")

    def __call__(self, positions) -> np.ndarray:
        """Forces -dU/dr in the order of ids at positions of the same shape, (N, 3)."""
        self._move(np.asarray(positions, dtype=float))
        return self._gathered("f")

    def energy(self, positions) -> float:
        """Total potential energy at positions of shape (N, 3)."""
        self._move(np.asarray(positions, dtype=float))
        return float(self._lammps.extract_compute("thermo_pe", LMP_STYLE_GLOBAL, LMP_TYPE_SCALAR))
