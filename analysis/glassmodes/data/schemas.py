"""Columns of every table in `results/<campaign>/tables/`.

Each table begins with the columns `ensemble` and `sample`. Exceptions are `ensembles` and
`summary`, with one row for each ensemble and each reference value, and the tables `table_...`,
with one row for each entry of a paper's table. A table may have more columns than are listed here;
they come last. All numbers are in reduced units (mass, length, energy and k_B equal one), and
frequencies are angular.
"""

from __future__ import annotations

from dataclasses import dataclass

KINDS = {
    "integer": "iu",
    "number": "fiu",
    "text": "OUT",
    "flag": "b",
}
"""Kinds of NumPy dtypes that a column of each type may have."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
    kind : str
        Type, one of :data:`KINDS`.
    description : str
        Meaning of the values.
    finite : bool
        Whether every number must be finite.
    """

    name: str
    kind: str
    description: str
    finite: bool = True


_SAMPLE = (
    Column("ensemble", "text", "name of the ensemble in the campaign"),
    Column("sample", "integer", "index of the sample within its ensemble"),
)
_TEMPERATURE = Column("temperature", "number", "target temperature of the run")
_MODE = (
    Column("mode", "integer", "0-based, ascending in frequency, translations left out"),
    Column("frequency", "number", "angular eigenfrequency"),
)

_EXCITATION = (
    Column("kind", "text", "harmonic, quartic, cubic, second_quartic or pseudo_harmonic"),
    Column("mode", "integer", "of a kind, 0-based"),
)

TABLES: dict[str, tuple[Column, ...]] = {
    "ensembles": (
        Column("ensemble", "text", "name of the ensemble in the campaign"),
        Column("model", "text", "glass model"),
        Column("kind", "text", "glass or crystal"),
        Column("particles", "integer", "N of every sample"),
        Column("samples", "integer", "samples asked for"),
        Column("dimension", "integer", "of space"),
        Column("density", "number", "N / V"),
        Column("protocol", "text", "of the preparation"),
        Column("parent_temperature", "number", "of the quenched liquid; inf: random places", False),
    ),
    "modes": (
        *_SAMPLE,
        *_MODE,
        Column("participation_ratio", "number", "P_k, one for a uniform displacement", False),
        Column("phonon_order", "number", "O_k, one for a plane wave", False),
    ),
    "density_of_states": (
        *_SAMPLE,
        Column("frequency", "number", "centre of a bin of angular frequency"),
        Column("density", "number", "g(omega) by the kernel polynomial method"),
        Column("density_error", "number", "over random vectors", False),
    ),
    "lifetimes": (
        *_SAMPLE,
        _TEMPERATURE,
        *_MODE,
        Column("lifetime", "number", "1/e time of the energy correlation (Eq. 9)", False),
        Column("lifetime_error", "number", "jackknife over blocks of the run", False),
        Column("mean_energy", "number", "mean of E_k (Eq. 8)", False),
        Column("rearranged", "flag", "whether the inherent structure changed"),
    ),
    "window_lifetimes": (
        *_SAMPLE,
        _TEMPERATURE,
        Column("window", "number", "centre of a window of frequency"),
        Column("lifetime", "number", "1/e time of the window's mean correlation", False),
        Column("lifetime_error", "number", "jackknife over blocks of the run", False),
        Column("modes", "integer", "modes in the window"),
    ),
    "energy_autocorrelation": (
        *_SAMPLE,
        _TEMPERATURE,
        Column("window", "number", "centre of a window of frequency"),
        Column("lag", "number", "time"),
        Column("value", "number", "C(t), one at zero", False),
    ),
    "decay_rates": (
        *_SAMPLE,
        *_MODE,
        Column("decay_rate_per_temperature", "number", "classical Gamma_k / T (Eq. 13)"),
        Column("splitting", "number", "part of k -> l + m"),
        Column("combining", "number", "part of k + l -> m"),
        Column("broadening", "number", "standard deviation of the Gaussian for each delta"),
    ),
    "joint_density": (
        *_SAMPLE,
        Column("frequency", "number", "angular frequency"),
        Column("splitting", "number", "j_spl (Eq. 14)"),
        Column("combining", "number", "j_com (Eq. 14)"),
    ),
    "mean_squared_displacement": (
        *_SAMPLE,
        _TEMPERATURE,
        Column("lag", "number", "time"),
        Column("msd", "number", "mean-squared displacement per particle (Eq. 3)"),
    ),
    "time_series": (
        *_SAMPLE,
        _TEMPERATURE,
        Column("time", "number", "since the start of the constant-energy run"),
        Column("temperature_observed", "number", "instantaneous kinetic temperature"),
        Column("potential_energy", "number", "per particle, above the inherent structure"),
    ),
    "dynamics_checks": (
        *_SAMPLE,
        _TEMPERATURE,
        Column("duration", "number", "length of the run"),
        Column("mean_temperature", "number", "mean kinetic temperature"),
        Column("temperature_error", "number", "standard error of block means"),
        Column("energy_drift", "number", "over the run, per particle, in units of T"),
        Column("msd_ratio", "number", "late over early mean-squared displacement", False),
    ),
    "equilibration": (
        *_SAMPLE,
        Column("run", "integer", "index of the equilibrium run; `sample` is its first"),
        Column("dynamics", "text", "molecular or swap"),
        Column("temperature", "number", "of the liquid (parent temperature)"),
        Column("equilibration", "number", "time, or sweeps of swap Monte Carlo, before any use"),
        Column("decorrelation_time", "number", "in which the overlap falls to 1/e", False),
        Column("spacing", "number", "time or sweeps between snapshots", False),
        Column("snapshots", "integer", "snapshots taken"),
        Column("energy", "number", "potential energy per particle, mean of the snapshots", False),
        Column("energy_deviation", "number", "its standard deviation among snapshots", False),
        Column(
            "energy_drift", "number", "of the equilibration's last half, in fluctuations", False
        ),
        Column(
            *("mean_squared_displacement", "number"),
            *("of the equilibration asked for, in squared mean diameters", False),
        ),
        Column(
            "snapshot_overlap", "number", "mean overlap of a snapshot with the one before", False
        ),
        Column(
            *("diameter_correlation", "number"),
            *("of a particle's diameter with that in the snapshot before (swaps)", False),
        ),
        Column("translation_acceptance", "number", "of Monte Carlo moves", False),
        Column("swap_acceptance", "number", "of Monte Carlo swaps", False),
        Column("status", "text", "ok, or why no sample of the run can be used"),
    ),
    "moduli": (
        *_SAMPLE,
        Column("shear_modulus", "number", "G of the inherent structure"),
        Column("bulk_modulus", "number", "K of the inherent structure"),
        Column(
            "debye_level",
            "number",
            "A_D of the moduli, of a crystal by direction; NaN if unstable",
            False,
        ),
        Column("pressure", "number", "of the inherent structure"),
    ),
    "inherent_structures": (
        *_SAMPLE,
        _TEMPERATURE,
        Column("time", "number", "since the start of the constant-energy run"),
        Column("structure", "integer", "index among the run's distinct inherent structures"),
        Column("energy", "number", "Phi_IS(t) - Phi_IS(0), of all particles", False),
        Column("displacement", "number", "|r_IS(t) - r_IS(0)|", False),
        Column("step_distance", "number", "|Dr_IS| from the frame before (Eq. 5)", False),
        Column("step_energy", "number", "Phi_IS change from the frame before (Eq. 6)", False),
        Column("max_force", "number", "largest force on a particle after minimisation", False),
        Column("converged", "flag", "whether the minimisation converged"),
    ),
    "rearrangements": (
        *_SAMPLE,
        _TEMPERATURE,
        Column("time", "number", "of the frame after the change"),
        Column("distance", "number", "|Dr_IS| (Eq. 5)"),
        Column("energy_change", "number", "Phi_IS after less before (Eq. 6, signed)"),
        Column("participants", "number", "N_rearr (Eq. 7)"),
        Column("far_field_exponent", "number", "a of |Dr_i| ~ r^-a (Fig. 7b)", False),
        Column("far_field_error", "number", "its standard error", False),
        Column("largest", "number", "largest displacement of a particle"),
        Column("before", "integer", "index of the inherent structure before"),
        Column("after", "integer", "index of the inherent structure after"),
    ),
    "rearrangement_runs": (
        *_SAMPLE,
        _TEMPERATURE,
        Column("duration", "number", "length of the run"),
        Column("frames", "integer", "configurations that were minimised"),
        Column("events", "integer", "changes of the inherent structure between frames"),
        Column("distinct_structures", "integer", "distinct inherent structures"),
        Column("returned", "flag", "whether it came back to the first one after leaving it"),
        Column("not_converged", "integer", "frames whose minimisation did not converge"),
        Column("evaluations_per_frame", "number", "force evaluations", False),
        Column("seconds_per_frame", "number", "core-seconds", False),
        Column("particles", "integer", "N"),
    ),
    "rearrangement_fields": (
        *_SAMPLE,
        _TEMPERATURE,
        Column("time", "number", "of the run's event with the largest |Dr_IS|"),
        Column("particle", "integer", "index"),
        Column("x", "number", "position before the event"),
        Column("y", "number", "position before the event"),
        Column("z", "number", "position before the event"),
        Column("dx", "number", "displacement by the event"),
        Column("dy", "number", "displacement by the event"),
        Column("dz", "number", "displacement by the event"),
    ),
    "table_rearrangements": (
        Column("kind", "text", "glass or crystal"),
        Column("particles", "integer", "N"),
        Column("temperature", "number", "target temperature of the runs"),
        Column("samples", "integer", "runs, one for each sample"),
        Column("duration", "number", "of all runs together"),
        Column("events", "integer", "changes of the inherent structure in all runs"),
        Column("rate", "number", "events per unit of time and system"),
        Column("rate_error", "number", "Poisson; 1.84 / duration where there was no event"),
        Column("rearranged", "text", "Yes or No"),
        Column("paper", "text", "Yes or No in Table I of mizuno2020_intermittent, - if not there"),
    ),
    "excitations": (
        *_SAMPLE,
        *_MODE,
        Column("amplitude", "number", "A_c, smaller of both signs, NaN without transition", False),
        Column("sign", "integer", "of the mode at A_c; 0 without transition"),
        Column("amplitude_other", "number", "A_c of the other sign", False),
        Column("barrier", "number", "energy at A_c above the inherent structure (Eq. 8)", False),
        Column("distance", "number", "|Dr| (Eq. 6)", False),
        Column("energy_change", "number", "Phi after less Phi before (Eq. 7, signed)", False),
        Column("participants", "number", "N_rearr (Eq. 9)", False),
        Column("largest", "number", "largest displacement of a particle", False),
        Column("overlap", "number", "I of the displacement and the mode (Eq. 10)", False),
        Column("far_field_exponent", "number", "a of |Dr_i| ~ r^-a", False),
        Column("far_field_error", "number", "standard error of the exponent", False),
        Column("phonon_order", "number", "O_k (Eq. 3)", False),
        Column("participation_ratio", "number", "P_k (Eq. 4)", False),
        Column("cubic_amplitude", "number", "A_c of the cubic expansion (Eq. A3)", False),
        Column("outcome", "text", "transition, none, overlap or not_converged"),
        Column(
            "final_structure", "integer", "of the sample's distinct ones; -1 without transition"
        ),
        Column("minimisations", "integer", "for the mode, both signs"),
        Column("relative_precision", "number", "of A_c, from the last bracket", False),
        Column("evaluations", "integer", "of the forces"),
        Column("seconds", "number", "wall time"),
    ),
    "excitation_scans": (
        *_SAMPLE,
        Column("mode", "integer", "0-based, ascending in frequency, translations left out"),
        Column("sign", "integer", "of the mode"),
        Column("frequency", "number", "angular eigenfrequency"),
        Column("amplitude", "number", "A (Eq. 5)"),
        Column("distance", "number", "|Dr| after minimisation (Eq. 6)"),
        Column("energy_change", "number", "Phi after less Phi before (Eq. 7, signed)"),
    ),
    "excitation_fields": (
        *_SAMPLE,
        *_MODE,
        Column("particle", "integer", "0-based"),
        Column("x", "number", "position before the transition"),
        Column("y", "number", "position before the transition"),
        Column("z", "number", "position before the transition"),
        Column("dx", "number", "displacement by the transition"),
        Column("dy", "number", "displacement by the transition"),
        Column("dz", "number", "displacement by the transition"),
    ),
    "boson_peak": (
        *_SAMPLE,
        Column("frequency", "number", "omega_BP, where g(omega) / omega^2 is largest"),
        Column("frequency_error", "number", "its uncertainty", False),
        Column("level", "number", "g / omega^2 there, in units of the Debye level", False),
        Column("spectrum_of", "text", "ensemble whose spectra gave it"),
    ),
    "cubic_amplitudes": (
        *_SAMPLE,
        *_MODE,
        Column("cubic", "number", "tau, the third derivative along the mode (Eq. A2)"),
        Column("amplitude", "number", "2 omega^2 / (|tau| sqrt(N)) (Eq. A3)", False),
        Column("phonon_order", "number", "O_k (Eq. 3)", False),
        Column("participation_ratio", "number", "P_k (Eq. 4)", False),
    ),
    "quasilocalized": (
        *_SAMPLE,
        *_EXCITATION,
        Column("start", "text", "field that the solver began from, such as harmonic or quartic"),
        Column("frequency", "number", "square root of the stiffness", False),
        Column("stiffness", "number", "kappa = M:zz of the unit vector (Eq. 11)", False),
        Column("cubic", "number", "tau = U''':zzz; the sign of z makes it positive", False),
        Column("quartic", "number", "chi = U'''':zzzz (Eq. 10)", False),
        Column("participation_ratio", "number", "e (Eq. 14)", False),
        Column("participants", "number", "N e", False),
        Column("cubic_energy", "number", "E_3 = kappa^3 / tau^2 (Eq. 31)", False),
        Column("quartic_energy", "number", "E_4 = kappa^2 / chi (Eq. 12)", False),
        Column("quartic_response", "number", "|U'''':zzz / chi| (Fig. 9a)", False),
        Column("residual", "number", "of the equation that defines the kind, over |M z|", False),
        Column("iterations", "integer", "of the solver"),
        Column("converged", "flag", "whether the residual is within the tolerance"),
        Column("outcome", "text", "converged, or how the solver ended instead"),
        Column("overlap_harmonic", "number", "|z . harmonic mode| of the same number", False),
        Column("overlap_quartic", "number", "|z . quartic mode| of the same number", False),
        Column("overlap_cubic", "number", "|z . cubic mode| of the same number", False),
        Column("overlap_solvers", "number", "of two solvers' modes; NaN if one was run", False),
        Column("difference", "number", "|Delta| = |z - harmonic mode|, signs alike", False),
        Column("difference_stiffness", "number", "M:DD of D = Delta / |Delta| (Eq. 24)", False),
        Column("shear_coupling", "number", "nu = d2U/(dgamma dx) . z, shear x -> x + g y", False),
        Column("shear_coupling_rms", "number", "root mean square over all shears", False),
        Column("seconds", "number", "wall time of the solver"),
    ),
    "quasilocalized_samples": (
        *_SAMPLE,
        Column("status", "text", "ok, or why the sample has no modes"),
        Column("shear_modulus", "number", "G of the inherent structure", False),
        Column("bulk_modulus", "number", "K of the inherent structure", False),
        Column("pressure", "number", "of the inherent structure", False),
        Column("energy_per_particle", "number", "of the inherent structure", False),
        Column("max_force", "number", "largest force on a particle", False),
        Column("second_frequency", "number", "of the harmonic mode above those kept", False),
        Column("seconds", "number", "wall time of all modes and moduli of the sample"),
    ),
    "quasilocalized_profiles": (
        *_SAMPLE,
        *_EXCITATION,
        Column("distance", "number", "centre of a shell around the core, minimum image"),
        Column("median_square", "number", "median of z_i . z_i over the shell's particles"),
        Column("mean_square", "number", "mean of z_i . z_i over the shell's particles"),
        Column("particles", "integer", "in the shell"),
    ),
    "quasilocalized_fields": (
        *_SAMPLE,
        Column("role", "text", "why this sample: softest, hybridised (Fig. 1a) or phonon (1c)"),
        Column("kind", "text", "harmonic, quartic, cubic, second_quartic, or difference (Delta)"),
        Column("frequency", "number", "square root of the stiffness of the unit vector"),
        Column("particle", "integer", "0-based"),
        *(Column(axis, "number", "position", axis in "xy") for axis in "xyzw"),
        *(Column(f"d{axis}", "number", "component", axis in "xy") for axis in "xyzw"),
    ),
    "quasilocalized_population": (
        *_SAMPLE,
        *_EXCITATION,
        Column("start", "text", "first start that led to it"),
        Column("times_found", "integer", "starts that led to it"),
        Column("frequency", "number", "square root of the stiffness"),
        Column("stiffness", "number", "kappa"),
        Column("cubic", "number", "tau"),
        Column("quartic", "number", "chi"),
        Column("participation_ratio", "number", "e (Eq. 14)"),
        Column("residual", "number", "of the equation that defines the kind, over |M z|"),
        Column("shear_coupling", "number", "nu of the shear x -> x + g y"),
        Column("core", "integer", "particle that moves most"),
    ),
    "quasilocalized_growth": (
        *_SAMPLE,
        Column("kind", "text", "cubic or quartic"),
        Column("starts", "integer", "number of starts"),
        Column("distinct", "number", "modes that so many of all starts find, on average"),
        Column("coverage", "number", "chance that one more start finds a known mode", False),
        Column("total", "number", "estimated number of modes in reach (Chao)", False),
    ),
    "table_critical_temperature": (
        Column("model", "text", "glass model"),
        Column("particles", "integer", "N"),
        Column("critical_temperature", "number", "T_c, twice the smallest barrier", False),
        Column("samples", "integer", "samples of this size"),
        Column("modes", "integer", "modes that made a transition"),
        Column("paper", "number", "the paper's T_c, NaN where it has none", False),
        Column("sample_mean", "number", "geometric mean of T_c over samples", False),
        Column("sample_spread", "number", "standard deviation of its logarithm, ln", False),
    ),
    "table_ensemble_sizes": (
        Column("model", "text", "glass model"),
        Column("name", "text", "the paper's name of the model"),
        Column("dimension", "integer", "of space"),
        Column("density", "number", "N / V"),
        Column("parent_temperature", "number", "NaN where it does not tell", False),
        Column("protocol", "text", "of the preparation, - where the campaign has none"),
        Column("particles", "integer", "N"),
        Column("samples", "integer", "of this campaign, with or without modes"),
        Column("usable", "integer", "of those, the ones with modes"),
        Column("paper", "number", "the paper's ensemble size, NaN where it has none", False),
    ),
    "table_shear_modulus": (
        Column("model", "text", "glass model"),
        Column("name", "text", "the paper's name of the model"),
        Column("dimension", "integer", "of space"),
        Column("density", "number", "N / V"),
        Column("shear_modulus", "number", "G, mean over samples"),
        Column("shear_modulus_error", "number", "standard error over samples", False),
        Column("samples", "integer", "that the mean is of"),
        Column("ensembles", "text", "that the mean is of"),
        Column("saturated", "flag", "whether these are glasses of T_p = inf"),
        Column("unit_length", "number", "a_0 = (V/N)^(1/d)"),
        Column("unit_frequency", "number", "omega_0 = sqrt(G / rho) / a_0"),
        Column("unit_frequency_error", "number", "standard error over samples", False),
        Column("paper_density", "number", "rho of Table II"),
        Column("paper_shear_modulus", "number", "G of Table II"),
        Column("paper_unit_length", "number", "a_0 that follows from Table II"),
        Column("paper_unit_frequency", "number", "omega_0 that follows from Table II"),
    ),
    "summary": (
        Column("ensemble", "text", "ensemble, or ensembles, that the value is of"),
        Column("sample", "integer", "-1: all samples"),
        Column("temperature", "number", "temperature, NaN where all or none", False),
        Column("quantity", "text", "short name"),
        Column("observed", "number", "value of this campaign", False),
        Column("error", "number", "its standard error, NaN where it has none", False),
        Column("paper", "number", "the paper's value, NaN where it gives none", False),
        Column("source", "text", "figure or equation of the paper"),
        Column("rule", "text", "when observed and paper are said to agree"),
        Column("agrees", "text", "yes, no, or - where there is no rule"),
        Column("statement", "text", "what the row says"),
    ),
}
"""Columns of each table, by its name."""

CSV_TWINS = (
    "ensembles",
    "equilibration",
    "dynamics_checks",
    "moduli",
    "boson_peak",
    "table_rearrangements",
    "table_critical_temperature",
    "table_ensemble_sizes",
    "table_shear_modulus",
    "summary",
)
"""Small tables that are also written as .csv files."""
