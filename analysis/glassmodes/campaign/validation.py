"""Settings as pydantic models, and the messages of what they refuse.

A class of settings states the type, bounds, default and description of each key. From it follow
the check of a campaign file, the JSON Schema for editors, and every word of a refusal. Importing
this module is cheap: every job of a campaign does it.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from glassmodes.ensembles import Ensemble
    from glassmodes.models import GlassModel

Fault = tuple[str, str]
"""Dotted key of a campaign, and what is wrong with its value."""

_BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
}
_OUT_OF_BOUNDS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
_EXPONENT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")


class SettingsError(ValueError):
    """Settings that are refused; one line for each fault: key, value, what is allowed."""


# --- types of values -------------------------------------------------------------------------


def _without_repetition(values: list) -> list:
    repeated = [value for place, value in enumerate(values) if value in values[:place]]
    if repeated:
        raise PydanticCustomError(
            "repeated", "{value} is given twice", {"value": repr(repeated[0])}
        )
    return values


Unique = (AfterValidator(_without_repetition), Field(json_schema_extra={"uniqueItems": True}))
"""Annotations of a list whose entries all differ."""

Name = Annotated[
    str,
    Field(
        pattern="^[a-z][a-z0-9_]*$",
        max_length=80,
        description="Lower-case letters, digits and underscores, beginning with a letter; it "
        "becomes a folder.",
    ),
]
Temperature = Annotated[
    float, Field(gt=0, le=1000, description="Temperature (energy unit, k_B = 1).")
]
Temperatures = Annotated[list[Temperature], Field(min_length=1, max_length=1000), *Unique]
TimeStep = Annotated[float, Field(gt=0, le=1)]


# --- classes of settings ---------------------------------------------------------------------


class Settings(BaseModel):
    """Base of all settings: no key is ignored, and no value is taken for what it is not.

    A key whose default is None may be left out of a campaign file, and is then left out of the
    settings; a campaign file cannot give None.
    """

    # built at first use: a campaign reads few of the classes
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, defer_build=True
    )

    @model_validator(mode="before")
    @classmethod
    def _integers(cls, content: Any) -> Any:
        """Whole numbers written with a point or an exponent, where an integer is asked for."""
        if not isinstance(content, Mapping):
            return content
        fields = cls.model_fields
        return {
            key: _whole(value) if key in fields and fields[key].annotation is int else value
            for key, value in content.items()
        }


class StudySettings(Settings):
    """Base of the settings of one block of a study."""

    by_temperature: ClassVar[bool] = False
    """Whether the blocks of one ensemble may differ by their temperatures."""


class EnsembleStudySettings(StudySettings):
    """Base of the settings of one block of a study that is made of ensembles."""

    ensembles: Annotated[list[Name], *Unique] = Field(
        min_length=1, max_length=1000, description="Ensembles that this block is made of."
    )


class RunSettings(EnsembleStudySettings):
    """Base of the settings of studies that make constant-energy runs of their own."""

    by_temperature: ClassVar[bool] = True

    temperatures: Temperatures = Field(description="Temperatures (energy unit, k_B = 1).")
    equilibration: float = Field(
        100.0,
        gt=0,
        le=1e8,
        description="Time at constant temperature before the constant-energy run.",
    )
    duration: float = Field(gt=0, le=1e8, description="Time of the constant-energy run.")
    interval: float = Field(
        0.1,
        gt=0,
        le=1e6,
        description="Time between stored frames: a multiple of the time step, and at most the "
        "duration.",
    )
    time_step: TimeStep = Field(
        None,
        description="Time step of the integrator; the model's own where it is not given.",
    )


def _whole(value: Any) -> Any:
    """An integer for a whole float, or for text like 1e6, which YAML does not read as a number."""
    number = value
    if isinstance(value, str) and _EXPONENT.fullmatch(value):
        number = float(value)
    if isinstance(number, float) and number.is_integer():
        return int(number)
    return value


# --- the checks of a study -------------------------------------------------------------------


@dataclass(frozen=True)
class StudyContext:
    """What surrounds one block of a study when it is checked.

    Attributes
    ----------
    key : str
        Dotted key of the block, such as `studies.dynamics[0]`.
    study : str
        Name of the study.
    ensemble : Ensemble or None
        The ensemble for which the block is checked; None for a study without ensembles.
    model : GlassModel or None
        Model of that ensemble.
    studies : mapping of str to list of dict
        Blocks of every study of the campaign, with defaults filled in.
    ensembles : mapping of str to Ensemble
        Every ensemble of the campaign.
    warnings : list of str
        What is allowed and yet suspicious; :meth:`warn` adds to it.
    """

    key: str
    study: str
    ensemble: Ensemble | None
    model: GlassModel | None
    studies: Mapping[str, list[dict]]
    ensembles: Mapping[str, Ensemble]
    warnings: list[str]

    def fault(self, name: str, message: str) -> Fault:
        """A fault of one key of the block."""
        return f"{self.key}.{name}", message

    def warn(self, name: str, message: str) -> None:
        """Note what is suspicious about one key of the block."""
        self.warnings.append(f"{self.key}.{name}: {message}")

    def blocks(self, study: str) -> list[dict]:
        """Blocks of a study that are made of the same ensemble."""
        return [
            block
            for block in self.studies.get(study, [])
            if self.ensemble is not None and self.ensemble.name in block.get("ensembles", ())
        ]


def temperature_label(temperature: float) -> str:
    """A temperature as it stands in file names."""
    return f"{temperature:.6g}"


def run_faults(block: dict, context: StudyContext, smallest_run: int) -> list[Fault]:
    """Faults of a block of constant-energy runs that depend on the model.

    Parameters
    ----------
    block : dict
        Of :class:`RunSettings`.
    context : StudyContext
    smallest_run : int
        Frames that a run must have at least.

    Returns
    -------
    list of (str, str)
    """
    model = context.model
    faults = []
    if model.dimension not in (2, 3):
        faults.append(
            context.fault(
                "ensembles",
                f"{context.ensemble.name!r} cannot run: LAMMPS has no {model.dimension} dimensions",
            )
        )
    step = block.get("time_step", model.time_step)
    interval, duration = block["interval"], block["duration"]
    steps = round(interval / step)
    if steps < 1 or abs(steps * step - interval) > 1e-9 * interval:
        faults.append(
            context.fault(
                "interval",
                f"{interval} is no multiple of the time step {step}; the nearest is "
                f"{max(steps, 1) * step:g}",
            )
        )
    if interval > duration:
        faults.append(
            context.fault(
                "interval",
                f"{interval} is longer than the duration, {duration}; it must be "
                f"at most {duration / smallest_run:g}",
            )
        )
    elif duration / interval < smallest_run:
        faults.append(
            context.fault(
                "duration",
                f"{duration} holds {int(duration / interval)} frames; at least "
                f"{smallest_run} are needed, a duration of {smallest_run * interval:g}",
            )
        )
    return faults + _temperature_faults(block["temperatures"], context)


def _temperature_faults(temperatures: Sequence[float], context: StudyContext) -> list[Fault]:
    model, faults = context.model, []
    melting, glass = model.melting_temperature, model.glass_temperature
    labels: dict[str, float] = {}
    for temperature in temperatures:
        label = temperature_label(temperature)
        other = labels.setdefault(label, temperature)
        if other != temperature:
            faults.append(
                context.fault(
                    "temperatures",
                    f"{temperature!r} and {other!r} have the same name, T{label}; six digits are "
                    "kept",
                )
            )
        if melting is not None and temperature >= melting:
            faults.append(
                context.fault(
                    "temperatures",
                    f"{temperature!r} is not below the melting temperature of {model.name}, "
                    f"{melting}, where no inherent structure stays; allowed: below {melting}",
                )
            )
        elif glass is not None and temperature >= glass:
            context.warn(
                "temperatures",
                f"{temperature!r} is above the glass transition of {model.name}, {glass}: expect "
                "rearrangements",
            )
    return faults


# --- reading settings, and the messages of what is refused -------------------------------------


def read_settings(kind: type[Settings], content: Any, key: str = "") -> tuple[dict, list[Fault]]:
    """Check plain data against a class of settings.

    Parameters
    ----------
    kind : subclass of Settings
    content : dict
        As a campaign file gives it; its keys are strings.
    key : str
        Dotted key of `content`, in front of the keys of its faults.

    Returns
    -------
    settings : dict
        Plain data with every default filled in; empty where anything is refused.
    faults : list of (str, str)
    """
    if not isinstance(content, dict):
        return {}, [(key, f"{content!r} is not of type object")]
    try:
        return kind.model_validate(content).model_dump(exclude_none=True), []
    except ValidationError as refusal:
        errors = refusal.errors(include_url=False, include_context=True)
    return {}, [_fault(error, kind, content, key) for error in errors]


def dotted(path: Iterable, key: str = "") -> str:
    """A path of keys and indices as one text, such as `studies.dynamics[0].duration`."""
    for part in path:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else str(part)
    return key or "(top level)"


def near(value: Any, allowed: Iterable) -> str:
    """A hint at the allowed value that is most like another one; empty if none is."""
    close = difflib.get_close_matches(str(value), [str(a) for a in allowed], n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def not_among(value: Any, allowed: Sequence) -> str:
    """The message of a value that is none of those allowed."""
    return f"{value!r} is not among {', '.join(map(str, allowed))}{near(value, allowed)}"


def unknown_key(name: str, allowed: Sequence[str]) -> str:
    """The message of a key that is none of those allowed."""
    return f"unknown key{near(name, allowed)}; allowed: {', '.join(allowed)}"


@cache
def json_schema(kind: type[Settings]) -> dict:
    """JSON Schema of a class of settings, without references to definitions."""
    schema = kind.model_json_schema()
    return _inlined(schema, schema.get("$defs", {}))


def _inlined(rules: Any, definitions: dict) -> Any:
    if isinstance(rules, list):
        return [_inlined(entry, definitions) for entry in rules]
    if not isinstance(rules, dict):
        return rules
    if "$ref" in rules:
        target = definitions[rules["$ref"].rpartition("/")[2]]
        rules = {**target, **{key: value for key, value in rules.items() if key != "$ref"}}
    described = {
        key: _inlined(value, definitions)
        for key, value in rules.items()
        if key != "$defs"
        and not (key == "title" and isinstance(value, str))
        and not (key == "default" and value is None)
    }
    if isinstance(described.get("description"), str):
        described["description"] = " ".join(described["description"].split())
    return described


def _fault(error: dict, kind: type[Settings], content: dict, key: str) -> Fault:
    """Key and message of an error of pydantic: the value, and what is allowed."""
    what, location = error["type"], error["loc"]
    if what == "missing":
        path, _, _ = _follow(location[:-1], kind, content)
        return dotted(path, key), f"the key {location[-1]!r} is missing"
    if what == "extra_forbidden":
        _, _, rules = _follow(location[:-1], kind, content)
        path, _, _ = _follow(location, kind, content)
        return dotted(path, key), unknown_key(location[-1], list(rules["properties"]))
    path, value, rules = _follow(location, kind, content)
    return dotted(path, key), _message(error, value, rules)


def _message(error: dict, value: Any, rules: dict) -> str:
    what = error["type"]
    if what == "literal_error":
        return not_among(value, rules.get("enum") or [rules.get("const")])
    if what.endswith("_type") or what == "int_from_float":
        wanted = rules.get("type")
        return f"{value!r} is not of type {wanted}{_number_hint(value, wanted)}"
    if what in _OUT_OF_BOUNDS:
        return f"{value!r} is out of bounds: it must be {_bounds(rules)}"
    if what == "finite_number":
        return f"{value} is not a finite number: it must be {_bounds(rules)}"
    if what == "string_pattern_mismatch":
        return f"{value!r} does not match {rules['pattern']}"
    if what in ("too_short", "string_too_short"):
        return f"{value!r} is empty; allowed: at least {error['ctx']['min_length']}"
    if what in ("too_long", "string_too_long"):
        return f"{len(value)} are too many; allowed: at most {error['ctx']['max_length']}"
    if what == "repeated":
        return f"{value!r} must have no entry twice, and {error['msg']}"
    return f"{value!r} is refused: {error['msg']}"


def _follow(location: Iterable, kind: type[Settings], content: dict) -> tuple[list, Any, dict]:
    """Path, value and rules at a location of pydantic, which also names alternatives of types."""
    path, value, rules = [], content, json_schema(kind)
    for part in location:
        if isinstance(value, dict) and part in value:
            rules = rules.get("properties", {}).get(part, {})
        elif isinstance(value, list) and isinstance(part, int):
            rules = rules.get("items", {})
        else:
            continue
        path.append(part)
        value = value[part]
        rules = _alternative(rules, value)
    return path, value, rules


def _alternative(rules: dict, value: Any) -> dict:
    """The rules, among alternatives, that a value is measured by."""
    alternatives = rules.get("oneOf", rules.get("anyOf"))
    if not alternatives:
        return rules
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    wanted = "object" if isinstance(value, dict) else "number" if number else "string"
    return next((entry for entry in alternatives if entry.get("type") == wanted), alternatives[0])


def _bounds(rules: Mapping) -> str:
    return " and ".join(
        f"{word} {rules[rule]:.12g}" for rule, word in _BOUNDS.items() if rule in rules
    )


def _number_hint(value: Any, wanted: str | None) -> str:
    """How to write a number that YAML reads as text."""
    if not isinstance(value, str) or wanted not in ("integer", "number"):
        return ""
    try:
        number = float(value)
    except ValueError:
        return ""
    if not math.isfinite(number) or (wanted == "integer" and not number.is_integer()):
        return ""
    if wanted == "integer":
        return f" (YAML reads {value} as text; write {int(number)})"
    if not _EXPONENT.fullmatch(value):
        return f" (YAML reads {value!r} as text; write {number:.12g}, without quotes)"
    digits, exponent = f"{number:.15e}".split("e")
    digits = digits.rstrip("0")
    digits += "0" * digits.endswith(".")
    return f" (YAML reads {value} as text; write it with a point, {digits}e{exponent})"
