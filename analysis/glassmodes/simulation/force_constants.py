"""Second and third derivatives of the energy as LAMMPS computes them, for any potential.

LAMMPS displaces each particle by +delta and -delta and takes differences of forces (commands
`dynamical_matrix` and `third_order`). The file of `dynamical_matrix` holds U'' = d2U/dr dr, that
of `third_order` the second derivative of the force, -U'''. The functions here return U'' and U'''.
All masses are one.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glassmodes.simulation.session import LammpsSession


class ForceConstantError(RuntimeError):
    """A file of force constants cannot be read; the message names the file and the reason."""


@dataclass(frozen=True)
class ThirdOrderBlocks:
    """Third derivatives U''' of the energy, as the list of their non-zero 3 x 3 x 3 blocks.

    Attributes
    ----------
    particles : int
        Number of particles N.
    indices : ndarray, shape=(B, 3), dtype=int32
        Particles i, j, k of each block; all permutations of a triple are listed.
    blocks : ndarray, shape=(B, 3, 3, 3), dtype=float64
        d3U / dr_i dr_j dr_k by axis.
    """

    particles: int
    indices: np.ndarray
    blocks: np.ndarray

    def contraction(self, u, v) -> np.ndarray:
        """Contraction U''':uv with two fields of shape (N, 3), shape=(N, 3)."""
        i, j, k = self.indices.T
        out = np.zeros((self.particles, 3))
        np.add.at(out, k, np.einsum("xabc,xa,xb->xc", self.blocks, u[i], v[j]))
        return out


def read_second_order(path: str | Path, particles: int) -> np.ndarray:
    """Hessian U'' from a file of the LAMMPS command `dynamical_matrix`, text or binary.

    Parameters
    ----------
    path : path
        File written by LAMMPS.
    particles : int
        Number of particles N.

    Returns
    -------
    ndarray, shape=(3N, 3N), dtype=float64
        Symmetrised; row 3 i + a belongs to axis a of particle i.

    Raises
    ------
    ForceConstantError
        If the file does not hold 9 N^2 numbers.
    """
    size = 9 * particles**2
    path = Path(path)
    if path.stat().st_size == 8 * size:
        values = np.fromfile(path)
    else:
        try:
            values = np.loadtxt(path).ravel()
        except ValueError as error:
            raise ForceConstantError(f"{path}: not a file of dynamical_matrix: {error}") from None
    if values.size != size:
        raise ForceConstantError(
            f"{path}: holds {values.size} numbers, {particles} particles have {size}"
        )
    matrix = values.reshape(3 * particles, 3 * particles)
    return 0.5 * (matrix + matrix.T)


def read_third_order(path: str | Path, particles: int) -> ThirdOrderBlocks:
    """Third derivatives U''' from a text file of the LAMMPS command `third_order`.

    A line `i alpha j beta k x y z`, with indices from 1, holds the derivative of the force on
    particle k by r_i,alpha and r_j,beta. Lines that LAMMPS leaves out are zero.

    Parameters
    ----------
    path : path
        File written by LAMMPS.
    particles : int
        Number of particles N.

    Returns
    -------
    ThirdOrderBlocks

    Raises
    ------
    ForceConstantError
        If the file has another number of columns, or names particles outside 1 to N.
    """
    try:
        data = np.loadtxt(path, ndmin=2)
    except ValueError as error:
        raise ForceConstantError(f"{path}: not a file of third_order: {error}") from None
    if data.shape[1] != 8:
        raise ForceConstantError(f"{path}: {data.shape[1]} columns, third_order writes 8")
    i, a, j, b, k = data[:, :5].astype(int).T - 1
    if min(i.min(), j.min(), k.min()) < 0 or max(i.max(), j.max(), k.max()) >= particles:
        raise ForceConstantError(f"{path}: names particles beyond 1 to {particles}")
    triples, block = np.unique(np.stack([i, j, k], axis=1), axis=0, return_inverse=True)
    blocks = np.zeros((len(triples), 3, 3, 3))
    blocks[block.ravel(), a, b] = -data[:, 5:]
    return ThirdOrderBlocks(particles, triples.astype(np.int32), blocks)


def lammps_force_constants(session: LammpsSession, order: int, delta: float, folder=None):
    """Force constants at the present positions of a session.

    If the second derivative of the potential jumps (harmonic spheres at contact), third differences
    are wrong where the distance of a pair is within 2 delta of the jump.

    Parameters
    ----------
    session : LammpsSession
        Session in three dimensions on one rank.
    order : {2, 3}
        Order of the derivatives of the energy.
    delta : float
        Displacement, in units of length. The truncation error is of order delta^2. The rounding
        error grows as 1/delta (order 2) and 1/delta^2 (order 3), and the file of order 3 has 8
        decimals. Good values are 1e-5 and 1e-4 where forces are of order one.
    folder : path, optional
        Folder in which the file of LAMMPS, `second_order.bin` or `third_order.dat`, is kept.

    Returns
    -------
    ndarray, shape=(3N, 3N), or ThirdOrderBlocks

    Raises
    ------
    ValueError
        If the order is neither 2 nor 3, or the dimension is not 3.
    """
    if order not in (2, 3):
        raise ValueError(f"order: {order} is neither 2 nor 3")
    if session.dimension != 3:
        raise ValueError(f"LAMMPS' force constants need 3 dimensions, not {session.dimension}")
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(folder or scratch)
        place.mkdir(parents=True, exist_ok=True)
        session.command("run 0 post no")
        if order == 2:
            path = place / "second_order.bin"
            session.command(f"dynamical_matrix all regular {delta!r} file {path} binary yes")
            return read_second_order(path, session.particles)
        path = place / "third_order.dat"
        session.command(f"third_order all regular {delta!r} file {path}")
        return read_third_order(path, session.particles)
