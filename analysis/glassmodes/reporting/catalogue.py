"""The catalogue of figures, and drawing them to files.

A figure is a function of tables. :data:`FIGURES` says which tables each needs, so that a workflow
can iterate over it; a figure whose tables are missing, or hold nothing to show, is skipped with a
message and never drawn empty.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt

from glassmodes.data.storage import atomic_path
from glassmodes.papers.kapteijns2020_nqe import figures as nqe
from glassmodes.papers.kapteijns2020_nqe import mode_figures as nqe_modes
from glassmodes.papers.mizuno2020_anharmonic import figures as anharmonic
from glassmodes.papers.mizuno2020_intermittent import rearrangement_figures as rearrangements
from glassmodes.papers.mizuno2020_intermittent import vibration_figures as mizuno
from glassmodes.plotting.figure import Figure
from glassmodes.plotting.selection import MissingData
from glassmodes.plotting.style import styled
from glassmodes.reporting import vibrations

logger = logging.getLogger(__name__)


def _catalogue(*figures: Figure) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures}


_PAPER = "mizuno2020_intermittent"
_ANHARMONIC = "mizuno2020_anharmonic"
_NQE = "kapteijns2020_nqe"
_IN_UNITS = ("quasilocalized_samples", "moduli")
"""Tables whose shear moduli set the paper's units."""

FIGURES: dict[str, Figure] = _catalogue(
    Figure(
        "mean_squared_displacement",
        mizuno.mean_squared_displacement,
        ("mean_squared_displacement",),
        (),
        mizuno.mean_squared_displacement_caption,
        _PAPER,
        "Fig. 1",
        "Mean-squared displacements",
    ),
    Figure(
        "lifetimes",
        mizuno.lifetimes,
        ("lifetimes",),
        ("decay_rates", "window_lifetimes"),
        mizuno.lifetimes_caption,
        _PAPER,
        "Fig. 2",
        "Lifetime of vibrational eigenmodes",
    ),
    Figure(
        "lifetimes_of_temperature",
        mizuno.lifetimes_of_temperature,
        ("window_lifetimes",),
        ("decay_rates",),
        mizuno.lifetimes_of_temperature_caption,
        _PAPER,
        "Fig. 3",
        "Temperature dependence of the lifetime of eigenmodes",
    ),
    Figure(
        "joint_density",
        mizuno.joint_density,
        ("joint_density",),
        (),
        mizuno.joint_density_caption,
        _PAPER,
        "Fig. 4",
        "Joint two-mode density of states",
    ),
    Figure(
        "intermittent_rearrangements",
        rearrangements.intermittent_rearrangements,
        ("rearrangement_runs", "inherent_structures"),
        (),
        rearrangements.intermittent_rearrangements_caption,
        _PAPER,
        "Fig. 5",
        "Intermittent particle rearrangements",
    ),
    Figure(
        "rearrangement_sizes",
        rearrangements.rearrangement_sizes,
        ("rearrangement_runs",),
        ("rearrangements",),
        rearrangements.rearrangement_sizes_caption,
        _PAPER,
        "Fig. 6",
        "Change of energy and participating particles",
    ),
    Figure(
        "displacement_field",
        rearrangements.displacement_field,
        ("rearrangement_runs",),
        ("rearrangement_fields",),
        rearrangements.displacement_field_caption,
        _PAPER,
        "Fig. 7",
        "Quasi-localised displacement field of a rearrangement",
    ),
    Figure(
        "inherent_structure_displacement",
        rearrangements.inherent_structure_displacement,
        ("rearrangement_runs", "inherent_structures"),
        (),
        rearrangements.inherent_structure_displacement_caption,
        _PAPER,
        "Fig. 8",
        "Distance from the initial inherent structure",
    ),
    Figure(
        "inherent_structure_energy",
        rearrangements.inherent_structure_energy,
        ("rearrangement_runs", "inherent_structures"),
        (),
        rearrangements.inherent_structure_energy_caption,
        _PAPER,
        "Fig. 9",
        "Energy of the inherent structure",
    ),
    Figure(
        "rearrangement_rates",
        rearrangements.rearrangement_rates,
        ("rearrangement_runs",),
        (),
        rearrangements.rearrangement_rates_caption,
        _PAPER,
        "Table I",
        "Rates of rearrangements",
    ),
    Figure(
        "temperature_series",
        mizuno.temperature_series,
        ("time_series",),
        (),
        mizuno.temperature_series_caption,
        _PAPER,
        "Fig. S1",
        "Temperature as a function of time",
    ),
    Figure(
        "potential_energy_series",
        mizuno.potential_energy_series,
        ("time_series",),
        (),
        mizuno.potential_energy_series_caption,
        _PAPER,
        "Fig. S2",
        "Potential energy as a function of time",
    ),
    Figure(
        "lifetimes_low_frequency",
        mizuno.lifetimes_low_frequency,
        ("lifetimes",),
        ("decay_rates", "modes"),
        mizuno.lifetimes_low_frequency_caption,
        _PAPER,
        "Fig. S3",
        "Lifetime of low-frequency modes",
    ),
    Figure(
        "mean_mode_energy",
        mizuno.mean_mode_energy,
        ("lifetimes",),
        (),
        mizuno.mean_mode_energy_caption,
        _PAPER,
        "Fig. S5",
        "Equipartition among modes",
    ),
    Figure(
        "energy_autocorrelation",
        mizuno.energy_autocorrelation,
        ("energy_autocorrelation",),
        (),
        mizuno.energy_autocorrelation_caption,
        _PAPER,
        "Fig. S6",
        "Decay of energy fluctuations",
    ),
    Figure(
        "theory_against_dynamics",
        mizuno.theory_against_dynamics,
        ("lifetimes", "decay_rates"),
        (),
        mizuno.theory_against_dynamics_caption,
        _PAPER,
        "Eq. 13",
        "Measured lifetimes times predicted decay rates",
    ),
    Figure(
        "excitation_scans",
        anharmonic.excitation_scans,
        ("excitation_scans", "excitations"),
        (),
        anharmonic.excitation_scans_caption,
        _ANHARMONIC,
        "Fig. 2",
        "Example of a mode pulled until the state changes",
    ),
    Figure(
        "critical_amplitude",
        anharmonic.critical_amplitude,
        ("excitations",),
        ("boson_peak",),
        anharmonic.critical_amplitude_caption,
        _ANHARMONIC,
        "Fig. 3",
        "Extent of anharmonicity",
    ),
    Figure(
        "critical_amplitude_of_nature",
        anharmonic.critical_amplitude_of_nature,
        ("excitations",),
        ("boson_peak",),
        anharmonic.critical_amplitude_of_nature_caption,
        _ANHARMONIC,
        "Fig. 4",
        "Extent of anharmonicity and nature of the modes",
    ),
    Figure(
        "energy_barrier",
        anharmonic.energy_barrier,
        ("excitations",),
        ("boson_peak",),
        anharmonic.energy_barrier_caption,
        _ANHARMONIC,
        "Fig. 5",
        "Energy barriers along modes",
    ),
    Figure(
        "transition_distance",
        anharmonic.transition_distance,
        ("excitations",),
        (),
        anharmonic.transition_distance_caption,
        _ANHARMONIC,
        "Fig. 6",
        "Distance between the states",
    ),
    Figure(
        "transition_distance_of_nature",
        anharmonic.transition_distance_of_nature,
        ("excitations",),
        ("boson_peak",),
        anharmonic.transition_distance_of_nature_caption,
        _ANHARMONIC,
        "Fig. 7",
        "Distance between the states and nature of the modes",
    ),
    Figure(
        "energy_against_distance",
        anharmonic.energy_against_distance,
        ("excitations",),
        (),
        anharmonic.energy_against_distance_caption,
        _ANHARMONIC,
        "Fig. 8",
        "Distance and energy difference of the states",
    ),
    Figure(
        "excited_field",
        anharmonic.excited_field,
        ("excitation_fields",),
        (),
        anharmonic.excited_field_caption,
        _ANHARMONIC,
        "Fig. 9",
        "Rearrangement induced by a mode",
    ),
    Figure(
        "rearranged_particles",
        anharmonic.rearranged_particles,
        ("excitations",),
        ("boson_peak",),
        anharmonic.rearranged_particles_caption,
        _ANHARMONIC,
        "Fig. 10",
        "Particles that take part in the rearrangement",
    ),
    Figure(
        "participants_against_displacement",
        anharmonic.participants_against_displacement,
        ("excitations",),
        (),
        anharmonic.participants_against_displacement_caption,
        _ANHARMONIC,
        "Fig. 11",
        "Participating particles and their displacement",
    ),
    Figure(
        "direction_overlap",
        anharmonic.direction_overlap,
        ("excitations",),
        ("boson_peak",),
        anharmonic.direction_overlap_caption,
        _ANHARMONIC,
        "Fig. 12",
        "Directions of rearrangements and modes",
    ),
    Figure(
        "sample_dependence",
        anharmonic.sample_dependence,
        ("excitations",),
        (),
        anharmonic.sample_dependence_caption,
        _ANHARMONIC,
        "Fig. 13",
        "Sample dependence of the transitions",
    ),
    Figure(
        "cubic_amplitude",
        anharmonic.cubic_amplitude,
        ("cubic_amplitudes",),
        ("excitations", "boson_peak"),
        anharmonic.cubic_amplitude_caption,
        _ANHARMONIC,
        "Fig. 14",
        "Extent of anharmonicity of the cubic expansion",
    ),
    Figure(
        "cubic_amplitude_of_nature",
        anharmonic.cubic_amplitude_of_nature,
        ("cubic_amplitudes",),
        ("excitations", "boson_peak"),
        anharmonic.cubic_amplitude_of_nature_caption,
        _ANHARMONIC,
        "Fig. 15",
        "Cubic expansion and nature of the modes",
    ),
    Figure(
        "nqe_hybridisation",
        nqe_modes.hybridisation,
        ("quasilocalized_fields",),
        _IN_UNITS,
        nqe_modes.hybridisation_caption,
        _NQE,
        "Fig. 1",
        "Quartic modes are indifferent to hybridisation",
    ),
    Figure(
        "nqe_quartic_coefficient",
        nqe.quartic_coefficient,
        ("quasilocalized",),
        _IN_UNITS,
        nqe.quartic_coefficient_caption,
        _NQE,
        "Fig. 2",
        "Quartic coefficient and localisation",
    ),
    Figure(
        "nqe_softest_pair",
        nqe_modes.softest_pair,
        ("quasilocalized_fields",),
        _IN_UNITS,
        nqe_modes.softest_pair_caption,
        _NQE,
        "Fig. 3",
        "Softest harmonic mode and its quartic mode",
    ),
    Figure(
        "nqe_participation",
        nqe.participation,
        ("quasilocalized",),
        _IN_UNITS,
        nqe.participation_caption,
        _NQE,
        "Fig. 4",
        "Frequency and participation of harmonic and quartic modes",
    ),
    Figure(
        "nqe_convergence",
        nqe.convergence,
        ("quasilocalized",),
        _IN_UNITS,
        nqe.convergence_caption,
        _NQE,
        "Fig. 5",
        "Convergence of harmonic to quartic modes",
    ),
    Figure(
        "nqe_difference_field",
        nqe_modes.difference_field,
        ("quasilocalized_fields",),
        _IN_UNITS,
        nqe_modes.difference_field_caption,
        _NQE,
        "Fig. 6",
        "Difference of harmonic and quartic mode",
    ),
    Figure(
        "nqe_cubic_and_quartic",
        nqe.cubic_and_quartic,
        ("quasilocalized",),
        _IN_UNITS,
        nqe.cubic_and_quartic_caption,
        _NQE,
        "Fig. 7",
        "Difference between cubic and quartic modes",
    ),
    Figure(
        "nqe_stability_bound",
        nqe.stability_bound,
        ("quasilocalized",),
        _IN_UNITS,
        nqe.stability_bound_caption,
        _NQE,
        "Fig. 8",
        "Asymmetry of cubic modes and the stability bound",
    ),
    Figure(
        "nqe_supporting_data",
        nqe.supporting_data,
        ("quasilocalized",),
        _IN_UNITS,
        nqe.supporting_data_caption,
        _NQE,
        "Fig. 9",
        "Supporting data",
    ),
    Figure(
        "nqe_softest_distributions",
        nqe.softest_distributions,
        ("quasilocalized",),
        _IN_UNITS,
        nqe.softest_distributions_caption,
        _NQE,
        "Eqs 30, 36, 38",
        "Distributions of frequencies, barriers and strain thresholds",
    ),
    Figure(
        "nqe_decay",
        nqe_modes.decay,
        ("quasilocalized_profiles",),
        (),
        nqe_modes.decay_caption,
        _NQE,
        "Section IV",
        "Decay of modes around their core",
    ),
    Figure(
        "nqe_population_growth",
        nqe_modes.population_growth,
        ("quasilocalized_growth",),
        (),
        nqe_modes.population_growth_caption,
        _NQE,
        "Section VI",
        "Population of low-lying modes",
    ),
    Figure(
        "density_of_states",
        vibrations.density_of_states,
        ("modes",),
        ("moduli",),
        vibrations.density_of_states_caption,
        "",
        "g(omega)",
        "Vibrational density of states",
    ),
    Figure(
        "kernel_density_of_states",
        vibrations.kernel_density_of_states,
        ("density_of_states",),
        ("modes",),
        vibrations.kernel_density_of_states_caption,
        "",
        "g(omega)",
        "Vibrational density of states by the kernel polynomial method",
    ),
    Figure(
        "reduced_density_of_states",
        vibrations.reduced_density_of_states,
        ("modes",),
        ("moduli", "boson_peak"),
        vibrations.reduced_density_of_states_caption,
        "",
        "g(omega) / omega^2",
        "Reduced vibrational density of states",
    ),
    Figure(
        "participation_ratio",
        vibrations.participation_ratio,
        ("modes",),
        (),
        vibrations.participation_ratio_caption,
        "",
        "P_k",
        "Participation ratio",
    ),
    Figure(
        "phonon_order",
        vibrations.phonon_order,
        ("modes",),
        (),
        vibrations.phonon_order_caption,
        "",
        "O_k",
        "Phonon order parameter",
    ),
)


def concerned(tables, paper: str) -> list[str]:
    """Names of the figures that concern a campaign.

    Those after its paper and those after none, drawn or said to be skipped; those after other
    papers only where the campaign has their tables.
    """
    return [
        figure.name
        for figure in FIGURES.values()
        if figure.paper in ("", paper) or set(figure.requires) <= set(tables)
    ]


@dataclass(frozen=True)
class Drawn:
    """What became of one figure: its files and caption, or the reason why it was skipped."""

    name: str
    files: tuple[Path, ...]
    caption: str
    skipped: str


def draw(name, tables, folder, *, formats=("png", "pdf")) -> Drawn:
    """Draw one figure of the catalogue, with its caption beside it.

    Parameters
    ----------
    name : str
    tables : dict of pandas.DataFrame
    folder : path
        Gets <name>.png and <name>.pdf, and <name>.json (title, caption, paper, item, and the
        reason if it was skipped), which the report reads.
    formats : sequence of str

    Returns
    -------
    Drawn
    """
    figure, folder = FIGURES[name], Path(folder)
    missing = [
        table
        for table in ("ensembles", *figure.requires)
        if table not in tables or len(tables[table]) == 0
    ]
    files, caption, skipped = [], "", ""
    try:
        if missing:
            raise MissingData(f"no table {', '.join(missing)}")
        with styled():
            canvas = figure.draw(tables)
            # lay out once, not once for each format
            canvas.draw_without_rendering()
            canvas.set_layout_engine("none")
            for ending in formats:
                path = folder / f"{name}.{ending}"
                with atomic_path(path) as temporary:
                    # no dates in the files: the same tables give the same bytes
                    metadata = {"CreationDate": None} if ending == "pdf" else None
                    canvas.savefig(temporary, format=ending, metadata=metadata)
                files.append(path)
        caption = figure.caption(tables)
    except MissingData as reason:
        skipped = str(reason)
        logger.warning("figure %s skipped: %s", name, skipped)
    finally:
        plt.close("all")
    note = {
        "name": name,
        "title": figure.title,
        "paper": figure.paper,
        "item": figure.item,
        "caption": caption,
        "skipped": skipped,
    }
    with atomic_path(folder / f"{name}.json") as temporary:
        Path(temporary).write_text(json.dumps(note, indent=1, ensure_ascii=False) + "\n")
    return Drawn(name, tuple(files), caption, skipped)


def draw_all(tables, folder, names: Iterable[str] | None = None, **settings) -> list[Drawn]:
    """Draw all figures (or those named) that the tables allow."""
    return [draw(name, tables, folder, **settings) for name in (names or FIGURES)]
