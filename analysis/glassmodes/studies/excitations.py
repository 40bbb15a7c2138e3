"""The study `excitations`: modes pulled until the glass falls to another inherent structure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from glassmodes.campaign.validation import EnsembleStudySettings, Fault, StudyContext


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


NEEDS = ("modes",)


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
