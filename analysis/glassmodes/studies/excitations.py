"""Modes pulled until the glass falls to another inherent structure, and the window of frequencies
that they are chosen from."""

from __future__ import annotations

import json
import math
import time
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from glassmodes.campaign.estimates import (
    BASE_MEMORY,
    Estimate,
    mode_count,
    modes_per_volume,
)
from glassmodes.campaign.rates import rate
from glassmodes.campaign.runner import Part, each_sample
from glassmodes.campaign.study import Read, Stage, Study
from glassmodes.campaign.validation import EnsembleStudySettings, Fault, StudyContext
from glassmodes.data.columns import MODE, SAMPLE, Column, Table
from glassmodes.models.sizes import expansion_memory, neighbours
from glassmodes.studies import modes


def _kind_of_window(value: Any) -> str:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return "frequency" if is_number else "name"


class Settings(EnsembleStudySettings):
    """Modes pulled until the glass falls to another inherent structure (mizuno2020_anharmonic);
    needs modes."""

    below: Annotated[
        Annotated[float, Field(gt=0, le=1e6), Tag("frequency")]
        | Annotated[Literal["boson_peak"], Tag("name")],
        Discriminator(_kind_of_window),
    ] = Field(
        "boson_peak",
        description="Angular frequency below which every mode is pulled; boson_peak: that of the "
        "campaign's own spectra, full ones (modes.request: all) of this ensemble or of the "
        "smallest of its model that has them, or else those complete below a frequency "
        "(modes.request: below) of the smallest.",
    )
    at_least: int = Field(
        0,
        ge=0,
        le=30_000_000,
        description="Lowest modes that are pulled in any case, should fewer be below.",
    )
    above: int = Field(
        20,
        ge=0,
        le=30_000_000,
        description="Modes that are pulled beyond those, spread evenly in ln w over the modes "
        "that are known.",
    )
    smallest_amplitude: float = Field(
        1e-5,
        gt=0,
        le=10,
        description="First amplitude A of the scan, in units of length; the scan goes on below it "
        "where it already changes the inherent structure.",
    )
    largest_amplitude: float = Field(
        0.1, gt=0, le=10, description="Last amplitude A of the scan, in units of length."
    )
    grid_factor: float = Field(
        2.0, ge=1.01, le=100, description="Ratio of neighbouring amplitudes of the scan."
    )
    relative_precision: float = Field(
        0.05, ge=1e-6, le=1, description="Width of the last bracket around A_c, over A_c."
    )
    overlap_distance: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Two particles that are pulled closer than this, in units of their pair "
        "diameter, overlap: the scan ends. For potentials that diverge at contact alone.",
    )
    other_sign: bool = Field(
        False,
        description="Whether A_c of the other sign of a mode is looked for beyond the smaller one.",
    )
    force_tolerance: float = Field(
        1e-10,
        ge=1e-14,
        le=1e-6,
        description="Largest force on a particle of an inherent structure.",
    )
    minimiser: Literal["fast", "fire"] = Field(
        "fast",
        description="fire: the reference throughout; fast: the quicker road to the same minimum.",
    )
    scans: int = Field(
        2,
        ge=0,
        le=10_000,
        description="Modes of each sample whose whole curves of distance against amplitude are "
        "kept, spread evenly over the modes pulled (Fig. 2).",
    )
    fields: int = Field(
        1,
        ge=0,
        le=10_000,
        description="Transitions of each sample whose displacement fields are kept, those that "
        "most modes share first (Fig. 9).",
    )


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """Amplitudes that do not grow, fields that no table holds, and modes that are not known."""
    ensemble, model = context.ensemble, context.model
    found = []
    smallest, largest = block["smallest_amplitude"], block["largest_amplitude"]
    if smallest >= largest:
        found.append(
            context.fault(
                "smallest_amplitude",
                f"{smallest:g} is not below the largest_amplitude, {largest:g}",
            )
        )
    if block["fields"] and model.dimension != 3:
        found.append(
            context.fault(
                "fields",
                f"{block['fields']} displacement fields of {ensemble.name!r} cannot be kept: the "
                f"table has three dimensions and {model.name} has {model.dimension}; allowed: 0",
            )
        )
    if block["below"] == "boson_peak" and not _has_complete_spectra(context):
        found.append(
            context.fault(
                "below",
                f"boson_peak needs complete spectra of an ensemble of the model {model.name}; "
                "studies.modes.request of the smallest must be all, or below: a frequency well "
                "above the peak; or give a frequency here",
            )
        )
    found += [
        fault for other in context.blocks("modes") for fault in _window(block, other, context)
    ]
    available = model.dimension * (ensemble.particles - 1)
    if block["at_least"] > available:
        found.append(
            context.fault(
                "at_least",
                f"{block['at_least']} is more than the {available} modes of {ensemble.name!r}; "
                f"allowed: 0 to {available}",
            )
        )
    return found


def _has_complete_spectra(context: StudyContext) -> bool:
    """Whether any glass of the same model has modes that are complete up to a frequency."""
    return any(
        name in context.ensembles
        and context.ensembles[name].model == context.model.name
        and context.ensembles[name].preparation["protocol"] != "fcc"
        for modes in context.studies.get("modes", [])
        if modes["request"] == "all" or "below" in modes["request"]
        for name in modes["ensembles"]
    )


def _window(block: dict, modes: dict, context: StudyContext) -> list[Fault]:
    """A window of modes beyond those that a block of `modes` requests."""
    request, name = modes["request"], context.ensemble.name
    if not isinstance(request, dict):
        return []
    found = []
    if block["below"] != "boson_peak" and block["below"] > request.get("below", block["below"]):
        found.append(
            context.fault(
                "below",
                f"{block['below']:g} is beyond the modes of {name!r}, which studies.modes "
                f"requests below {request['below']:g}; allowed: up to that",
            )
        )
    if block["at_least"] > request.get("lowest", block["at_least"]):
        found.append(
            context.fault(
                "at_least",
                f"{block['at_least']} is more than the {request['lowest']} modes that "
                f"studies.modes requests of {name!r}; allowed: up to that",
            )
        )
    return found


BOSON_PEAK = Table(
    "boson_peak",
    (
        *SAMPLE,
        Column("frequency", "number", "omega_BP, where g(omega) / omega^2 is largest"),
        Column("frequency_error", "number", "its uncertainty", False),
        Column("level", "number", "g / omega^2 there, in units of the Debye level", False),
        Column("spectrum_of", "text", "ensemble whose spectra gave it"),
    ),
    csv=True,
)

EXCITATIONS = Table(
    "excitations",
    (
        *SAMPLE,
        *MODE,
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
)

EXCITATION_SCANS = Table(
    "excitation_scans",
    (
        *SAMPLE,
        Column("mode", "integer", "0-based, ascending in frequency, translations left out"),
        Column("sign", "integer", "of the mode"),
        Column("frequency", "number", "angular eigenfrequency"),
        Column("amplitude", "number", "A (Eq. 5)"),
        Column("distance", "number", "|Dr| after minimisation (Eq. 6)"),
        Column("energy_change", "number", "Phi after less Phi before (Eq. 7, signed)"),
    ),
)

EXCITATION_FIELDS = Table(
    "excitation_fields",
    (
        *SAMPLE,
        *MODE,
        Column("particle", "integer", "0-based"),
        Column("x", "number", "position before the transition"),
        Column("y", "number", "position before the transition"),
        Column("z", "number", "position before the transition"),
        Column("dx", "number", "displacement by the transition"),
        Column("dy", "number", "displacement by the transition"),
        Column("dz", "number", "displacement by the transition"),
    ),
)

SCAN_KEYS = (
    "smallest_amplitude",
    "largest_amplitude",
    "grid_factor",
    "relative_precision",
    "overlap_distance",
    "other_sign",
)
"""Settings of the scan of one mode (:class:`glassmodes.transitions.excitations.ScanSettings`)."""


def spectrum_of(campaign, ensemble) -> str | None:
    """Ensemble whose spectra give the boson peak of another, None if there is none.

    Itself if it has full spectra, else the smallest of the same model that has them; without any,
    the smallest whose modes are complete below a frequency.
    """
    complete = {
        name: campaign.block("modes", name)["request"]
        for name in campaign.ensembles_of("modes")
        if campaign.ensembles[name].model == campaign.ensembles[ensemble].model
        and campaign.ensembles[name].preparation["protocol"] != "fcc"
    }
    full = [name for name, request in complete.items() if request == "all"]
    if ensemble in full:
        return ensemble
    partly = [name for name, request in complete.items() if "below" in request]
    return min(full or partly, key=lambda name: campaign.ensembles[name].particles, default=None)


def has_boson_peak(campaign) -> list[str]:
    """Ensembles of the study whose model has spectra from which the boson peak follows."""
    return [name for name in campaign.ensembles_of("excitations") if spectrum_of(campaign, name)]


def below_boson_peak(campaign, ensemble) -> bool:
    """Whether the boson peak bounds the window of an ensemble."""
    return campaign.block("excitations", ensemble)["below"] == "boson_peak"


def estimate_peak(campaign, ensemble, temperature=None) -> Estimate:
    """Boson peak of one ensemble, from all its spectra at once."""
    source = spectrum_of(campaign, ensemble)
    rows = campaign.ensembles[source].samples * modes.count(campaign, source)
    return Estimate(memory=BASE_MEMORY + 300.0 * rows, core_seconds=2e-6 * rows, disk=5e3)


def estimate_excitations(campaign, ensemble, temperature=None) -> Estimate:
    """Excitations of the modes of one sample; every rank holds the sample by itself."""
    entry = campaign.ensembles[ensemble]
    model, particles = campaign.models[entry.model], entry.particles
    block, known = campaign.block("excitations", ensemble), modes.count(campaign, ensemble)
    if block["below"] == "boson_peak":
        # about one mode in two hundred is below the boson peak
        pulled = max(0.005 * model.dimension * particles, block["at_least"])
    else:
        window = {"below": block["below"]}
        below = mode_count(window, particles, model.dimension, modes_per_volume(model))
        pulled = max(below, block["at_least"])
    pulled = int(min(pulled + block["above"], known))
    grid = math.log(block["largest_amplitude"] / block["smallest_amplitude"])
    minimisations = 1.5 * grid / math.log(block["grid_factor"])
    minimisations += math.log2(math.log(block["grid_factor"]) / block["relative_precision"] + 1.0)
    # a quench takes longer in a larger box, as its lowest mode is softer
    evaluations = 2000.0 * (particles / 2000.0) ** (1.0 / 3.0)
    seconds = evaluations * 0.5 * particles * (neighbours(model) + 10.0) / rate("quench_pairs")
    size = model.dimension * particles
    # distinct structures and what recognises them, a dozen at a time
    structures = 12.0 * (expansion_memory(model, particles) + 16.0 * size)
    return Estimate(
        # compiled kernels and both pair lists of the descent
        memory=BASE_MEMORY + 150e6 + 5.0 * expansion_memory(model, particles) + structures,
        core_seconds=pulled * minimisations * seconds,
        disk=400.0 * pulled + 60.0 * particles * block["fields"],
    )


def estimate_boson_peak(task) -> None:
    """Estimate the boson peak of one ensemble from the spectra of its model."""
    from dataclasses import asdict

    import pandas as pd

    from glassmodes.data.storage import read_table
    from glassmodes.randomness import random_stream
    from glassmodes.transitions.boson_peak import estimate_boson_peak

    campaign, source = task.campaign, spectrum_of(task.campaign, task.ensemble.name)
    found = estimate_boson_peak(
        pd.concat([read_table(path) for path in task.paths("modes")], ignore_index=True),
        pd.concat([read_table(path) for path in task.paths("moduli")], ignore_index=True),
        campaign.ensembles[source].particles,
        # that of the spectra, so that all ensembles of a model have the same peak
        random_stream(campaign.seed, source, 0, "boson peak"),
        task.model.dimension,
    )
    row = {**asdict(found), "spectrum_of": source}
    row["spectra"] = row.pop("samples")
    task.write_table("boson_peak", [task.with_sample(pd.DataFrame([row]), -1)])
    if not found.resolved:
        task.log.warning("the reduced density rises towards the lowest modes: the peak is a bound")
    task.log.info(
        "boson peak at w = %.4g +- %.2g, %.3g times the Debye level, from %d spectra of %s",
        *(found.frequency, found.frequency_error, found.level, found.samples, source),
    )


def measure(task) -> None:
    """Pull the modes of one bundle until the glass falls to another inherent structure.

    The modes of one sample after another are shared out among the ranks; those that an interrupted
    run had finished are kept.
    """
    from glassmodes.data.storage import read_table, sample_group
    from glassmodes.landscape import Landscape
    from glassmodes.landscape.quench import Quencher
    from glassmodes.parallel import form_teams
    from glassmodes.transitions.excitations import ScanSettings

    block, vectors = task.block(), task.path("mode_vectors")
    below = block["below"]
    if below == "boson_peak":
        below = float(read_table(task.path("boson_peak"))["frequency"].iloc[0])
    glasses = task.usable_with("mode_vectors")
    # all samples are looked at before any work is done
    windows = {sample: _modes_pulled(vectors, sample, below, block) for sample in glasses}
    settings = ScanSettings(**{key: block[key] for key in SCAN_KEYS})
    observables = read_table(task.path("modes"))

    def compute(glass, ranks) -> Part:
        def new_quencher(**settings):
            landscape = Landscape.of_glass(task.model, glass)
            return Quencher(landscape, force_tolerance=block["force_tolerance"], **settings)

        folder = task.partial.folder / sample_group(glass.sample)
        if ranks.rank == 0:
            folder.mkdir(exist_ok=True)
        ranks.Barrier()
        window = windows[glass.sample]
        _pull(
            task,
            glass,
            window=window,
            new_quencher=lambda: new_quencher(method=block["minimiser"]),
            settings=settings,
            scans=block["scans"],
            folder=folder,
            ranks=ranks,
        )
        ranks.Barrier()
        if ranks.rank != 0:
            return Part()
        found = _gather(
            new_quencher(),
            glass,
            window=window,
            folder=folder,
            observables=observables[observables["sample"] == glass.sample],
            fields=block["fields"],
        )
        _report(task.log, glass.sample, found["excitations"])
        return Part(found)

    each_sample(task, glasses, compute, team=form_teams(task.world, task.world.size))


def _modes_pulled(path, sample, below, block):
    """Modes of a sample that are pulled."""
    import numpy as np

    from glassmodes.data.storage import open_file, sample_group
    from glassmodes.transitions.excitations import ExcitationError, modes_in_window

    with open_file(path, [sample_group(sample)]) as file:
        group = file[sample_group(sample)]
        try:
            return modes_in_window(
                np.sqrt(np.maximum(group["frequency_squared"][...], 0.0)),
                below,
                at_least=block["at_least"],
                above=block["above"],
                complete_below=float(group.attrs["complete_below"]),
            )
        except ExcitationError as error:
            raise ExcitationError(
                f"{path}: sample {sample}: studies.excitations: {error}"
            ) from None


def _pull(task, glass, *, window, new_quencher, settings, scans, folder, ranks) -> None:
    """This rank's share of the modes of one sample, each kept in `folder` once it is done."""
    import numpy as np

    from glassmodes.data.storage import atomic_path, open_file, sample_group
    from glassmodes.parallel import distribute
    from glassmodes.transitions.cubic_amplitudes import saddle_amplitude
    from glassmodes.transitions.excitations import ModeExciter

    followed = set(
        window[np.unique(np.linspace(0, len(window) - 1, scans).round().astype(int))].tolist()
    )
    mine = [
        k
        for k in distribute(window.tolist(), ranks.rank, ranks.size)
        if not (folder / f"m{k:07d}.json").is_file()
    ]
    if not mine:
        return
    expansion = new_quencher().landscape.expand(glass.positions)
    # final structures of this rank's modes, and where they are kept
    finals = {}
    told = time.monotonic()
    with open_file(task.path("mode_vectors")) as file:
        group = file[sample_group(glass.sample)]
        frequencies = np.sqrt(np.maximum(group["frequency_squared"][...], 0.0))
        for done, k in enumerate(mine):
            vector = group["vectors"][k]
            # no more is known than where earlier modes ended: not all that a scan has met
            exciter = ModeExciter(new_quencher(), glass.positions, settings)
            known = {
                exciter.quencher.remember(positions): name for name, positions in finals.items()
            }
            excitation, signs = exciter.excite(vector, float(frequencies[k]))
            row = {"mode": k, **excitation.row()}
            row["cubic_amplitude"] = float(
                saddle_amplitude(frequencies[k], expansion.cubic_form(vector), len(vector))
            )
            record = {"row": row, "curve": [], "structure": None}
            if k in followed:
                record["curve"] = exciter.curve(vector, signs)
            if excitation.outcome == "transition":
                final = signs[excitation.sign].final
                if final.structure not in known:
                    known[final.structure] = f"m{k:07d}.npy"
                    finals[f"m{k:07d}.npy"] = final.positions
                    with atomic_path(folder / f"m{k:07d}.npy") as temporary:
                        with open(temporary, "wb") as output:
                            np.save(output, final.positions)
                record["structure"] = known[final.structure]
            with atomic_path(folder / f"m{k:07d}.json") as temporary:
                temporary.write_text(json.dumps(record))
            if time.monotonic() - told > 20.0 or done + 1 == len(mine):
                told = time.monotonic()
                task.log.info(
                    "sample %d: %d of %d modes of this rank; mode %d: %s at A = %.4g, %.1f s",
                    *(glass.sample, done + 1, len(mine), k, excitation.outcome),
                    *(excitation.amplitude, excitation.seconds),
                )


def _gather(quencher, glass, *, window, folder, observables, fields):
    """The tables of one sample from the parts of its modes."""
    import numpy as np
    import pandas as pd

    from glassmodes.transitions.rearrangements import displacement

    quencher.remember(glass.positions)
    observables = observables.set_index("mode")
    index_of, rows, curves = {}, [], []
    for k in window.tolist():
        record = json.loads((folder / f"m{k:07d}.json").read_text())
        row, name = record["row"], record["structure"]
        row["final_structure"] = -1
        if name is not None:
            if name not in index_of:
                index_of[name] = quencher.remember(np.load(folder / name))
            row["final_structure"] = index_of[name]
        for key in ("phonon_order", "participation_ratio"):
            row[key] = float(observables.loc[k, key])
        rows.append(row)
        curves += [{"mode": k, "frequency": row["frequency"], **point} for point in record["curve"]]
    table = pd.DataFrame(rows)
    changed = table[table["outcome"] == "transition"]
    shared = changed.groupby("final_structure").agg(first=("mode", "min"), modes=("mode", "size"))
    shared = shared.sort_values(["modes", "first"], ascending=[False, True])
    parts = []
    for structure, first in shared["first"].head(fields).items():
        moved = displacement(glass.positions, quencher.structures[structure], glass.box)
        part = pd.DataFrame({"mode": first, "particle": np.arange(len(moved))})
        part.insert(1, "frequency", table.set_index("mode").loc[first, "frequency"])
        for a, axis in enumerate("xyz"):
            part[axis] = glass.positions[:, a]
        for a, axis in enumerate("xyz"):
            part[f"d{axis}"] = moved[:, a]
        parts.append(part)
    return {
        "excitations": table,
        "excitation_scans": pd.DataFrame(curves),
        "excitation_fields": pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(),
    }


def _report(log, sample, table):
    outcomes = ", ".join(f"{n} {name}" for name, n in table["outcome"].value_counts().items())
    log.info(
        "sample %d: %d modes: %s; %d distinct transitions; %.1f minimisations and %.1f s a mode",
        *(sample, len(table), outcomes),
        table.loc[table["final_structure"] >= 0, "final_structure"].nunique(),
        *(table["minimisations"].mean(), table["seconds"].mean()),
    )


STUDY = Study(
    name="excitations",
    settings=Settings,
    needs=("modes",),
    faults=faults,
    stages=(
        Stage(
            name="estimate_boson_peak",
            per="ensemble",
            reads=(Read("modes", source=spectrum_of), Read("moduli", source=spectrum_of)),
            makes=(BOSON_PEAK,),
            run=estimate_boson_peak,
            estimate=estimate_peak,
            ensembles=has_boson_peak,
            ignores=tuple(Settings.model_fields),
        ),
        Stage(
            name="measure_excitations",
            per="bundle",
            reads=(
                *("glasses", "mode_vectors", "modes"),
                Read("boson_peak", needed=below_boson_peak),
            ),
            makes=(EXCITATIONS, EXCITATION_SCANS, EXCITATION_FIELDS),
            run=measure,
            estimate=estimate_excitations,
            ranks="time",
        ),
    ),
)
