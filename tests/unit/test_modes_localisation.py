"""Participation ratio and phonon order parameter of vectors whose values are known."""

import itertools

import numpy as np
import pytest
from glassmodes.modes import localisation, participation_ratio, phonon_order


def test_participation_ratio_of_known_vectors():
    rng = np.random.default_rng(0)
    particles = 300
    one = np.zeros((particles, 3))
    one[17] = [0.6, 0.0, 0.8]
    all_ = rng.standard_normal((particles, 3))
    all_ /= np.linalg.norm(all_, axis=1)[:, None]
    half = all_.copy()
    half[::2] = 0
    ratios = participation_ratio(np.array([one, 3.0 * all_, half]))
    np.testing.assert_allclose(ratios, [1 / particles, 1.0, 0.5])
    assert participation_ratio(one) == pytest.approx(1 / particles)


def test_a_plane_wave_has_two_thirds():
    x = np.arange(1000) / 1000
    wave = np.zeros((1000, 3))
    wave[:, 1] = np.sin(2 * np.pi * 3 * x + 0.2)
    assert participation_ratio(wave) == pytest.approx(2 / 3)


def standing_waves(positions, box, waves, rng):
    """One standing wave of each wave vector along each polarisation, exactly normalised."""
    out = []
    for wave in waves:
        for direction in localisation.polarisations(wave):
            field = np.cos(positions @ wave + rng.uniform(0, 2 * np.pi))[:, None] * direction
            out.append(field / np.linalg.norm(field))
    return np.array(out)


@pytest.mark.parametrize("d", [2, 3, 4])
def test_standing_waves_have_order_one(d):
    """On a lattice plane waves are orthogonal, so O_k = 1 to rounding."""
    rng = np.random.default_rng(d)
    cells = {2: 30, 3: 10, 4: 6}[d]
    grid = np.stack(np.meshgrid(*[np.arange(cells)] * d, indexing="ij"), -1).reshape(-1, d)
    box = np.full(d, float(cells)) * np.linspace(1.0, 1.2, d)
    positions = grid * (box / cells)
    waves = localisation.wave_vectors(box, 2.1 * np.pi * 2 / box.min())
    vectors = standing_waves(positions, box, waves[: 4 * d], rng)
    np.testing.assert_allclose(phonon_order(vectors, positions, box), 1.0, atol=1e-12)


def test_random_fields_have_order_zero():
    rng = np.random.default_rng(0)
    box = np.full(3, 16.0)
    positions = rng.random((4000, 3)) * box
    vectors = rng.standard_normal((5, 4000, 3))
    vectors /= np.sqrt((vectors**2).sum(axis=(1, 2)))[:, None, None]
    np.testing.assert_array_equal(phonon_order(vectors, positions, box), 0.0)


def test_the_sum_is_that_of_equation_three():
    """Every q of both signs and every polarisation, term by term."""
    rng = np.random.default_rng(1)
    box = np.array([7.0, 7.5, 8.0])
    positions = rng.random((400, 3)) * box
    cut = 3.0
    first = localisation.wave_vectors(box, cut)
    assert len({tuple(np.round(w, 9)) for w in np.vstack([first, -first])}) == 2 * len(first)
    numbers = np.array(list(itertools.product(range(-5, 6), repeat=3)))
    every = numbers * 2 * np.pi / box
    length = np.linalg.norm(every, axis=1)
    assert 2 * len(first) == ((length > 0) & (length <= cut)).sum()
    vectors = standing_waves(positions, box, first[:3], rng) + 0.2 * rng.standard_normal(
        (9, 400, 3)
    ) / np.sqrt(1200)
    vectors /= np.sqrt((vectors**2).sum(axis=(1, 2)))[:, None, None]
    expected = np.zeros(9)
    for wave in np.vstack([first, -first]):
        # T_1, T_2 of -q are those of q: the pair is one standing wave.
        half = wave if any(np.allclose(wave, w) for w in first) else -wave
        for direction in localisation.polarisations(half):
            u = direction * np.exp(1j * positions @ wave)[:, None] / np.sqrt(400)
            term = np.abs(np.einsum("ia,kia->k", u, vectors)) ** 2
            expected += np.where(term >= 20 / 1197, term, 0.0)
    result = phonon_order(vectors, positions, box, threshold=20.0, wave_vector_cut=cut, panel=7)
    np.testing.assert_allclose(result, expected, rtol=1e-12)
    assert (result > 0.2).all()


@pytest.mark.parametrize("d", [2, 3])
def test_the_transform_of_large_systems_is_the_sum(d, monkeypatch):
    rng = np.random.default_rng(d)
    box = np.array([20.0, 21.0, 22.5])[:d]
    positions = rng.random((3000, d)) * box * 3.0 - box
    waves = localisation.wave_vectors(box, 1.5)
    vectors = standing_waves(positions, box, waves[:5], rng)[:7]
    vectors += 0.3 * rng.standard_normal(vectors.shape) / np.sqrt(3000 * d)
    direct = phonon_order(vectors, positions, box, threshold=20.0)
    monkeypatch.setattr(localisation, "_MANY", 1)
    np.testing.assert_allclose(
        phonon_order(vectors, positions, box, threshold=20.0), direct, rtol=1e-8
    )
    assert (direct > 0.3).all()


def test_polarisations_are_orthonormal():
    rng = np.random.default_rng(0)
    for d in (2, 3, 4):
        for wave in [*rng.standard_normal((20, d)), *np.eye(d)]:
            rows = localisation.polarisations(wave)
            np.testing.assert_allclose(rows @ rows.T, np.eye(d), atol=1e-14)
            np.testing.assert_allclose(rows[0], wave / np.linalg.norm(wave))
