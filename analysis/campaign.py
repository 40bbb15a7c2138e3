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

from analysis.ensembles import Ensemble
from analysis.models import DEFAULT_MODELS, GlassModel, load_models

ROOT = Path(__file__).resolve().parents[1]
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
    "quench": ("parent_temperature", "equilibration", "annealing_temperature", "annealing"),
    "random": ("annealing_temperature", "annealing"),
    "fcc": ("cells",),
}
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

    def spectrum_of(self, ensemble: str) -> str | None:
        """Ensemble whose full spectra give the boson peak of another.

        Itself if it has them, else the smallest of the same model; None if there is none.
        """
        full = [
            name
            for name in self.ensembles_of("modes")
            if self.block("modes", name)["request"] == "all"
            and self.ensembles[name].model == self.ensembles[ensemble].model
            and self.ensembles[name].preparation["protocol"] != "fcc"
        ]
        if ensemble in full:
            return ensemble
        return min(full, key=lambda name: self.ensembles[name].particles, default=None)

