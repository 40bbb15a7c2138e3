"""Small glasses that many tests share; each is made once in a session from its own seed."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from glassmodes.data.storage import Glass, Modes
from glassmodes.landscape import Landscape, relax
from glassmodes.models import get_model


@cache
def small_glass(model_name: str, particles: int, seed: int = 0):
    """Model, landscape and inherent structure from a random start (T = infinity)."""
    model = get_model(model_name)
    rng = np.random.default_rng([seed, particles])
    species, diameter = model.mixture(particles, rng)
    box = model.box(particles)
    landscape = Landscape(model, box, species, diameter)
    result = relax(landscape, rng.random((particles, model.dimension)) * box)
    assert result.converged
    glass = Glass(0, result.positions, box, species, diameter, result.energy, result.max_force)
    return model, landscape, glass


@cache
def full_modes(model_name: str, particles: int, seed: int = 0) -> Modes:
    """Full spectrum of a small glass by dense diagonalisation, translations left out."""
    model, landscape, glass = small_glass(model_name, particles, seed)
    values, vectors = np.linalg.eigh(landscape.expand(glass.positions).hessian().toarray())
    d = model.dimension
    return Modes(
        values[d:],
        np.ascontiguousarray(vectors[:, d:].T).reshape(-1, particles, d),
        np.zeros(len(values) - d),
        float(np.sqrt(values[-1])),
    )


@pytest.fixture
def make_glass():
    return small_glass


@pytest.fixture
def make_modes():
    return full_modes
