"""The kernel-polynomial density against exact counts of modes at N = 4,000, by inertia.

The number of negative pivots of LDL^T of M - w^2 is the number of modes below w (Sylvester), so
the exact density is known on any bins without a single eigenvector.
"""

import numpy as np
import pytest
from glassmodes.modes import kernel_polynomial_density
from glassmodes.modes.factorisation import factorise


@pytest.mark.slow
def test_the_chebyshev_density_counts_the_modes_that_inertia_counts(make_glass):
    particles = 4000
    _, landscape, glass = make_glass("ipl12", particles)
    expansion = landscape.expand(glass.positions)
    hessian = expansion.hessian()
    edges = np.array([0.0, 2.0, 4.0, 6.0, 9.0, 12.0, 15.0, 18.0, 21.0, 25.0])
    below = [0]
    for edge in edges[1:]:
        with factorise(hessian, edge**2) as factor:
            # the three translations are not modes
            below.append(factor.negative - 3)
    assert below[-1] == 3 * particles - 3
    density = kernel_polynomial_density(
        expansion, edges, rng=np.random.default_rng(0), moments=800, random_vectors=8
    )
    counts = density.density * np.diff(edges) * (3 * particles - 3)
    errors = density.error * np.diff(edges) * (3 * particles - 3)
    exact = np.diff(below)
    assert np.abs(counts - exact).max() < 0.02 * exact.max()
    assert (np.abs(counts - exact) < 5.0 * errors + 0.01 * exact).all()
