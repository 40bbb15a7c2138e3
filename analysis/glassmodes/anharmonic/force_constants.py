"""Decay rates of a solid from its force constants alone, whatever its potential."""

from __future__ import annotations

import numpy as np

from glassmodes.anharmonic.decay_rates import DecayRateError, DecayRates, decay_rates
from glassmodes.anharmonic.vertices import ForceConstantVertices
from glassmodes.data.structures import Modes


def modes_of_force_constants(second_order, dimension=3) -> Modes:
    """All modes of a matrix of second-order force constants, without translations.

    Parameters
    ----------
    second_order : ndarray, shape=(d N, d N)
        U'' for masses of one, that is the dynamical matrix.
    dimension : int
        Space dimension d.

    Returns
    -------
    Modes

    Raises
    ------
    DecayRateError
        If uniform translations are not zero modes of the matrix, that is, if the acoustic sum rule
        is violated, as by displacements that were too large or too small.
    """
    values, vectors = np.linalg.eigh(second_order)
    size = len(values)
    particles = size // dimension
    uniform = np.tile(np.eye(dimension), (particles, 1)) / np.sqrt(particles)
    share = (uniform.T @ vectors) ** 2
    translations = np.argsort(-share.sum(axis=0))[:dimension]
    if share[:, translations].sum() < dimension * (1.0 - 1e-3):
        raise DecayRateError(
            "the force constants mix the uniform translations with vibrations: "
            "the acoustic sum rule is broken"
        )
    kept = np.setdiff1d(np.arange(size), translations)
    kept_vectors = np.ascontiguousarray(vectors[:, kept].T)
    residual = np.linalg.norm(
        kept_vectors @ second_order - values[kept, None] * kept_vectors, axis=1
    )
    return Modes(
        values[kept],
        kept_vectors.reshape(len(kept), particles, dimension),
        residual,
        float(np.sqrt(max(values[-1], 0.0))),
    )


def force_constant_decay_rates(second_order, indices, blocks, broadening, **settings) -> DecayRates:
    """Decay rates of all modes from force constants of second and third order.

    Parameters
    ----------
    second_order : ndarray, shape=(d N, d N)
        U'' for masses of one.
    indices : ndarray, shape=(T, 3), dtype=int
        Particles of each block of U'''; all permutations of a triple must be present.
    blocks : ndarray, shape=(T, d, d, d)
        Blocks of U''' for masses of one.
    broadening : float
        Standard deviation of the Gaussian for each delta function.
    **settings
        As of :func:`glassmodes.anharmonic.decay_rates.broadened_decay_rates`.

    Returns
    -------
    DecayRates

    Raises
    ------
    DecayRateError
        As :func:`modes_of_force_constants` and
        :func:`glassmodes.anharmonic.decay_rates.broadened_decay_rates`.
    """
    dimension = blocks.shape[1]
    modes = modes_of_force_constants(second_order, dimension)
    vertices = ForceConstantVertices(indices, blocks, len(second_order) // dimension)
    return decay_rates(vertices, modes, broadening, **settings)
