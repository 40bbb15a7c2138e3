"""Every road to the modes: against analytic spectra, against each other, and its refusals."""

import itertools

import numpy as np
import pytest
from glassmodes.landscape import Landscape
from glassmodes.models import get_model
from glassmodes.modes import (
    ConvergenceError,
    IncompleteSpectrumError,
    MemoryLimitError,
    ModeError,
    ModeRequestError,
    dense,
    estimate_resources,
    factorisation,
    inverse,
    petsc_roads,
    shift_invert,
    solve_modes,
    solvers,
)
from glassmodes.modes.lanczos import RitzPairs
from glassmodes.modes.ordering import degrees_of_freedom, nested_dissection
from glassmodes.modes.products import product
from scipy import sparse

from tests.benchmarks.bench_mode_roads import ROADS, roads_here, successes


def ring(particles):
    """Hessian of a ring of unit springs, a solid in one dimension."""
    ones = np.ones(particles)
    matrix = sparse.diags([2 * ones, -ones[1:], -ones[1:]], [0, 1, -1]).tolil()
    matrix[0, -1] = matrix[-1, 0] = -1
    return matrix.tocsr()


def ring_spectrum(particles):
    """w^2 = 4 sin^2(pi k / N), k = 1 ... N - 1."""
    return np.sort(4 * np.sin(np.pi * np.arange(1, particles) / particles) ** 2)


def fcc(cells):
    """Expansion of the 12-IPL crystal, its lattice constant and sites."""
    model = get_model("ipl12_one_component")
    edge = (4 / model.density) ** (1 / 3)
    base = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    corners = np.array(list(itertools.product(range(cells), repeat=3)))
    sites = edge * (corners[:, None] + base).reshape(-1, 3)
    species, diameter = model.mixture(len(sites), np.random.default_rng(0))
    box = np.full(3, cells * edge)
    return Landscape(model, box, species, diameter).expand(sites), edge


def fcc_spectrum(expansion, cells):
    """w^2 at all q of the supercell, from D(q) = sum_R Phi(R) (1 - cos q.R)."""
    touching = (expansion.first == 0) | (expansion.second == 0)
    x = expansion.separation[touching]
    b1, b2 = expansion.bond_coefficients[1:3, touching]
    blocks = b2[:, None, None] * x[:, :, None] * x[:, None, :] + b1[:, None, None] * np.eye(3)
    # 2c points along each axis cover the zone of the fcc lattice twice.
    numbers = np.array(list(itertools.product(range(2 * cells), repeat=3)))
    phase = numbers @ (2 * np.pi / expansion.box[0] * x.T)
    values = np.linalg.eigvalsh(np.einsum("qp,pab->qab", 1 - np.cos(phase), blocks))
    return np.sort(values.ravel())[::2]


@pytest.fixture
def glass_expansion(make_glass):
    _, landscape, glass = make_glass("ipl12", 256)
    return landscape.expand(glass.positions)


@pytest.fixture
def spectrum(glass_expansion):
    return solve_modes(glass_expansion, {"all": True}, method="dense")


# ---------------------------------------------------------------- analytic spectra


@pytest.mark.parametrize(
    ("request_", "method"),
    [
        ({"all": True}, "dense"),
        ({"lowest": 41}, "lanczos"),
        ({"lowest": 41}, "krylovschur"),
        ({"below": 0.3}, "slicing"),
        ({"below": 0.3}, "slepc_slicing"),
        ({"lowest": 9}, "lobpcg"),
    ],
)
def test_a_ring_of_springs(request_, method):
    if method in ("krylovschur", "slepc_slicing", "lobpcg"):
        pytest.importorskip("slepc4py")
    modes = solve_modes(ring(400), request_, dimension=1, method=method)
    expected = ring_spectrum(400)
    if "below" in request_:
        assert len(modes.frequency) == (expected < request_["below"] ** 2).sum()
    np.testing.assert_allclose(
        modes.frequency_squared, expected[: len(modes.frequency)], atol=1e-10
    )
    assert modes.vectors.shape == (len(modes.frequency), 400, 1)


@pytest.mark.parametrize("method", ["dense", "lanczos"])
def test_phonons_of_the_crystal(method):
    expansion, _ = fcc(4)
    expected = fcc_spectrum(expansion, 4)
    assert np.abs(expected[:3]).max() < 1e-10
    # 61 cuts through a degenerate shell.
    wanted = {"all": True} if method == "dense" else {"lowest": 61}
    modes = solve_modes(expansion, wanted, method=method)
    count = len(modes.frequency)
    np.testing.assert_allclose(modes.frequency_squared, expected[3 : 3 + count], rtol=1e-9)


def test_slices_of_the_crystal():
    """Shells of many equal frequencies, more than one slice."""
    expansion, _ = fcc(4)
    expected = fcc_spectrum(expansion, 4)[3:]
    edge = np.sqrt(0.5 * (expected[499] + expected[500 + 47]))
    modes = solve_modes(expansion, {"below": edge}, method="slicing")
    below = expected[expected < edge**2]
    np.testing.assert_allclose(modes.frequency_squared, below, rtol=1e-9)
    assert modes.orthonormality < 1e-10


# ---------------------------------------------------------------- roads against each other


@pytest.mark.processor
@pytest.mark.parametrize("method", ["lanczos", "krylovschur", "lobpcg", "gd"])
def test_lowest_modes_are_those_of_the_full_spectrum(glass_expansion, spectrum, method):
    if method != "lanczos":
        pytest.importorskip("slepc4py")
    count = 20
    modes = solve_modes(glass_expansion, {"lowest": count}, method=method)
    np.testing.assert_allclose(
        modes.frequency_squared, spectrum.frequency_squared[:count], rtol=1e-9
    )
    overlap = np.einsum("kia,kia->k", modes.vectors, spectrum.vectors[:count])
    np.testing.assert_allclose(np.abs(overlap), 1.0, atol=1e-9)
    between = spectrum.frequency[count - 1 : count + 1]
    assert between[0] * (1 - 1e-6) <= modes.complete_below <= between[1]
    assert modes.residual.max() < 1e-8 and modes.orthonormality < 1e-8


@pytest.mark.parametrize(
    ("method", "edge"), [("slicing", 5.0), ("slicing", 12.0), ("slepc_slicing", 8.0)]
)
def test_an_interval_is_complete(glass_expansion, spectrum, method, edge):
    if method == "slepc_slicing":
        pytest.importorskip("slepc4py")
    modes = solve_modes(glass_expansion, {"below": edge}, method=method)
    expected = spectrum.frequency_squared[spectrum.frequency < edge]
    assert (len(expected) > shift_invert._FEW) == (edge == 12.0)
    np.testing.assert_allclose(modes.frequency_squared, expected, rtol=1e-9)
    assert modes.complete_below == edge


@pytest.mark.parametrize("name", ["ipl10_2d", "ipl10_4d"])
def test_other_dimensions(make_glass, name):
    _, landscape, glass = make_glass(name, 256)
    expansion = landscape.expand(glass.positions)
    full = solve_modes(expansion, {"all": True})
    d = len(glass.box)
    assert len(full.frequency) == d * 256 - d
    few = solve_modes(expansion, {"lowest": 15}, method="lanczos")
    np.testing.assert_allclose(few.frequency, full.frequency[:15], rtol=1e-9)


def test_a_full_spectrum_is_what_it_says(glass_expansion, spectrum):
    assert len(spectrum.frequency) == 3 * 256 - 3
    flat = spectrum.vectors.reshape(len(spectrum.frequency), -1)
    inner = flat @ flat.T
    assert np.abs(inner - np.eye(len(flat))).max() == pytest.approx(
        spectrum.orthonormality, abs=1e-14
    )
    assert np.abs(spectrum.vectors.sum(axis=1)).max() < 1e-12
    again = flat @ glass_expansion.hessian() - spectrum.frequency_squared[:, None] * flat
    np.testing.assert_allclose(np.linalg.norm(again, axis=1), spectrum.residual, atol=1e-12)
    # Trace of M.
    assert spectrum.frequency_squared.sum() == pytest.approx(
        glass_expansion.hessian().diagonal().sum(), rel=1e-12
    )


@pytest.mark.parametrize("package", ["pardiso", "mkl_pardiso", "petsc"])
def test_factorisations_agree(glass_expansion, spectrum, package):
    available = (*factorisation.petsc_packages(), "pardiso")
    if package not in available:
        pytest.skip(f"no {package} here")
    matrix = glass_expansion.hessian()
    right = np.random.default_rng(0).standard_normal((matrix.shape[0], 5))
    shift = float(spectrum.frequency_squared[30:32].mean())
    with factorisation.factorise(matrix, shift, package=package) as factor:
        assert factor.negative == 31 + 3
        solution = factor.solve(right)
    np.testing.assert_allclose(matrix @ solution - shift * solution, right, atol=1e-8)


def factor_entries(matrix, order):
    """Entries of the Cholesky factor in a given order, by eliminating without numbers."""
    filled = (matrix[order][:, order] != 0).toarray()
    for step in range(len(filled)):
        below = np.flatnonzero(filled[step + 1 :, step]) + step + 1
        filled[np.ix_(below, below)] = True
    return int(np.tril(filled).sum())


def test_nested_dissection_keeps_the_factor_sparse():
    chain = sparse.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(40, 40))
    # a square lattice: n log n entries instead of n^1.5
    lattice = sparse.csr_array(sparse.kronsum(chain, chain))
    by_rows = factor_entries(lattice, np.arange(1600))
    assert factor_entries(lattice, nested_dissection(lattice)) < 0.5 * by_rows


def test_nested_dissection_never_cuts_a_particle():
    expansion, _ = fcc(4)
    matrix = expansion.hessian().tocsr()
    assert degrees_of_freedom(matrix) == 3
    order = nested_dissection(matrix).reshape(-1, 3)
    np.testing.assert_array_equal(order - order[:, :1], np.tile([0, 1, 2], (len(order), 1)))
    np.testing.assert_array_equal(np.sort(order[:, 0]), np.arange(0, matrix.shape[0], 3))


@pytest.mark.parametrize("particles", [3, 4, 50])
def test_an_order_exists_where_rows_are_no_particles(particles):
    chain = ring(particles).tocsr()
    np.testing.assert_array_equal(np.sort(nested_dissection(chain)), np.arange(particles))


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("columns", [0, 1, 7])
def test_products_of_tall_matrices(transpose, columns):
    rng = np.random.default_rng(4)
    whole = np.asfortranarray(rng.standard_normal((90, 20)))
    left = whole[:, 5 : 5 + max(columns, 1)]
    right = np.asfortranarray(rng.standard_normal((90 if transpose else left.shape[1], columns)))
    expected = (left.T if transpose else left) @ right
    for given in (right, np.ascontiguousarray(right)):
        np.testing.assert_allclose(product(left, given, transpose=transpose), expected, atol=1e-13)
    with pytest.raises(ValueError, match=r"shapes? |matmul"):
        product(left, np.ones((33, 2), order="F"), transpose=transpose)


def test_the_start_does_not_matter(glass_expansion):
    first, second = (
        solve_modes(glass_expansion, {"lowest": 12}, method="lanczos", seed=seed) for seed in (1, 2)
    )
    np.testing.assert_allclose(first.frequency_squared, second.frequency_squared, rtol=1e-10)


def test_thick_restarts_find_the_same(glass_expansion, spectrum):
    matrix = glass_expansion.hessian()
    problem = solvers._Problem(glass_expansion, None)
    values, vectors, _ = shift_invert.lowest_modes(
        matrix, 30, problem.translations, tolerance=1e-8, max_basis=120
    )
    np.testing.assert_allclose(values, spectrum.frequency_squared[:30], rtol=1e-9)
    residual = np.linalg.norm(matrix @ vectors - vectors * values, axis=0)
    assert residual.max() < 1e-8


# ---------------------------------------------------------------- what must be noticed


class Lossy:
    """A solver that loses one mode at its first so many calls."""

    def __init__(self, solver, times):
        self.solver, self.times, self.calls = solver, times, []

    def __call__(self, *arguments, **options):
        found = self.solver(*arguments, **options)
        self.calls.append(options)
        if len(self.calls) > self.times:
            return found
        if isinstance(found, RitzPairs):
            kept = np.delete(np.arange(len(found.values)), 4)
            return RitzPairs(
                found.values[kept], found.estimates[kept], lambda i: found.vectors(kept[i])
            )
        values, vectors = found
        return np.delete(values, 4), np.delete(vectors, 4, axis=1)


@pytest.fixture
def lossy(monkeypatch):
    """Replace a solver by one that loses a mode at its first so many calls, or always."""

    def replace(module, name, times=10**6):
        solver = Lossy(getattr(module, name), times)
        monkeypatch.setattr(module, name, solver)
        return solver

    return replace


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(
    ("request_", "method"), [({"lowest": 20}, "lanczos"), ({"below": 12.0}, "slicing")]
)
def test_a_start_that_loses_a_mode_is_followed_by_others(
    glass_expansion, spectrum, lossy, caplog, request_, method, times
):
    solver = lossy(shift_invert, "block_lanczos", times)
    modes = solve_modes(glass_expansion, request_, method=method)
    count = len(modes.frequency)
    np.testing.assert_allclose(
        modes.frequency_squared, spectrum.frequency_squared[:count], rtol=1e-9
    )
    assert len(solver.calls) >= times + 1
    # blocks grow from start to start
    assert [call["block"] for call in solver.calls[: times + 1]] == [16, 32, 64][: times + 1]
    assert len([r for r in caplog.records if "inertia counts" in r.message]) == times


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("method", ["lobpcg", "gd"])
def test_a_preconditioned_road_is_tried_again(glass_expansion, spectrum, lossy, method, times):
    pytest.importorskip("slepc4py")
    solver = lossy(petsc_roads, "preconditioned", times)
    modes = solve_modes(glass_expansion, {"lowest": 8}, method=method)
    np.testing.assert_allclose(modes.frequency_squared, spectrum.frequency_squared[:8], rtol=1e-9)
    assert modes.tries == times + 1
    assert [call["start"] for call in solver.calls] == [None, (0, 1), (0, 2)][: times + 1]
    assert [call["widening"] for call in solver.calls] == [1, 2, 4][: times + 1]


def test_a_mode_lost_at_every_try_is_an_error(glass_expansion, lossy):
    solver = lossy(shift_invert, "block_lanczos")
    with pytest.raises(IncompleteSpectrumError, match="inertia counts 2[0-9] modes") as caught:
        solve_modes(glass_expansion, {"lowest": 20}, method="lanczos")
    assert caught.value.found < caught.value.expected
    assert len(solver.calls) == 9


def test_a_slice_that_stays_incomplete_is_an_error(glass_expansion, lossy):
    lossy(shift_invert, "block_lanczos")
    with pytest.raises(IncompleteSpectrumError):
        solve_modes(glass_expansion, {"below": 4.0}, method="slicing")


@pytest.mark.parametrize("request_", [{"lowest": 20}, {"below": 6.0}])
@pytest.mark.parametrize("slepc", [True, False])
def test_another_road_follows_one_that_fails(
    glass_expansion, spectrum, lossy, monkeypatch, request_, slepc
):
    if slepc:
        pytest.importorskip("slepc4py")
    monkeypatch.setattr(petsc_roads, "slepc_available", lambda: slepc)
    lossy(shift_invert, "block_lanczos")
    modes = solve_modes(glass_expansion, request_)
    expected = {"lowest": "krylovschur", "below": "slepc_slicing"}
    assert modes.method == (expected[next(iter(request_))] if slepc else "dense")
    assert modes.tries == 4
    count = len(modes.frequency)
    np.testing.assert_allclose(
        modes.frequency_squared, spectrum.frequency_squared[:count], rtol=1e-9
    )
    assert "lowest" not in request_ or count == 20


def test_a_factor_that_outgrows_its_estimate_leaves_another_road(glass_expansion, monkeypatch):
    def refuses(*_, **__):
        raise MemoryLimitError("the factor needs more")

    monkeypatch.setattr(shift_invert, "lowest_modes", refuses)
    monkeypatch.setattr(petsc_roads, "slepc_available", lambda: False)
    modes = solve_modes(glass_expansion, {"lowest": 5})
    assert (modes.method, modes.tries) == ("dense", 2)


def test_a_lapack_driver_that_fails_is_followed_by_the_other(
    glass_expansion, spectrum, monkeypatch
):
    drivers, solve = [], dense.dense_spectrum

    def fails_once(*arguments):
        drivers.append(arguments[-1])
        if len(drivers) == 1:
            raise np.linalg.LinAlgError("no convergence")
        return solve(*arguments)

    monkeypatch.setattr(dense, "dense_spectrum", fails_once)
    modes = solve_modes(glass_expansion, {"all": True})
    assert drivers == ["evd", "evr"]
    np.testing.assert_allclose(modes.frequency_squared, spectrum.frequency_squared, rtol=1e-9)


def test_lowest_modes_of_the_inverse_are_tried_again(glass_expansion, spectrum, monkeypatch):
    solve, blocks = inverse.block_lanczos, []

    def gives_up_once(*arguments, **options):
        blocks.append(options["block"])
        if len(blocks) == 1:
            raise ConvergenceError("no convergence")
        return solve(*arguments, **options)

    monkeypatch.setattr(inverse, "block_lanczos", gives_up_once)
    with inverse.InverseHessian.of_expansion(glass_expansion) as factor:
        values, _, _ = factor.lowest(6)
    np.testing.assert_allclose(values, spectrum.frequency_squared[:6], rtol=1e-9)
    assert blocks == [2, 4]


@pytest.mark.processor
@pytest.mark.parametrize("road", ROADS)
def test_every_road_succeeds_from_several_starts(make_glass, road):
    """A quick version of tests/benchmarks/bench_mode_roads.py."""
    if road not in roads_here(1):
        pytest.skip(f"no {road} here")
    _, landscape, glass = make_glass("ipl12", 200)
    assert successes(landscape.expand(glass.positions), road, 3)[1] == 3


def test_bad_vectors_are_an_error(glass_expansion, monkeypatch):
    def wrong(matrix, wanted, translations, **_):
        values = np.arange(1.0, wanted + 1)
        return values, np.linalg.qr(np.eye(len(translations), wanted))[0], np.nan

    monkeypatch.setattr(shift_invert, "lowest_modes", wrong)
    with pytest.raises(ModeError, match="residual"):
        solve_modes(glass_expansion, {"lowest": 5}, method="lanczos")


@pytest.mark.parametrize(
    ("request_", "method"),
    [({"all": True}, "dense"), ({"lowest": 5}, "lanczos"), ({"below": 3.0}, "slicing")],
)
def test_a_saddle_is_an_error(make_glass, request_, method):
    _, landscape, glass = make_glass("ipl12", 256)
    shaken = glass.positions + 0.15 * np.random.default_rng(3).standard_normal((256, 3))
    with pytest.raises(ModeError, match="no minimum"):
        solve_modes(landscape.expand(shaken), request_, method=method)


def test_floppy_modes_are_an_error():
    """Two rings that do not touch slide past each other."""
    matrix = sparse.block_diag([ring(40), ring(40)]).tocsr()
    with pytest.raises(ModeError, match="2 zero modes"):
        solve_modes(matrix, {"all": True}, dimension=1)


def test_rattlers_are_an_error():
    matrix = sparse.block_diag([ring(40), sparse.csr_matrix((1, 1))]).tocsr()
    with pytest.raises(ModeError, match="1 particles without neighbours"):
        solve_modes(matrix, {"all": True}, dimension=1)


def test_rattlers_are_taken_out_of_an_expansion(make_glass):
    model, landscape, glass = make_glass("harmonic", 150, 3)
    expansion = landscape.expand(glass.positions)
    same, kept = expansion.without_rattlers()
    assert same is expansion and kept.all()
    # as if particle 7 hung freely in its cage
    touching = np.flatnonzero((expansion.first == 7) | (expansion.second == 7))
    alone = np.setdiff1d(np.arange(expansion.pairs), touching)
    loose = type(expansion)(
        expansion.potential,
        expansion.positions,
        expansion.box,
        expansion.first[alone],
        expansion.second[alone],
        expansion.pair_diameter[alone],
    )
    rest, kept = loose.without_rattlers()
    assert kept.sum() == rest.particles == 149 and not kept[7]
    assert rest.pairs == loose.pairs
    assert rest.energy == pytest.approx(loose.energy)
    matrix = loose.hessian().toarray().reshape(150, 3, 150, 3)
    assert np.abs(matrix[7]).max() == 0.0
    np.testing.assert_allclose(
        rest.hessian().toarray().reshape(149, 3, 149, 3), matrix[kept][:, :, kept], atol=1e-14
    )


def test_a_matrix_without_translations_is_an_error():
    with pytest.raises(ModeError, match="translation"):
        solve_modes(ring(40) + sparse.diags(np.linspace(0, 1, 40)), {"all": True}, dimension=1)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"lowest": 766}, "256 particles in 3 dimensions have 765 modes"),
        ({"lowest": 0}, "positive integer"),
        ({"lowest": 2.5}, "positive integer"),
        ({"below": -1.0}, "positive frequency"),
        ({"below": float("nan")}, "positive frequency"),
        ({"all": False}, "only true"),
        ({"highest": 3}, "exactly one of"),
        ({"lowest": 3, "below": 1.0}, "exactly one of"),
    ],
)
def test_bad_requests(glass_expansion, request_, message):
    with pytest.raises(ModeRequestError, match=message):
        solve_modes(glass_expansion, request_)


def test_methods_that_do_not_fit(glass_expansion):
    with pytest.raises(ModeRequestError, match="allowed are"):
        solve_modes(glass_expansion, {"lowest": 3}, method="magic")
    with pytest.raises(ModeRequestError, match="does not take this request"):
        solve_modes(glass_expansion, {"lowest": 3}, method="slicing")
    with pytest.raises(ModeRequestError, match="dimension"):
        solve_modes(glass_expansion.hessian(), {"lowest": 3})


def test_every_mode_may_be_asked_for_by_number(glass_expansion, spectrum):
    modes = solve_modes(glass_expansion, {"lowest": 765})
    np.testing.assert_allclose(modes.frequency_squared, spectrum.frequency_squared, rtol=1e-9)


# ---------------------------------------------------------------- memory


def test_below_the_lowest_mode_there_is_nothing(glass_expansion, spectrum):
    edge = 0.9 * spectrum.frequency[0]
    for method in ("slicing", "dense"):
        modes = solve_modes(glass_expansion, {"below": edge}, method=method)
        assert modes.vectors.shape == (0, 256, 3) and modes.complete_below == edge


def test_memory_decides_the_road(glass_expansion):
    pytest.importorskip("slepc4py")
    problem = solvers._Problem(glass_expansion, None)
    lowest = solvers.parse_request({"lowest": 10}, problem.size, 3)
    everything = solvers.parse_request({"all": True}, problem.size, 3)
    below = solvers.parse_request({"below": 3.0}, problem.size, 3)
    assert solvers._choose(problem, lowest, 1, 2**33) == "lanczos"
    assert solvers._choose(problem, lowest, 1, 2**20) == "lobpcg"
    assert solvers._choose(problem, everything, 1, 2**33) == "dense"
    assert solvers._choose(problem, below, 1, 2**33) == "slicing"
    for request_ in (everything, below):
        with pytest.raises(MemoryLimitError, match="GiB"):
            solvers._choose(problem, request_, 1, 2**20)


def test_a_factor_larger_than_allowed_is_refused_before_it_is_made(glass_expansion):
    if factorisation.mkl_library() is None:
        pytest.skip("no MKL here")
    with pytest.raises(MemoryLimitError, match="the factor needs"):
        factorisation.PardisoFactor(glass_expansion.hessian(), memory_limit=10**6)


def test_estimates_grow_with_the_request():
    few = estimate_resources(4000, 66, {"lowest": 100})
    many = estimate_resources(32000, 66, {"lowest": 100})
    full = estimate_resources(4000, 66, {"all": True})
    assert few["method"] == "lanczos" and full["method"] == "dense"
    # 22.4 million non-zeros were measured at N = 4,000.
    assert 0.5 < few["bytes"] / (22.4e6 * 8 + 8 * 12000 * 1100 + 24 * 2.4e6) < 2.0
    assert 8 < many["bytes"] / few["bytes"] < 20
    assert full["bytes"] == dense.dense_bytes(12000)


def test_refinement_keeps_out_a_mode_just_above_the_shift():
    """Each solve amplifies what lies closest to the shift, also what was not asked for."""
    shift = 2.0
    values = np.r_[np.linspace(1.0, 1.9, 30), shift + 1e-3, np.linspace(3.0, 500.0, 60)]
    size = len(values)
    matrix = sparse.diags(values).tocsr()
    noise = np.zeros((size, size))
    noise[30] = 1e-7
    vectors = np.eye(size) + noise
    known = values < 10.0
    pairs = RitzPairs(values, np.where(known, 1e-10, 1.0), lambda chosen: vectors[:, chosen])

    class Diagonal:
        def solve(self, right):
            return right / (values - shift)[:, None]

    chosen = np.flatnonzero(values < shift)
    found, refined = shift_invert._refined(
        matrix, Diagonal(), pairs, chosen, (-np.inf, shift), np.empty((size, 0)), 1e-9
    )
    np.testing.assert_allclose(found, values[:30], rtol=1e-12)
    assert np.linalg.norm(matrix @ refined - refined * found, axis=0).max() <= 1e-9
