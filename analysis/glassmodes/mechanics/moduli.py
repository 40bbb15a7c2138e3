"""Athermal elastic moduli with the non-affine term.

Formulas of PHYSICS 1.3 in any dimension d: with bond vectors x = r n, an affine strain moves the
ends of a bond apart by h = eps x, the energy changes by

    d2U = sum (phi'' - phi'/r) (n.h)^2 + (phi'/r) h.h

and the force on the particles by Xi = sum of (phi'' - phi'/r)(n.h) n + (phi'/r) h per bond (+ on
the first particle, - on the second); what relaxes is Xi.M^-1.Xi on the space without rigid
translations. Simple shear and dilation are two such strains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glassmodes.mechanics import debye


class MechanicsError(RuntimeError):
    """Moduli that could not be computed."""


@dataclass(frozen=True)
class ElasticModuli:
    """Linear response at T = 0.

    Attributes
    ----------
    shear : float
        G, the mean over the simple shears x -> x + gamma y of all ordered pairs of axes.
    shear_each : ndarray, shape=(d (d-1),)
        G of each of them, pairs (0,1), (1,0), (0,2), ...
    shear_born : float
        The affine part of `shear`.
    bulk, bulk_born : float
        K, and without relaxation.
    pressure : float
    tensor : ndarray, shape=(d, d, d, d)
        B_abcd of :func:`elastic_tensor`.
    number_density : float
    dimension : int
    """

    shear: float
    shear_each: np.ndarray
    shear_born: float
    bulk: float
    bulk_born: float
    pressure: float
    tensor: np.ndarray
    number_density: float
    dimension: int

    @property
    def sound_speeds(self) -> tuple[float, float]:
        """c_T and c_L."""
        return debye.sound_speeds(self.number_density, self.shear, self.bulk, self.dimension)

    @property
    def debye_frequency(self) -> float:
        """w_D of PHYSICS 9."""
        return debye.debye_frequency(self.number_density, self.shear, self.bulk, self.dimension)

    @property
    def debye_level(self) -> float:
        """A_D = d / w_D^d of an isotropic solid; NaN if it is unstable."""
        try:
            return debye.debye_level(self.number_density, self.shear, self.bulk, self.dimension)
        except ValueError:
            return np.nan

    @property
    def anisotropic_debye_level(self) -> float:
        """A_D of sound in every direction, for a crystal.

        Not for a glass: in a sample of finite size it would count fluctuations of the moduli as
        soft directions, 8% too much at N = 2,000.
        """
        return debye.debye_level_of_tensor(self.number_density, self.tensor)


def _bond_terms(expansion):
    """(phi'' - phi'/r)/r^2 = B_2 and phi'/r = B_1 of each bond."""
    return expansion.bond_coefficients[2], expansion.bond_coefficients[1]


def strain_derivatives(expansion, strain):
    """Second derivative of the energy and of the gradient under an affine strain.

    Parameters
    ----------
    strain : ndarray, shape=(d, d)
        eps: x -> x + gamma eps x.

    Returns
    -------
    curvature : float
        d2U/dgamma2 of the affine motion.
    xi : ndarray, shape=(N, d)
        d2U/(dgamma dx).
    """
    stiff, tension = _bond_terms(expansion)
    x = expansion.separation
    moved = x @ np.asarray(strain).T
    along = np.einsum("pa,pa->p", x, moved)
    curvature = float(np.sum(stiff * along**2 + tension * np.einsum("pa,pa->p", moved, moved)))
    bond = (stiff * along)[:, None] * x + tension[:, None] * moved
    particles = len(expansion.positions)
    xi = np.empty((particles, x.shape[1]))
    for axis in range(x.shape[1]):
        xi[:, axis] = np.bincount(expansion.first, bond[:, axis], particles)
        xi[:, axis] -= np.bincount(expansion.second, bond[:, axis], particles)
    return curvature, xi


def solve_hessian(expansion, right, *, tolerance: float = 1e-11, max_iterations: int = 100000):
    """M^-1 right on the space without rigid translations, by conjugate gradients.

    Preconditioned with the inverse of each particle's own d x d block.

    Parameters
    ----------
    right : ndarray, shape=(N, d)
    tolerance : float
        On the largest residual over the root mean square of `right` (that of the authors' code).

    Returns
    -------
    ndarray, shape=(N, d)
        Without rigid translation.

    Raises
    ------
    MechanicsError
        No convergence, or a negative direction (no minimum).
    """
    stiff, tension = _bond_terms(expansion)
    particles, d = expansion.positions.shape
    x = expansion.separation
    blocks = np.zeros((particles, d, d))
    for a in range(d):
        for b in range(d):
            own = stiff * x[:, a] * x[:, b] + (tension if a == b else 0.0)
            blocks[:, a, b] = np.bincount(expansion.first, own, particles)
            blocks[:, a, b] += np.bincount(expansion.second, own, particles)
    try:
        inverse = np.linalg.inv(blocks)
    except np.linalg.LinAlgError as error:
        raise MechanicsError("a particle without neighbours: take the rattlers out") from error
    right = right - right.mean(axis=0)
    scale = np.sqrt(np.mean(right**2))
    solution = np.zeros_like(right)
    if scale == 0.0:
        return solution
    residual = right.copy()
    direction = np.zeros_like(right)
    before = 1.0
    for _ in range(max_iterations):
        if np.abs(residual).max() <= tolerance * scale:
            return solution - solution.mean(axis=0)
        step = np.einsum("iab,ib->ia", inverse, residual)
        step -= step.mean(axis=0)
        now = float(np.vdot(residual, step))
        direction = step + (now / before) * direction
        image = expansion.hessian_product(direction)
        energy = float(np.vdot(direction, image))
        if energy <= 0:
            raise MechanicsError("the Hessian has a negative direction: this is no minimum")
        solution += (now / energy) * direction
        residual -= (now / energy) * image
        residual -= residual.mean(axis=0)
        before = now
    raise MechanicsError(f"conjugate gradients: no convergence in {max_iterations} iterations")


def shear_strains(dimension: int) -> dict[str, np.ndarray]:
    """Simple and pure shear in every plane of two axes, by name: simple_xy, pure_xy, ...

    Simple shear is x -> x + gamma y, pure shear x -> x + gamma x / 2, y -> y - gamma y / 2: the
    same deformation but for a rotation.

    Returns
    -------
    dict of str to ndarray, shape=(d, d)
    """
    strains = {}
    for b in range(dimension):
        for a in range(b):
            plane = "xyzw"[a] + "xyzw"[b]
            simple, pure = np.zeros((2, dimension, dimension))
            simple[a, b] = 1.0
            pure[a, a], pure[b, b] = 0.5, -0.5
            strains[f"simple_{plane}"] = simple
            strains[f"pure_{plane}"] = pure
    return strains


def nonaffine_velocity(expansion, strain, *, tolerance: float = 1e-11, solve=None) -> np.ndarray:
    """v = -M^-1 Xi: how particles move beyond an affine strain, shape=(N, d).

    Parameters as of :func:`elastic_moduli`.
    """
    xi = strain_derivatives(expansion, strain)[1]
    return -(solve_hessian(expansion, xi, tolerance=tolerance) if solve is None else solve(xi))


def elastic_tensor(expansion, *, tolerance: float = 1e-11, solve=None):
    """Second derivatives of the energy per volume with respect to displacement gradients.

    B_abcd = (1/V) d2U / dF_ab dF_cd for F_ab = du_a / dx_b, relaxed: the affine sum over bonds of
    B_2 x_a x_b x_c x_d + B_1 delta_ac x_b x_d, less Xi_ab.M^-1.Xi_cd. Stress is in it, so that
    rho c^2 are the eigenvalues of n_b n_d B_abcd for sound along n.

    Parameters as of :func:`elastic_moduli`.

    Returns
    -------
    tensor, affine : ndarray, shape=(d, d, d, d)
        With and without relaxation.
    """
    d = len(expansion.box)
    volume = float(np.prod(expansion.box))
    stiff, tension = _bond_terms(expansion)
    x = expansion.separation
    products = (x[:, :, None] * x[:, None, :]).reshape(-1, d * d)
    fourth = (products.T @ (stiff[:, None] * products)).reshape((d,) * 4)
    second = (x.T @ (tension[:, None] * x)) / volume
    affine = fourth / volume + np.einsum("ac,bd->abcd", np.eye(d), second)
    units = np.eye(d * d).reshape(-1, d, d)
    forces = np.array([strain_derivatives(expansion, unit)[1] for unit in units])
    moved = np.array(
        [
            solve_hessian(expansion, xi, tolerance=tolerance) if solve is None else solve(xi)
            for xi in forces
        ]
    )
    relaxed = forces.reshape(d * d, -1) @ moved.reshape(d * d, -1).T
    relaxed = 0.5 * (relaxed + relaxed.T).reshape((d,) * 4) / volume
    return affine - relaxed, affine


def elastic_moduli(expansion, *, tolerance: float = 1e-11, solve=None) -> ElasticModuli:
    """G, K and pressure of an inherent structure.

    G = (1/V) [d2U/dgamma2 - Xi.M^-1.Xi] for simple shear, and
    K = (1/(d^2 V)) [sum phi'' r^2 + sum phi' r - Xi.M^-1.Xi] + p (PHYSICS 1.3).

    Parameters
    ----------
    expansion : Expansion
        Of a configuration at mechanical equilibrium.
    tolerance : float
        Of the linear solves.
    solve : callable, optional
        solve(field) = M^-1 field without rigid translations, from a factorisation that is there
        already (:class:`glassmodes.modes.InverseHessian`); conjugate gradients without it.

    Returns
    -------
    ElasticModuli

    Raises
    ------
    MechanicsError
    """
    d = len(expansion.box)
    volume = float(np.prod(expansion.box))
    phi_slope = expansion.bond_coefficients[1]
    squares = expansion.distance**2
    pressure = -float(np.sum(phi_slope * squares)) / (d * volume)
    tensor, affine = elastic_tensor(expansion, tolerance=tolerance, solve=solve)
    pairs = [pair for a in range(d) for b in range(a) for pair in ((b, a), (a, b))]
    each, born = (np.array([b[i, j, i, j] for i, j in pairs]) for b in (tensor, affine))
    dilation, dilation_born = (np.einsum("aabb->", b) for b in (tensor, affine))
    # The sum of phi' r over bonds, per volume.
    virial = -d * pressure
    return ElasticModuli(
        shear=float(each.mean()),
        shear_each=each,
        shear_born=float(born.mean()),
        bulk=float(dilation + virial) / d**2 + pressure,
        bulk_born=float(dilation_born + virial) / d**2 + pressure,
        pressure=pressure,
        tensor=tensor,
        number_density=len(expansion.positions) / volume,
        dimension=d,
    )
