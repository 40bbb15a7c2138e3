"""Vertices and decay rates against brute force, and the limits that theory fixes."""

import numpy as np
import pytest
from glassmodes.anharmonic.decay_rates import (
    DecayRateError,
    broadened_decay_rates,
    decay_rates,
    joint_density,
)
from glassmodes.anharmonic.vertices import ForceConstantVertices, PairVertices
from glassmodes.data.storage import Modes

PARTICLES = 64
BROADENING = 0.4


def gaussian(x, width=BROADENING):
    return np.exp(-0.5 * (x / width) ** 2) / (width * np.sqrt(2 * np.pi))


@pytest.fixture(scope="module")
def case():
    """A 64-particle glass, its modes, and every V_klm from the contraction with two fields, which
    is itself tested against finite differences."""
    from tests.conftest import full_modes, small_glass

    _, landscape, glass = small_glass("ipl10_3d", PARTICLES)
    modes = full_modes("ipl10_3d", PARTICLES)
    expansion = landscape.expand(glass.positions)
    n = len(modes.vectors)
    flat = modes.vectors.reshape(n, -1)
    tensor = np.empty((n, n, n))
    for k in range(n):
        for m in range(k + 1):
            contraction = expansion.cubic_contraction(modes.vectors[k], modes.vectors[m])
            tensor[k, m] = tensor[m, k] = flat @ contraction.ravel()
    return expansion, modes, tensor


def brute_force(modes, tensor):
    """Eq. 13 as it is printed, every ordered pair of modes."""
    w = modes.frequency
    sums, differences = [], []
    for k in range(len(w)):
        amplitude = tensor[k] ** 2 / np.multiply.outer(w**2, w**2)
        splitting = 0.5 * gaussian(w[k] - w[:, None] - w[None, :])
        combining = gaussian(w[k] + w[:, None] - w[None, :])
        sums.append(np.pi / 4 * (amplitude * splitting).sum())
        differences.append(np.pi / 4 * (amplitude * combining).sum())
    return np.array(sums), np.array(differences)


def test_vertex_is_equation_12(case):
    """V_klm of three modes from the paper's A and B, bond by bond."""
    expansion, modes, tensor = case
    r, n = expansion.distance, expansion.separation / expansion.distance[:, None]
    _, v1, v2, v3, _ = expansion.derivatives
    a, b = v3 - 3 * v2 / r + 3 * v1 / r**2, v2 / r - v1 / r**2
    e = [modes.vectors[k][expansion.first] - modes.vectors[k][expansion.second] for k in (2, 9, 40)]
    along = [(n * field).sum(1) for field in e]
    vertex = (a * along[0] * along[1] * along[2]).sum()
    for x, y, z in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        vertex += (b * (e[x] * e[y]).sum(1) * along[z]).sum()
    np.testing.assert_allclose(tensor[2, 9, 40], vertex, rtol=1e-10)


@pytest.mark.parametrize("batch", [1, 16, 50])
def test_rates_equal_brute_force_over_all_ordered_pairs(case, batch):
    expansion, modes, tensor = case
    splitting, combining = brute_force(modes, tensor)
    rates = decay_rates(
        PairVertices(expansion), modes, BROADENING, precision="double", truncation=9.0, batch=batch
    )
    np.testing.assert_allclose(rates.splitting, splitting, rtol=1e-8)
    np.testing.assert_allclose(rates.combining, combining, rtol=1e-8)


def test_several_broadenings_in_one_pass_are_each_what_they_are_alone(case):
    expansion, modes, _ = case
    vertices = PairVertices(expansion)
    together = broadened_decay_rates(vertices, modes, [0.1, 0.3, 0.8], precision="double")
    for broadening, rates in zip([0.1, 0.3, 0.8], together, strict=True):
        alone = decay_rates(vertices, modes, broadening, precision="double")
        assert rates.broadening == broadening
        np.testing.assert_allclose(rates.splitting, alone.splitting, rtol=1e-11)
        np.testing.assert_allclose(rates.combining, alone.combining, rtol=1e-11)


def test_single_precision_is_good_to_five_digits(case):
    expansion, modes, _ = case
    vertices = PairVertices(expansion)
    double = decay_rates(vertices, modes, BROADENING, precision="double")
    single = decay_rates(vertices, modes, BROADENING, precision="single")
    w = modes.frequency
    sums, differences = np.add.outer(w, w).ravel(), np.subtract.outer(w, w).ravel()
    for name, levels in (("splitting", sums), ("combining", differences)):
        exact, found = getattr(double, name), getattr(single, name)
        detuning = np.array([np.abs(levels - frequency).min() for frequency in w])
        # a rate out of the far tail hangs on one small vertex, known to the size of its terms
        resonant = detuning < 3.0 * BROADENING
        assert resonant.mean() > 0.95
        np.testing.assert_allclose(found[resonant], exact[resonant], rtol=1e-5)
        np.testing.assert_allclose(found[~resonant], exact[~resonant], atol=1e-9 * exact.max())


def test_quantum_rates_equal_equation_10_with_the_golden_rule_occupations(case):
    expansion, modes, tensor = case
    hbar, temperature, w = 0.3, 0.8, modes.frequency
    n = 1.0 / np.expm1(hbar * w / temperature)
    rates = decay_rates(
        PairVertices(expansion),
        modes,
        BROADENING,
        precision="double",
        truncation=9.0,
        hbar=hbar,
        temperatures=[temperature],
    )
    for k in (0, 30, 100, 188):
        amplitude = tensor[k] ** 2 / (w[k] * np.multiply.outer(w, w))
        splitting = 0.5 * (1 + n[:, None] + n[None, :]) * gaussian(w[k] - w[:, None] - w[None, :])
        combining = (n[:, None] - n[None, :]) * gaussian(w[k] + w[:, None] - w[None, :])
        expected = [np.pi * hbar / 4 * (amplitude * part).sum() for part in (splitting, combining)]
        np.testing.assert_allclose(rates.quantum[0, :, k], expected, rtol=1e-8)


def test_quantum_rates_become_classical_as_hbar_vanishes(case):
    """Where the delta function is narrow against the frequency the two limits coincide."""
    expansion, modes, _ = case
    vertices = PairVertices(expansion)
    classical = decay_rates(vertices, modes, BROADENING)
    quantum = decay_rates(vertices, modes, BROADENING, hbar=1e-4, temperatures=[1.0])
    high = modes.frequency > 20 * BROADENING
    total = classical.splitting + classical.combining
    np.testing.assert_allclose(quantum.quantum[0].sum(axis=0)[high], total[high], rtol=0.02)


def test_force_constants_give_the_same_rates_as_the_pair_potential(case):
    expansion, modes, _ = case
    x, b2, b3 = expansion.separation, *expansion.bond_coefficients[2:4]
    eye = np.eye(3)
    bond = b3[:, None, None, None] * np.einsum("pa,pb,pc->pabc", x, x, x)
    bond += b2[:, None, None, None] * (
        np.einsum("pa,bc->pabc", x, eye)
        + np.einsum("pb,ac->pabc", x, eye)
        + np.einsum("pc,ab->pabc", x, eye)
    )
    dense = {}
    for p, ends in enumerate(zip(expansion.first, expansion.second, strict=True)):
        for choice in np.ndindex(2, 2, 2):
            key = tuple(int(ends[c]) for c in choice)
            dense[key] = dense.get(key, 0.0) + (-1.0) ** sum(choice) * bond[p]
    vertices = ForceConstantVertices(
        np.array(list(dense)), np.array(list(dense.values())), PARTICLES
    )
    found = decay_rates(vertices, modes, BROADENING, precision="double")
    expected = decay_rates(PairVertices(expansion), modes, BROADENING, precision="double")
    np.testing.assert_allclose(found.splitting, expected.splitting, rtol=1e-9)
    np.testing.assert_allclose(found.combining, expected.combining, rtol=1e-9)


def test_a_restart_reuses_finished_batches_and_gives_the_same_bits(case, tmp_path):
    expansion, modes, _ = case
    vertices = PairVertices(expansion)
    whole = decay_rates(vertices, modes, BROADENING, checkpoint=tmp_path / "whole")

    class Stop(Exception):
        pass

    def stop_after_three(done, _):
        if done == 3:
            raise Stop

    with pytest.raises(Stop):
        decay_rates(
            vertices, modes, BROADENING, checkpoint=tmp_path / "killed", progress=stop_after_three
        )
    kept = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "killed").iterdir()}
    assert len(kept) == 3
    resumed = decay_rates(vertices, modes, BROADENING, checkpoint=tmp_path / "killed")
    for name, time in kept.items():
        assert (tmp_path / "killed" / name).stat().st_mtime_ns == time
    np.testing.assert_array_equal(resumed.splitting, whole.splitting)
    np.testing.assert_array_equal(resumed.combining, whole.combining)


def test_an_unstable_spectrum_is_refused(case):
    expansion, modes, _ = case
    bad = Modes(modes.frequency_squared.copy(), modes.vectors, modes.residual)
    bad.frequency_squared[0] = -0.1
    with pytest.raises(DecayRateError, match="stable inherent structure"):
        decay_rates(PairVertices(expansion), bad, BROADENING)
    with pytest.raises(DecayRateError, match="single, double"):
        decay_rates(PairVertices(expansion), modes, BROADENING, precision="half")


def test_joint_density_is_equation_14_and_vanishes_at_the_ends(case):
    _, modes, _ = case
    w = modes.frequency
    table = joint_density(w, BROADENING, truncation=9.0)
    grid = table.frequency.to_numpy()
    splitting = [0.5 * gaussian(g - w[:, None] - w[None]).sum() / len(w) ** 2 for g in grid[::40]]
    combining = [gaussian(g + w[:, None] - w[None]).sum() / len(w) ** 2 for g in grid[::40]]
    np.testing.assert_allclose(table.splitting[::40], splitting, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(table.combining[::40], combining, rtol=1e-9, atol=1e-15)
    assert table.splitting.iloc[0] < 1e-3 * table.splitting.max()
    assert table.combining.iloc[-1] < 0.02 * table.combining.max()
