"""Glass models: pair potentials, mixtures, densities, and the registry that names them."""

from glassmodes.models.potentials import (
    HarmonicRepulsion,
    InversePowerForceShifted,
    InversePowerSmooth,
    LennardJonesForceShifted,
    ModelError,
    PairPotential,
)
from glassmodes.models.registry import DEFAULT_MODELS, GlassModel, get_model, load_models

__all__ = [
    "DEFAULT_MODELS",
    "GlassModel",
    "HarmonicRepulsion",
    "InversePowerForceShifted",
    "InversePowerSmooth",
    "LennardJonesForceShifted",
    "ModelError",
    "PairPotential",
    "get_model",
    "load_models",
]
