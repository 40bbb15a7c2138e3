"""Campaign files: what to compute, checked as a whole before any job starts.

A campaign is YAML, described and bounded key by key in `workflow/schemas/campaign.schema.json`.
What a schema cannot say (a study of an ensemble that nobody defines, a box smaller than twice the
cutoff) is checked here. Importing this module is cheap: the workflow does it in every job.
"""

from __future__ import annotations

import copy
import difflib
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

from glassmodes.ensembles import Ensemble
from glassmodes.models import DEFAULT_MODELS, GlassModel, load_models

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = ROOT / "workflow" / "schemas" / "campaign.schema.json"
DEFAULT_CAMPAIGN = ROOT / "config" / "config.yaml"

NEEDS = {
    "lifetimes": ("modes", "dynamics"),
    "decay_rates": ("modes",),
    "joint_density": ("modes",),
    "excitations": ("modes",),
    "cubic_amplitudes": ("modes",),
}
"""Studies that each study needs for the same ensemble."""

RUNS = ("dynamics", "transitions")
"""Studies of constant-energy runs of their own, with temperatures and a duration."""

FULL_SPECTRUM = ("decay_rates", "joint_density")
"""Studies that need every mode."""

_PREPARATION_KEYS = {
    "quench": (
        *("parent_temperature", "equilibration", "annealing_temperature", "annealing"),
        *("time_step", "engine"),
    ),
    "cooling": (
        *("parent_temperature", "equilibration", "rate", "final_temperature"),
        *("time_step", "engine"),
    ),
    "equilibrium": (
        *("dynamics", "parent_temperature", "equilibration", "snapshots", "spacing", "time_step"),
        *("translation_step", "swap_fraction", "swap_window"),
    ),
    "random": ("annealing_temperature", "annealing", "engine"),
    "fcc": ("cells",),
}
_LIQUIDS = ("quench", "cooling", "equilibrium")
_OF_SWAPS = ("translation_step", "swap_fraction", "swap_window")
_BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
}
_SMALLEST_RUN = {"dynamics": 40, "transitions": 20}
"""Frames that a run must have at least: four, or two, for each of ten blocks."""


class CampaignError(ValueError):
    """A campaign that cannot be run; one line for each fault: file, key, value, what is allowed."""


@dataclass(frozen=True)
class Campaign:
    """A checked campaign with every default filled in.

    Attributes
    ----------
    name : str
    seed : int
    paper : str
        Paper that the results are compared with.
    ensembles : dict of str to Ensemble
    studies : dict of str to list of dict
        Blocks of each study, as in the campaign file.
    models : dict of str to GlassModel
        Models of the ensembles, by name.
    settings : dict
        The campaign as plain data (what the schema describes), defaults included.
    config_hash : str
        SHA-256 of `settings` and of the models' entries, 16 digits.
    results : str
        Folder of the results; no part of the hash.
    warnings : tuple of str
        What is allowed and yet suspicious.
    """

    name: str
    seed: int
    paper: str
    ensembles: dict[str, Ensemble]
    studies: dict[str, list[dict]]
    models: dict[str, GlassModel]
    settings: dict
    config_hash: str
    results: str
    warnings: tuple[str, ...] = ()

    def block(self, study: str, ensemble: str, temperature: float | None = None) -> dict | None:
        """Settings of a study for one ensemble (and temperature), or None if it is not asked for.

        A study without temperatures of its own is made at all temperatures of the dynamics.
        """
        for block in self.studies.get(study, []):
            if ensemble not in block["ensembles"]:
                continue
            if temperature is not None and temperature not in block.get(
                "temperatures", [temperature]
            ):
                continue
            return block
        return None

    def ensembles_of(self, study: str) -> list[str]:
        """Names of the ensembles that a study is made of, in the order of the campaign."""
        return [name for name in self.ensembles if self.block(study, name) is not None]

    def temperatures(self, study: str, ensemble: str) -> list[float]:
        """Temperatures at which a study is made of an ensemble, ascending."""
        available = {
            temperature
            for block in self.studies.get(study if study in RUNS else "dynamics", [])
            if ensemble in block["ensembles"]
            for temperature in block["temperatures"]
        }
        if study in RUNS:
            return sorted(available)
        return sorted(t for t in available if self.block(study, ensemble, t) is not None)

    def prepared(self) -> list[str]:
        """Names of the ensembles that any study is made of, in the order of the campaign."""
        asked = {
            name
            for blocks in self.studies.values()
            for block in blocks
            for name in block["ensembles"]
        }
        return [name for name in self.ensembles if name in asked]

    def spectrum_of(self, ensemble: str) -> str | None:
        """Ensemble whose spectra give the boson peak of another, None if there is none.

        Itself if it has full spectra, else the smallest of the same model that has them; without
        any, the smallest whose modes are complete below a frequency.
        """
        complete = {
            name: self.block("modes", name)["request"]
            for name in self.ensembles_of("modes")
            if self.ensembles[name].model == self.ensembles[ensemble].model
            and self.ensembles[name].preparation["protocol"] != "fcc"
        }
        full = [name for name, request in complete.items() if request == "all"]
        if ensemble in full:
            return ensemble
        partly = [name for name, request in complete.items() if "below" in request]
        return min(full or partly, key=lambda name: self.ensembles[name].particles, default=None)

    def time_step(self, ensemble: str, temperature: float, study: str = "dynamics") -> float:
        """Time step of the runs of an ensemble at a temperature."""
        block = self.block(study, ensemble, temperature)
        model = self.models[self.ensembles[ensemble].model]
        return float(block.get("time_step", model.time_step))


def temperature_label(temperature: float) -> str:
    """A temperature as it stands in file names."""
    return f"{temperature:.6g}"


@cache
def schema() -> dict:
    """The JSON Schema (2020-12) of campaign files."""
    return json.loads(SCHEMA.read_text())


def load_campaign(
    source: str | Path | Mapping,
    overrides: Mapping | None = None,
    *,
    file: str | Path | None = None,
    models_file: str | Path | None = None,
) -> Campaign:
    """Read and check a campaign.

    Parameters
    ----------
    source : path or mapping
        A campaign file, or its content.
    overrides : mapping, optional
        Merged over the content, key by key; lists are replaced.
    file : path, optional
        Name used in messages; the path of `source` if that is one.
    models_file : path, optional
        The registry of models; the shipped one by default.

    Returns
    -------
    Campaign

    Raises
    ------
    CampaignError
        With one line for every fault, each naming file, key, value and what is allowed.
    """
    if isinstance(source, Mapping):
        name = str(file or "campaign")
        content = _plain(source)
    else:
        name = str(file or source)
        content = _read(Path(source), name)
    if overrides:
        _merge(content, _plain(overrides))
    _refuse(name, _schema_faults(content))
    settings = _with_defaults(content)
    _refuse(name, _value_faults(settings))
    models_file = Path(models_file or DEFAULT_MODELS)
    models = load_models(models_file)
    ensembles, faults = _ensembles(settings, models)
    _refuse(name, faults)
    warnings: list[str] = []
    _refuse(name, _study_faults(settings, ensembles, models, warnings))

    results = settings.pop("results")
    used = {ensemble.model for ensemble in ensembles.values()}
    entries = yaml.safe_load(models_file.read_text())
    hashed = json.dumps(
        [settings, {key: entries[key] for key in sorted(used)}], sort_keys=True
    ).encode()
    return Campaign(
        name=settings["campaign"],
        seed=settings["seed"],
        paper=settings["paper"],
        ensembles=ensembles,
        studies=settings["studies"],
        models={key: models[key] for key in sorted(used)},
        settings=settings,
        config_hash=hashlib.sha256(hashed).hexdigest()[:16],
        results=results,
        warnings=tuple(f"{name}: {warning}" for warning in warnings),
    )


def _refuse(file: str, faults: list[tuple[str, str]]) -> None:
    if faults:
        # a block of several ensembles may find the same fault for each
        lines = dict.fromkeys(f"{file}: {key}: {message}" for key, message in faults)
        raise CampaignError("\n".join(lines))


def _read(path: Path, name: str) -> dict:
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise CampaignError(f"{name}: {error.strerror or error}") from None
    except yaml.YAMLError as error:
        raise CampaignError(f"{name}: not valid YAML: {error}") from None
    if not isinstance(content, dict):
        raise CampaignError(f"{name}: a campaign is a mapping, with the keys {_allowed_keys()}")
    return content


def _allowed_keys() -> str:
    return ", ".join(schema()["properties"])


def _plain(content):
    """Plain dicts and lists, copied (Snakemake hands over its own mapping types)."""
    if isinstance(content, Mapping):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_plain(value) for value in content]
    return copy.copy(content)


def _merge(content: dict, overrides: Mapping) -> None:
    for key, value in overrides.items():
        if isinstance(value, Mapping) and isinstance(content.get(key), dict):
            _merge(content[key], value)
        else:
            content[key] = value


def _dotted(path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "(top level)"


def _near(value, allowed) -> str:
    close = difflib.get_close_matches(str(value), [str(a) for a in allowed], n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _schema_faults(content: dict) -> list[tuple[str, str]]:
    validator = Draft202012Validator(schema())
    errors = sorted(validator.iter_errors(content), key=lambda error: list(map(str, error.path)))
    return [fault for error in errors for fault in _describe(error)]


def _describe(error) -> list[tuple[str, str]]:
    """(key, message) of a schema error: the value, and what is allowed."""
    key, value, rule = _dotted(error.path), error.instance, error.validator
    if rule == "additionalProperties":
        allowed = list(error.schema.get("properties", {}))
        unknown = [name for name in value if name not in allowed]
        prefix = "" if key == "(top level)" else f"{key}."
        return [
            (f"{prefix}{name}", f"unknown key{_near(name, allowed)}; allowed: {', '.join(allowed)}")
            for name in unknown
        ]
    if rule == "required":
        missing = [name for name in error.validator_value if name not in value]
        return [(key, f"the key {name!r} is missing") for name in missing]
    if rule == "enum":
        allowed = error.validator_value
        return [
            (key, f"{value!r} is not among {', '.join(map(str, allowed))}{_near(value, allowed)}")
        ]
    if rule == "type":
        return [(key, f"{value!r} is not of type {error.validator_value}{_type_hint(value)}")]
    if rule == "pattern":
        return [(key, f"{value!r} does not match {error.validator_value}")]
    if rule in _BOUNDS:
        return [(key, f"{value!r} is out of bounds: it must be {_bounds(error.schema)}")]
    return [(key, error.message)]


def _bounds(rules: Mapping) -> str:
    return " and ".join(
        f"{word} {rules[rule]:.12g}" for rule, word in _BOUNDS.items() if rule in rules
    )


def _type_hint(value) -> str:
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return ""
        if "." not in value:
            return f" (YAML reads {value} as text; write it with a point, {number:.1e})"
    return ""


def _with_defaults(content: dict) -> dict:
    """The campaign with every default of the schema, and each study as a list of blocks."""
    definitions = schema()["$defs"]
    settings = {**_defaults(schema()), **content}
    settings["ensembles"] = {
        name: {**_defaults(definitions["ensemble"]), **entry}
        for name, entry in content["ensembles"].items()
    }
    settings["studies"] = {
        study: [
            {**_defaults(definitions[study]), **block}
            for block in (blocks if isinstance(blocks, list) else [blocks])
        ]
        for study, blocks in content["studies"].items()
    }
    return settings


def _defaults(rules: Mapping) -> dict:
    return {
        key: entry["default"] for key, entry in rules["properties"].items() if "default" in entry
    }


def _value_faults(value, path=()) -> list[tuple[str, str]]:
    """Infinities and NaNs, which pass the bounds of a schema."""
    if isinstance(value, dict):
        return [f for key, child in value.items() for f in _value_faults(child, (*path, key))]
    if isinstance(value, list):
        return [f for i, child in enumerate(value) for f in _value_faults(child, (*path, i))]
    if isinstance(value, float) and not math.isfinite(value):
        return [(_dotted(path), f"{value} is not a finite number")]
    return []


def _ensembles(settings: dict, models: Mapping[str, GlassModel]):
    """The ensembles of the campaign, and what is wrong with them."""
    ensembles, faults = {}, []
    for name, entry in settings["ensembles"].items():
        key = f"ensembles.{name}"
        model = models.get(entry["model"])
        if model is None:
            faults.append(
                (
                    f"{key}.model",
                    f"unknown model {entry['model']!r}{_near(entry['model'], models)}"
                    f"; known models: {', '.join(models)}",
                )
            )
            continue
        preparation, more = _preparation(key, entry["preparation"], model)
        faults += more
        if preparation["protocol"] == "fcc":
            particles = 4 * preparation.get("cells", 1) ** 3
            if entry.get("particles", particles) != particles:
                faults.append(
                    (
                        f"{key}.particles",
                        f"{entry['particles']} differs from the {particles} of "
                        f"{preparation['cells']} FCC cells an edge; leave it out",
                    )
                )
        elif "particles" not in entry:
            faults.append((key, "the key 'particles' is missing"))
            continue
        else:
            particles = entry["particles"]
        smallest = model.smallest_system()
        if particles < smallest:
            box, reach = model.box(particles)[0], 2.0 * model.largest_cutoff()
            where = "preparation.cells" if preparation["protocol"] == "fcc" else "particles"
            least = math.ceil((smallest / 4) ** (1 / 3) - 1e-9) if "cells" in where else smallest
            faults.append(
                (
                    f"{key}.{where}",
                    f"{particles} particles of {model.name} have a box of {box:.4g}, smaller than "
                    f"twice the cutoff, {reach:.4g}; at least {least} are needed",
                )
            )
            continue
        ensembles[name] = Ensemble(
            name=name,
            model=model.name,
            particles=particles,
            samples=entry["samples"],
            bundle=entry["bundle"],
            preparation=preparation,
        )
    return ensembles, faults


def _preparation(key: str, entry: dict, model: GlassModel):
    """A preparation with the model's own values where none are given, and its faults."""
    protocol = entry["protocol"]
    allowed = _PREPARATION_KEYS[protocol]
    faults = [
        (
            f"{key}.preparation.{name}",
            f"not a setting of the protocol {protocol} "
            f"(its settings: {', '.join(allowed) or 'none'})",
        )
        for name in entry
        if name not in ("protocol", "ranks_per_sample", *allowed)
    ]
    for name, other in (
        ("annealing", "annealing_temperature"),
        ("annealing_temperature", "annealing"),
    ):
        if name in entry and other not in entry:
            faults.append((f"{key}.preparation", f"{name!r} needs the key {other!r} beside it"))
    preparation = {**_defaults(schema()["$defs"]["preparation"]), **entry}
    native = entry.get("engine", "native" if model.dimension not in (2, 3) else "lammps")
    if native == "lammps" and model.dimension not in (2, 3):
        faults.append(
            (
                f"{key}.preparation.engine",
                f"LAMMPS has no {model.dimension} dimensions (model {model.name}); allowed: native",
            )
        )
    if (native == "native" or protocol == "equilibrium") and preparation["ranks_per_sample"] > 1:
        faults.append(
            (
                f"{key}.preparation.ranks_per_sample",
                f"{preparation['ranks_per_sample']} ranks cannot share a sample that LAMMPS does "
                "not prepare; allowed: 1",
            )
        )
    if protocol == "equilibrium":
        faults += _equilibrium_faults(f"{key}.preparation", entry, model)
    if protocol in _LIQUIDS:
        swaps = entry.get("dynamics") == "swap"
        for name, value in (
            ("parent_temperature", model.parent_temperature),
            ("equilibration", None if swaps else model.equilibration),
        ):
            if name not in preparation and not value:
                faults.append(
                    (
                        f"{key}.preparation",
                        f"the key {name!r} is missing, and the model {model.name} has none"
                        + (" for swap Monte Carlo" if swaps else ""),
                    )
                )
            preparation.setdefault(name, value)
        lowest = preparation.get("final_temperature", 0.0)
        if protocol == "cooling" and lowest >= (preparation["parent_temperature"] or math.inf):
            faults.append(
                (
                    f"{key}.preparation.final_temperature",
                    f"{lowest:g} is not below the parent temperature; allowed: less than "
                    f"{preparation['parent_temperature']:g}",
                )
            )
    if protocol == "fcc":
        one_component = not model.is_polydisperse and len(model.fractions) == 1
        if not one_component or model.dimension != 3:
            faults.append(
                (
                    f"{key}.preparation.protocol",
                    f"fcc needs a one-component model in three dimensions, and {model.name} is "
                    "not one; allowed: quench, random",
                )
            )
    return preparation, faults


def _equilibrium_faults(key: str, entry: dict, model: GlassModel):
    if entry["dynamics"] != "swap":
        return [
            (f"{key}.{name}", "a setting of swap Monte Carlo, and dynamics is molecular")
            for name in _OF_SWAPS
            if name in entry
        ]
    faults = []
    if not model.is_polydisperse:
        faults.append(
            (
                f"{key}.dynamics",
                f"swap exchanges diameters, and the model {model.name} is not polydisperse; "
                "allowed: molecular",
            )
        )
    if "time_step" in entry:
        faults.append((f"{key}.time_step", "swap Monte Carlo has no time step; leave it out"))
    return faults


def _study_faults(settings, ensembles, models, warnings) -> list[tuple[str, str]]:
    faults = []
    studies = settings["studies"]
    covered: dict[tuple, str] = {}
    for study, blocks in studies.items():
        for index, block in enumerate(blocks):
            key = f"studies.{study}" + (f"[{index}]" if len(blocks) > 1 else "")
            for name in block["ensembles"]:
                if name not in ensembles:
                    faults.append(
                        (
                            f"{key}.ensembles",
                            f"nobody defines the ensemble {name!r}{_near(name, ensembles)}"
                            f"; defined: {', '.join(ensembles)}",
                        )
                    )
                    continue
                for temperature in block.get("temperatures", [None]):
                    if study == "decay_rates":
                        temperature = None
                    subject = (study, name, temperature)
                    if covered.setdefault(subject, key) != key:
                        at = "" if temperature is None else f" at the temperature {temperature:g}"
                        faults.append(
                            (f"{key}.ensembles", f"{name!r}{at} is already in {covered[subject]}")
                        )
                faults += _need_faults(key, study, name, studies)
                model = models[ensembles[name].model]
                if study == "modes":
                    faults += _request_faults(key, block["request"], ensembles[name], model)
                if study in RUNS:
                    faults += _run_faults(key, study, block, name, model, warnings)
                if study == "dynamics":
                    first = _blocks_of(studies, study, name)[0]
                    if block["keep_trajectories"] != first["keep_trajectories"]:
                        faults.append(
                            (
                                f"{key}.keep_trajectories",
                                f"{block['keep_trajectories']} differs from another block of "
                                f"{name!r}; one choice for an ensemble is allowed",
                            )
                        )
                if study == "lifetimes":
                    faults += _lifetime_faults(key, block, name, studies)
                if study == "excitations":
                    faults += _excitation_faults(key, block, name, studies, ensembles, model)
                if study == "quasilocalized":
                    faults += _quasilocalized_faults(key, block, ensembles[name], model)
    return faults


def _blocks_of(studies, study, ensemble) -> list[dict]:
    return [block for block in studies.get(study, []) if ensemble in block["ensembles"]]


def _need_faults(key, study, ensemble, studies):
    faults = [
        (
            f"{key}.ensembles",
            f"{study} of {ensemble!r} needs the study {need!r} of it; add {ensemble!r} to "
            f"studies.{need}.ensembles",
        )
        for need in NEEDS.get(study, ())
        if not _blocks_of(studies, need, ensemble)
    ]
    if study not in FULL_SPECTRUM:
        return faults
    faults += [
        (
            f"{key}.ensembles",
            f"{study} of {ensemble!r} needs its full spectrum, and studies.modes requests "
            f"{block['request']}; allowed: request: all",
        )
        for block in _blocks_of(studies, "modes", ensemble)
        if block["request"] != "all"
    ]
    return faults


def _request_faults(key, request, ensemble, model):
    if not isinstance(request, dict) or "lowest" not in request:
        return []
    available = model.dimension * (ensemble.particles - 1)
    if request["lowest"] <= available:
        return []
    return [
        (
            f"{key}.request.lowest",
            f"{request['lowest']} is more than the {available} modes that {ensemble.particles} "
            f"particles of {ensemble.name!r} have in {model.dimension} dimensions "
            f"({model.dimension}N-{model.dimension}); allowed: 1 to {available}",
        )
    ]


def _run_faults(key, study, block, ensemble, model, warnings):
    faults = []
    least = _SMALLEST_RUN[study]
    if model.dimension not in (2, 3):
        faults.append(
            (
                f"{key}.ensembles",
                f"{ensemble!r} cannot run: LAMMPS has no {model.dimension} dimensions",
            )
        )
    step = block.get("time_step", model.time_step)
    interval, duration = block["interval"], block["duration"]
    steps = round(interval / step)
    if steps < 1 or abs(steps * step - interval) > 1e-9 * interval:
        faults.append(
            (
                f"{key}.interval",
                f"{interval} is no multiple of the time step {step}; the nearest is "
                f"{max(steps, 1) * step:g}",
            )
        )
    if interval > duration:
        faults.append(
            (
                f"{key}.interval",
                f"{interval} is longer than the duration, {duration}; it must be "
                f"at most {duration / least:g}",
            )
        )
    elif duration / interval < least:
        faults.append(
            (
                f"{key}.duration",
                f"{duration} holds {int(duration / interval)} frames; at least "
                f"{least} are needed, a duration of {least * interval:g}",
            )
        )
    labels = {}
    for temperature in block["temperatures"]:
        other = labels.setdefault(temperature_label(temperature), temperature)
        if other != temperature:
            faults.append(
                (
                    f"{key}.temperatures",
                    f"{temperature!r} and {other!r} have the same name, "
                    f"T{temperature_label(temperature)}; six digits are kept",
                )
            )
        melting, glass = model.melting_temperature, model.glass_temperature
        if melting is not None and temperature >= melting:
            faults.append(
                (
                    f"{key}.temperatures",
                    f"{temperature!r} is not below the melting temperature of "
                    f"{model.name}, {melting}, where no inherent structure stays; allowed: below "
                    f"{melting}",
                )
            )
        elif glass is not None and temperature >= glass:
            warnings.append(
                f"{key}.temperatures: {temperature!r} is above the glass transition of "
                f"{model.name}, {glass}: expect rearrangements"
            )
    return faults


def _lifetime_faults(key, block, ensemble, studies):
    available = [
        t for other in _blocks_of(studies, "dynamics", ensemble) for t in other["temperatures"]
    ]
    return [
        (
            f"{key}.temperatures",
            f"{temperature!r} is no temperature of the dynamics of {ensemble!r}; allowed: "
            f"{', '.join(f'{t:g}' for t in sorted(available))}",
        )
        for temperature in block.get("temperatures", [])
        if available and temperature not in available
    ]


def _excitation_faults(key, block, ensemble, studies, ensembles, model):
    faults = []
    smallest, largest = block["smallest_amplitude"], block["largest_amplitude"]
    if smallest >= largest:
        faults.append(
            (
                f"{key}.smallest_amplitude",
                f"{smallest:g} is not below the largest_amplitude, {largest:g}",
            )
        )
    if block["fields"] and model.dimension != 3:
        faults.append(
            (
                f"{key}.fields",
                f"{block['fields']} displacement fields of {ensemble!r} cannot be kept: the table "
                f"has three dimensions and {model.name} has {model.dimension}; allowed: 0",
            )
        )
    spectra = [
        name
        for other in studies.get("modes", [])
        if other["request"] == "all" or "below" in other["request"]
        for name in other["ensembles"]
        if name in ensembles
        and ensembles[name].model == model.name
        and ensembles[name].preparation["protocol"] != "fcc"
    ]
    if block["below"] == "boson_peak" and not spectra:
        faults.append(
            (
                f"{key}.below",
                f"boson_peak needs complete spectra of an ensemble of the model {model.name}; "
                "studies.modes.request of the smallest must be all, or below: a frequency well "
                "above the peak; or give a frequency here",
            )
        )
    for other in _blocks_of(studies, "modes", ensemble):
        request = other["request"]
        if not isinstance(request, dict):
            continue
        if "below" in request and block["below"] != "boson_peak":
            if block["below"] > request["below"]:
                faults.append(
                    (
                        f"{key}.below",
                        f"{block['below']:g} is beyond the modes of {ensemble!r}, which "
                        f"studies.modes requests below {request['below']:g}; allowed: up to that",
                    )
                )
        if block["at_least"] > request.get("lowest", block["at_least"]):
            faults.append(
                (
                    f"{key}.at_least",
                    f"{block['at_least']} is more than the {request['lowest']} modes that "
                    f"studies.modes requests of {ensemble!r}; allowed: up to that",
                )
            )
    available = model.dimension * (ensembles[ensemble].particles - 1)
    if block["at_least"] > available:
        faults.append(
            (
                f"{key}.at_least",
                f"{block['at_least']} is more than the {available} modes of {ensemble!r}; "
                f"allowed: 0 to {available}",
            )
        )
    return faults


def _quasilocalized_faults(key, block, ensemble, model):
    # one mode more than is kept is solved for
    available = model.dimension * (ensemble.particles - 1) - 1
    return [
        (
            f"{key}.{name}",
            f"{block[name]} is more than the {available} lowest modes that {ensemble.particles} "
            f"particles of {ensemble.name!r} can give; allowed: up to that",
        )
        for name in ("harmonic_modes", "population_harmonic_modes")
        if block[name] > available
    ]
