"""Campaign files: what to compute, checked as a whole before any job starts.

A campaign is YAML. The classes of settings of its ensembles, preparation protocols and studies
state the type, bounds, default and description of each key; what they cannot say (a study of an
ensemble that nobody defines, a box smaller than twice the cutoff) is checked here and by the
studies. Importing this module is cheap: the workflow does it in every job.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field

from glassmodes.campaign import registry
from glassmodes.campaign.preparation import PROTOCOLS, read_preparation, size_faults
from glassmodes.campaign.study import Study
from glassmodes.campaign.validation import (
    Fault,
    Name,
    Settings,
    SettingsError,
    StudyContext,
    Unique,
    dotted,
    json_schema,
    near,
    not_among,
    read_settings,
    temperature_label,
    unknown_key,
)
from glassmodes.ensembles import Ensemble
from glassmodes.models import DEFAULT_MODELS, GlassModel, load_models

__all__ = [
    "Campaign",
    "CampaignError",
    "CampaignFile",
    "DEFAULT_CAMPAIGN",
    "EnsembleSettings",
    "ROOT",
    "load_campaign",
    "schema",
    "temperature_label",
]

ROOT = Path(__file__).resolve().parents[3]
DEFAULT_CAMPAIGN = ROOT / "config" / "config.yaml"

# the same as yaml.SafeLoader, and ten times as fast; a PyYAML without libyaml lacks it
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

NOT_HASHED = ("papers", "figures", "results")
"""Keys that change no sample and no measurement."""


class CampaignError(SettingsError):
    """A campaign that cannot be run; one line for each fault: file, key, value, what is allowed."""


class EnsembleSettings(Settings):
    """Independent samples of one glass model at one size, prepared in one way."""

    model: Name = Field(description="A model of the registry.")
    particles: int = Field(
        None,
        ge=2,
        le=10_000_000,
        description="Number of particles; the box of the model's density must be at least twice "
        "its cutoff. Crystals follow from preparation.cells.",
    )
    samples: int = Field(1, ge=1, le=10_000_000, description="Number of independent samples.")
    bundle: int = Field(
        1,
        ge=1,
        le=100_000,
        description="Samples per job and file; it changes no sample. Half an hour to four hours a "
        "job, at most about 5,000 jobs, is a good choice.",
    )
    preparation: dict[str, Any] = Field(description="How the inherent structures are made.")


class CampaignFile(Settings):
    """What to compute: ensembles of glasses and the studies made of them. Reduced units (mass,
    length, energy and k_B = 1, as the model defines them). Machines (cores, memory, partitions) are
    in the profiles."""

    campaign: str = Field(
        pattern="^[a-z0-9][a-z0-9_]*$",
        min_length=1,
        max_length=80,
        description="Name of the campaign; its results are in <results>/<campaign>/.",
    )
    seed: int = Field(
        ge=0,
        le=4_294_967_295,
        description="Every random number derives from (seed, ensemble, sample, stage).",
    )
    papers: Annotated[list[str], *Unique] = Field(
        [],
        min_length=0,
        max_length=100,
        description="Papers that the tables are compared with, each with its own figures; no part "
        "of the science, it changes the summary, the figures and the report alone.",
    )
    results: Annotated[str, Field(pattern="^[A-Za-z0-9_./+=@,%-]+$")] = Field(
        "results",
        min_length=1,
        max_length=4096,
        description="Folder of the results; no part of the science, it changes nothing else. It "
        "stands in shell commands, so it has no spaces or special characters.",
    )
    figures: Annotated[
        list[
            Annotated[
                str,
                Field(
                    pattern=r"^[A-Za-z0-9_./+=@,%-]+\.py$",
                    max_length=4096,
                    description="A Python file, relative to the folder where Snakemake is run.",
                ),
            ]
        ],
        *Unique,
    ] = Field(
        [],
        min_length=0,
        max_length=100,
        description="Python files with figures of one's own; no part of the science. They stand in "
        "shell commands, so their names have no spaces or special characters.",
    )
    ensembles: dict[str, Any] = Field(
        min_length=1,
        max_length=1000,
        description="Named sets of independent samples of one model.",
    )
    studies: dict[str, Any] = Field(
        min_length=1,
        description="What is computed of which ensembles. Each study is one block, or a list of "
        "blocks with different settings. What is not asked for is not run.",
    )


class _EnsembleName(Settings):
    """The name of an ensemble, which is a key of a campaign file."""

    name: Name


class _BlockList(Settings):
    """The blocks of a study, where they are given as a list."""

    blocks: list[Any] = Field(min_length=1, max_length=1000)


@dataclass(frozen=True)
class Campaign:
    """A checked campaign with every default filled in.

    Attributes
    ----------
    name : str
    seed : int
    papers : tuple of str
        Papers that the results are compared with.
    figures : tuple of str
        Python files with the user's own figures.
    ensembles : dict of str to Ensemble
    studies : dict of str to list of dict
        Blocks of each study, as in the campaign file.
    models : dict of str to GlassModel
        Models of the ensembles, by name.
    settings : dict
        The campaign as plain data (what the schema describes), defaults included, but for
        `results`.
    config_hash : str
        SHA-256 of `settings` without `papers` and `figures`, and of the models' entries, 16 digits.
    results : str
        Folder of the results.
    warnings : tuple of str
        What is allowed and yet suspicious.
    """

    name: str
    seed: int
    papers: tuple[str, ...]
    figures: tuple[str, ...]
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
            if ensemble not in block.get("ensembles", ()):
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
        source = registry.studies()[study].temperatures or study
        available = {
            temperature
            for block in self.studies.get(source, [])
            if ensemble in block["ensembles"]
            for temperature in block["temperatures"]
        }
        return sorted(t for t in available if self.block(study, ensemble, t) is not None)

    def prepared(self) -> list[str]:
        """Names of the ensembles that any study is made of, in the order of the campaign."""
        asked = {
            name
            for blocks in self.studies.values()
            for block in blocks
            for name in block.get("ensembles", ())
        }
        return [name for name in self.ensembles if name in asked]

    def time_step(self, ensemble: str, temperature: float, study: str = "dynamics") -> float:
        """Time step of the runs of an ensemble at a temperature."""
        block = self.block(study, ensemble, temperature)
        model = self.models[self.ensembles[ensemble].model]
        return float(block.get("time_step", model.time_step))


@cache
def schema() -> dict:
    """The JSON Schema (2020-12) of campaign files, for editors."""
    top = copy.deepcopy(json_schema(CampaignFile))
    ensemble = copy.deepcopy(json_schema(EnsembleSettings))
    definitions = {"name": _name_rules(), "ensemble": ensemble}
    ensemble["properties"]["preparation"] = {"$ref": "#/$defs/preparation"}
    definitions["preparation"] = {
        "description": "How the inherent structures are made.",
        "oneOf": [{"$ref": f"#/$defs/{protocol}"} for protocol in PROTOCOLS],
    }
    definitions |= {name: json_schema(kind) for name, kind in PROTOCOLS.items()}
    keys = top["properties"]
    keys["papers"]["items"] = {"type": "string", "maxLength": 80, "enum": list(registry.papers())}
    keys["ensembles"] |= {
        "propertyNames": {"$ref": "#/$defs/name"},
        "additionalProperties": {"$ref": "#/$defs/ensemble"},
    }
    keys["studies"] |= {"additionalProperties": False, "properties": {}}
    for name, study in _asked_for().items():
        block = json_schema(study.settings)
        reference = {"$ref": f"#/$defs/{name}"}
        several = {"type": "array", "minItems": 1, "maxItems": 1000, "items": reference}
        keys["studies"]["properties"][name] = {
            "description": block.get("description", ""),
            "oneOf": [reference, several],
        }
        definitions[name] = block
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "campaign.schema.json",
        "title": "Campaign",
        **top,
        "$defs": definitions,
    }


def _asked_for() -> dict[str, Study]:
    """Studies that a campaign file can ask for: all but the preparation of the samples."""
    return {name: study for name, study in registry.studies().items() if study.settings}


def _name_rules() -> dict:
    return copy.deepcopy(json_schema(EnsembleSettings)["properties"]["model"]) | {
        "description": "Name of an ensemble: lower-case letters, digits and underscores, beginning "
        "with a letter; it becomes a folder.",
    }


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
    content, faults = _text_keys(content)
    settings, more = _settings(content)
    _refuse(name, faults + more)
    models_file = Path(models_file or DEFAULT_MODELS)
    models = load_models(models_file)
    ensembles, faults = _ensembles(settings, models)
    _refuse(name, faults)
    warnings: list[str] = []
    _refuse(name, _study_faults(settings, ensembles, models, warnings))

    results = settings.pop("results")
    used = {ensemble.model for ensemble in ensembles.values()}
    entries = yaml.load(models_file.read_text(), _Loader)
    science = {key: value for key, value in settings.items() if key not in NOT_HASHED}
    hashed = json.dumps(
        [science, {key: entries[key] for key in sorted(used)}], sort_keys=True
    ).encode()
    return Campaign(
        name=settings["campaign"],
        seed=settings["seed"],
        papers=tuple(settings["papers"]),
        figures=tuple(settings["figures"]),
        ensembles=ensembles,
        studies=settings["studies"],
        models={key: models[key] for key in sorted(used)},
        settings=settings,
        config_hash=hashlib.sha256(hashed).hexdigest()[:16],
        results=results,
        warnings=tuple(f"{name}: {warning}" for warning in warnings),
    )


def _refuse(file: str, faults: list[Fault]) -> None:
    if faults:
        # a block of several ensembles may find the same fault for each
        lines = dict.fromkeys(f"{file}: {key}: {message}" for key, message in faults)
        raise CampaignError("\n".join(lines))


def _read(path: Path, name: str) -> dict:
    try:
        content = yaml.load(path.read_text(), _Loader)
    except OSError as error:
        raise CampaignError(f"{name}: {error.strerror or error}") from None
    except yaml.YAMLError as error:
        raise CampaignError(f"{name}: not valid YAML: {error}") from None
    if not isinstance(content, dict):
        raise CampaignError(f"{name}: a campaign is a mapping, with the keys {_allowed_keys()}")
    return content


def _allowed_keys() -> str:
    return ", ".join(CampaignFile.model_fields)


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


def _text_keys(value, path=()) -> tuple[Any, list[Fault]]:
    """The content without keys that are no text (a pydantic model has none), and those keys."""
    if isinstance(value, list):
        items = [_text_keys(child, (*path, index)) for index, child in enumerate(value)]
        return [child for child, _ in items], [fault for _, more in items for fault in more]
    if not isinstance(value, dict):
        return value, []
    content, faults = {}, []
    for key, child in value.items():
        if isinstance(key, str):
            content[key], more = _text_keys(child, (*path, key))
            faults += more
        else:
            faults.append(
                (
                    dotted(path),
                    f"the key {key!r} is no text (YAML reads numbers, dates, and words like yes, "
                    "no, on and off as something else); write it in quotes, or choose another name",
                )
            )
    return content, faults


def _settings(content: dict) -> tuple[dict, list[Fault]]:
    """The campaign with every default, each study as a list of blocks, and what is wrong with it.

    Nothing that depends on a model, or on two parts of the file at once, is checked yet.
    """
    faults = []
    if "paper" in content:
        name = content["paper"] if isinstance(content["paper"], str) else "name"
        faults.append(("paper", f"papers are a list now; write papers: [{name}]"))
        content = {key: value for key, value in content.items() if key != "paper"}
    settings, more = read_settings(CampaignFile, content)
    faults += more
    if settings:
        faults += _paper_faults(settings["papers"]) + _figure_faults(settings["figures"])
    parts = {}
    for key, read in (("ensembles", _ensemble_settings), ("studies", _study_settings)):
        if isinstance(content.get(key), dict):
            parts[key], more = read(content[key])
            faults += more
    return {**settings, **parts}, faults


def _paper_faults(papers: list[str]) -> list[Fault]:
    known = registry.papers()
    return [
        (f"papers[{index}]", not_among(paper, known))
        for index, paper in enumerate(papers)
        if paper not in known
    ]


def _figure_faults(files: list[str]) -> list[Fault]:
    return [
        (
            f"figures[{index}]",
            f"there is no file {file!r} in the current folder, {Path.cwd()}; its path must be "
            "relative to the folder where Snakemake is run, or absolute",
        )
        for index, file in enumerate(files)
        if not Path(file).is_file()
    ]


def _ensemble_settings(entries: dict) -> tuple[dict, list[Fault]]:
    settings, faults = {}, []
    for name, entry in entries.items():
        key = f"ensembles.{name}"
        _, refused = read_settings(_EnsembleName, {"name": name})
        faults += [(key, message) for _, message in refused]
        settings[name], more = read_settings(EnsembleSettings, entry, key)
        faults += more
        if isinstance(entry, dict) and isinstance(entry.get("preparation"), dict):
            preparation, more = read_preparation(entry["preparation"], f"{key}.preparation")
            settings[name]["preparation"] = preparation
            faults += more
    return settings, faults


def _study_settings(entries: dict) -> tuple[dict, list[Fault]]:
    settings: dict[str, list[dict]] = {}
    faults: list[Fault] = []
    studies = _asked_for()
    for name, entry in entries.items():
        key = f"studies.{name}"
        if name not in studies:
            faults.append((key, unknown_key(name, list(studies))))
            continue
        several = isinstance(entry, list)
        if several:
            _, refused = read_settings(_BlockList, {"blocks": entry})
            faults += [(key, message) for _, message in refused]
        settings[name] = []
        for index, block in enumerate(entry if several else [entry]):
            place = f"{key}[{index}]" if several else key
            checked, more = read_settings(studies[name].settings, block, place)
            settings[name].append(checked)
            faults += more
    return settings, faults


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
                    f"unknown model {entry['model']!r}{near(entry['model'], models)}"
                    f"; known models: {', '.join(models)}",
                )
            )
            continue
        place = f"{key}.preparation"
        protocol = PROTOCOLS[entry["preparation"]["protocol"]](**entry["preparation"])
        faults += protocol.faults(place, model)
        particles = entry.get("particles", getattr(protocol, "particles", None))
        if particles is None:
            faults.append((key, "the key 'particles' is missing"))
            continue
        faults += size_faults(key, protocol, particles, model)
        ensembles[name] = Ensemble(
            name=name,
            model=model.name,
            particles=particles,
            samples=entry["samples"],
            bundle=entry["bundle"],
            preparation=protocol.completed(model),
        )
    return ensembles, faults


def _study_faults(settings, ensembles, models, warnings) -> list[Fault]:
    """What is wrong with the studies as they stand beside ensembles and other studies."""
    faults: list[Fault] = []
    studies = settings["studies"]
    for study, blocks in studies.items():
        declared = registry.studies()[study]
        covered: dict[tuple, str] = {}
        for index, block in enumerate(blocks):
            key = f"studies.{study}" + (f"[{index}]" if len(blocks) > 1 else "")
            surroundings = (studies, ensembles, warnings)
            if "ensembles" not in block:
                context = StudyContext(key, study, None, None, *surroundings)
                faults += declared.faults(block, context) if declared.faults else []
            for name in block.get("ensembles", ()):
                if name not in ensembles:
                    faults.append(
                        (
                            f"{key}.ensembles",
                            f"nobody defines the ensemble {name!r}{near(name, ensembles)}"
                            f"; defined: {', '.join(ensembles)}",
                        )
                    )
                    continue
                ensemble = ensembles[name]
                model = models[ensemble.model]
                context = StudyContext(key, study, ensemble, model, *surroundings)
                faults += _repetition_faults(block, context, declared.settings, covered)
                faults += _need_faults(context, declared.needs)
                faults += declared.faults(block, context) if declared.faults else []
    return faults


def _repetition_faults(block, context, kind, covered) -> list[Fault]:
    """An ensemble (at a temperature) in two blocks of a study; `covered` remembers where it was."""
    faults = []
    name = context.ensemble.name
    for temperature in block.get("temperatures", [None]) if kind.by_temperature else [None]:
        first = covered.setdefault((name, temperature), context.key)
        if first != context.key:
            at = "" if temperature is None else f" at the temperature {temperature:g}"
            faults.append(context.fault("ensembles", f"{name!r}{at} is already in {first}"))
    return faults


def _need_faults(context, needs) -> list[Fault]:
    """Studies of the same ensemble that a study cannot do without."""
    name = context.ensemble.name
    return [
        context.fault(
            "ensembles",
            f"{context.study} of {name!r} needs the study {need!r} of it; add {name!r} to "
            f"studies.{need}.ensembles",
        )
        for need in needs
        if not context.blocks(need)
    ]
