"""Athermal elastic moduli, with the relaxation of the particles, in any dimension d.

An affine strain eps displaces the two ends of a bond x = r n relative to each other by h = eps x.
To second order the energy changes by

    d2U/dgamma2 = sum (phi'' - phi'/r) (n.h)^2 + (phi'/r) h.h

and the gradient dU/dr, of the first particle of each bond, by

    Xi = d2U/(dgamma dr) = sum (phi'' - phi'/r) (n.h) n + (phi'/r) h

with the opposite sign for the second. When the particles relax, the energy decreases by
Xi.M^-1.Xi, with the inverse of the Hessian M on the space without uniform translations. Shears and
dilation are such strains. (Lutsko, J. Appl. Phys. 65, 2991 (1989); Maloney and Lemaitre, Phys.
Rev. E 74, 016118 (2006).)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glassmodes.mechanics import debye


class MechanicsError(RuntimeError):
    """The elastic response could not be computed; the message says why."""


@dataclass(frozen=True)
class ElasticModuli:
    """Elastic moduli of one inherent structure at T = 0, in units of energy over volume.

    Attributes
    ----------
    shear : float
        Shear modulus G, averaged over the simple shears of all ordered pairs of axes.
    shear_each : ndarray, shape=(d (d-1),)
        Shear modulus of each simple shear, in the order of pairs (0,1), (1,0), (0,2), (2,0), ...
    shear_born : float
        Shear modulus without relaxation of the particles (Born or affine term).
    bulk, bulk_born : float
        Bulk modulus K, with and without relaxation.
    pressure : float
        Pressure, from the virial of the forces.
    tensor : ndarray, shape=(d, d, d, d)
        B_abcd of :func:`elastic_tensor`, with relaxation.
    number_density : float
        rho = N / V.
    dimension : int
        Space dimension d.
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
        """Transverse and longitudinal speed (:func:`glassmodes.mechanics.debye.sound_speeds`)."""
        return debye.sound_speeds(self.number_density, self.shear, self.bulk, self.dimension)

    @property
    def debye_frequency(self) -> float:
        """Debye frequency w_D (:func:`glassmodes.mechanics.debye.debye_frequency`)."""
        return debye.debye_frequency(self.number_density, self.shear, self.bulk, self.dimension)

    @property
    def debye_level(self) -> float:
        """Debye level A_D = d / w_D^d of an isotropic solid; NaN if it is unstable."""
        try:
            return debye.debye_level(self.number_density, self.shear, self.bulk, self.dimension)
        except ValueError:
            return np.nan

    @property
    def anisotropic_debye_level(self) -> float:
        """Debye level A_D from the speeds of sound in all directions, for a crystal.

        It does not apply to a glass: in a sample of finite size, sample fluctuations of the moduli
        would count as soft directions, and A_D would be 8 % too large at N = 2,000.
        """
        return debye.debye_level_of_tensor(self.number_density, self.tensor)


def _bond_terms(expansion):
    """B_2 = (phi'' - phi'/r)/r^2 and B_1 = phi'/r of each bond."""
    return expansion.bond_coefficients[2], expansion.bond_coefficients[1]


def strain_derivatives(expansion, strain):
    """Second derivatives of the energy under an affine strain x -> x + gamma eps x.

    Parameters
    ----------
    expansion : Expansion
        Expansion of the energy at an inherent structure.
    strain : ndarray, shape=(d, d)
        eps, the displacement gradient.

    Returns
    -------
    curvature : float
        d2U/dgamma2 without relaxation of the particles.
    xi : ndarray, shape=(N, d)
        Xi = d2U/(dgamma dr), the derivative of the gradient.
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
    """Solve M x = right for x on the space without uniform translations, by conjugate gradients.

    The preconditioner is the inverse of the d x d diagonal block of each particle.

    Parameters
    ----------
    expansion : Expansion
        Expansion of the energy at an inherent structure without rattlers.
    right : ndarray, shape=(N, d)
        Right-hand side; its mean over particles is removed.
    tolerance : float
        Bound on the largest component of the residual, relative to the root mean square of `right`.
    max_iterations : int
        Largest number of iterations.

    Returns
    -------
    ndarray, shape=(N, d)
        Solution, with zero mean over particles.

    Raises
    ------
    MechanicsError
        If a particle has no neighbours, M has a negative direction, or the iteration does not
        converge.
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
    """Simple and pure shear in each plane of two axes, by name: simple_xy, pure_xy, ...

    Simple shear is x -> x + gamma y. Pure shear is x -> x + gamma x / 2, y -> y - gamma y / 2, the
    same type of deformation along other axes, without the rotation.

    Parameters
    ----------
    dimension : int
        Space dimension d, at most 4.

    Returns
    -------
    dict of str to ndarray, shape=(d, d)
        Displacement gradients eps.
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
    """Non-affine displacement of the particles for a unit strain, v = -M^-1 Xi, shape=(N, d).

    Parameters
    ----------
    expansion : Expansion
        Expansion of the energy at an inherent structure.
    strain : ndarray, shape=(d, d)
        eps of :func:`strain_derivatives`.
    tolerance, solve
        As of :func:`elastic_moduli`.

    Raises
    ------
    MechanicsError
        As :func:`solve_hessian`.
    """
    xi = strain_derivatives(expansion, strain)[1]
    return -(solve_hessian(expansion, xi, tolerance=tolerance) if solve is None else solve(xi))


def elastic_tensor(expansion, *, tolerance: float = 1e-11, solve=None):
    """Second derivatives of the energy by displacement gradients, divided by the volume.

    B_abcd = (1/V) d2U / dF_ab dF_cd with F_ab = du_a / dx_b. The affine part is the sum over bonds
    of B_2 x_a x_b x_c x_d + B_1 delta_ac x_b x_d; relaxation subtracts Xi_ab.M^-1.Xi_cd. The tensor
    includes the initial stress, so that for sound along n the rho c^2 are the eigenvalues of n_b
    n_d B_abcd.

    Parameters
    ----------
    expansion, tolerance, solve
        As of :func:`elastic_moduli`.

    Returns
    -------
    tensor, affine : ndarray, shape=(d, d, d, d)
        B_abcd with and without relaxation.

    Raises
    ------
    MechanicsError
        As :func:`solve_hessian`.
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
    """Shear modulus G, bulk modulus K and pressure p of an inherent structure.

    G = (1/V) [d2U/dgamma2 - Xi.M^-1.Xi] for simple shear, and
    K = (1/(d^2 V)) [sum phi'' r^2 + sum phi' r - Xi.M^-1.Xi] + p for dilation x -> (1 + gamma) x.

    Parameters
    ----------
    expansion : Expansion
        Expansion of the energy at an inherent structure without rattlers.
    tolerance : float
        Tolerance of the linear solves, as of :func:`solve_hessian`.
    solve : callable, optional
        solve(field) returns M^-1 field without uniform translations, from an existing factorisation
        (:class:`glassmodes.modes.InverseHessian`). Conjugate gradients by default.

    Returns
    -------
    ElasticModuli

    Raises
    ------
    MechanicsError
        As :func:`solve_hessian`.
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
    # the sum of phi' r over bonds, divided by the volume
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
