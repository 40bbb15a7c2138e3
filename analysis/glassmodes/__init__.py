"""Computational physics of glasses: landscapes, modes, anharmonic decay and rearrangements.

Everything here is in the reduced units of the glass model (mass, length, energy and
Boltzmann's constant equal one) and can be used from a notebook; nothing imports Snakemake.
"""

__version__ = "0.1.0"
