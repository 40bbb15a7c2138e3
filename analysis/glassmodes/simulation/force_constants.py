"""Second and third derivatives of the energy as LAMMPS computes them, for any of its potentials.

LAMMPS displaces particles by +-delta and differences forces (`dynamical_matrix`, `third_order`).
Signs: the file of `dynamical_matrix` holds U'' = d2U/dr dr; that of `third_order` holds the second
derivative of the force, -U'''. Everything here is U'' and U''', for masses of one.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glassmodes.simulation.session import LammpsSession


class ForceConstantError(RuntimeError):
    """A file of force constants that cannot be read; the message names it and says why."""


@dataclass(frozen=True)
class ThirdOrderBlocks:
    """U''' as its non-zero blocks.

    Attributes
    ----------
    particles : int
    indices : ndarray, shape=(B, 3), dtype=int32
        Particles i, j, k of every block; all orders of the three are listed.
    blocks : ndarray, shape=(B, 3, 3, 3), dtype=float64
        d3U / dr_i dr_j dr_k by axis.
    """

    particles: int
    indices: np.ndarray
    blocks: np.ndarray

    def contraction(self, u, v) -> np.ndarray:
        """U''':uv, shape=(N, 3), for fields of that shape."""
        i, j, k = self.indices.T
        out = np.zeros((self.particles, 3))
        np.add.at(out, k, np.einsum("xabc,xa,xb->xc", self.blocks, u[i], v[j]))
        return out


def read_second_order(path: str | Path, particles: int) -> np.ndarray:
    """Hessian from a file of `dynamical_matrix`, text or binary.

    Returns
    -------
    ndarray, shape=(3N, 3N), dtype=float64
        Made symmetric.

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
    """U''' from the text file of `third_order`.

    Its lines are `i alpha j beta k x y z`, indices from 1: the force on k differentiated by
    r_i,alpha and r_j,beta. Lines that LAMMPS left out are zero.

    Raises
    ------
    ForceConstantError
        If the file has other columns or names other particles.
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

    A potential whose second derivative jumps (harmonic spheres at contact) gives wrong third
    differences where a pair is within 2 delta of the jump.

    Parameters
    ----------
    session : LammpsSession
        In three dimensions, on one rank.
    order : {2, 3}
    delta : float
        Displacement. The error is of order delta^2; round-off grows as 1/delta (order 2) and
        1/delta^2 (order 3), and the file of order 3 has 8 decimals. 1e-5 and 1e-4 are good values
        where forces are of order one.
    folder : path, optional
        Keeps LAMMPS' own file, `second_order.bin` or `third_order.dat`.

    Returns
    -------
    ndarray of shape (3N, 3N), or ThirdOrderBlocks

    Raises
    ------
    ValueError
        For another order or dimension.
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
