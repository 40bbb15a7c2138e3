"""Choice of the samples whose modes are shown in figures, and tables of these modes.

Figure numbers are those of Kapteijns, Richard and Lerner, arXiv:1912.10930 (2020).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from glassmodes.quasilocalized import descriptors
from glassmodes.quasilocalized.excitations import SAME, SampleExcitations

HYBRID = 0.9
"""Overlap of a harmonic mode with its quartic mode below which it counts as hybridised."""

_DISTINCT = 0.5
"""Overlap below which two quartic modes count as different soft spots."""


def choose_samples(table) -> dict[str, int]:
    """Samples of one ensemble that are shown in figures, by role.

    softest: the sample with the lowest quartic mode of all (Fig. 3). hybridised: the sample whose
    harmonic mode is shared most evenly by two different quartic modes (Fig. 1a, b). phonon: the
    sample with the most extended harmonic mode of which the quartic mode still makes up half (Fig.
    1c, d).

    Parameters
    ----------
    table : pandas.DataFrame
        Table `quasilocalized` of the ensemble.

    Returns
    -------
    dict of str to int
        Sample of each role; a role for which no sample qualifies is absent.
    """
    good = table[(table["mode"] == 0) & table["converged"].astype(bool)]
    by_kind = {kind: rows.set_index("sample") for kind, rows in good.groupby("kind")}
    if "quartic" not in by_kind or "harmonic" not in by_kind:
        return {}
    quartic, harmonic = by_kind["quartic"], by_kind["harmonic"]
    chosen = {"softest": int(quartic["frequency"].idxmin())}
    second = by_kind.get("second_quartic")
    distinct = pd.Series(dtype=float)
    if second is not None:
        second = second[second["overlap_quartic"] < _DISTINCT]
        first = quartic["overlap_harmonic"].reindex(second.index)
        distinct = np.minimum(second["overlap_harmonic"], first).dropna()
        if len(distinct):
            chosen["hybridised"] = int(distinct.idxmax())
    overlap = quartic["overlap_harmonic"]
    mixed = overlap.index[(overlap < HYBRID) & (overlap**2 > 0.5)].difference(distinct.index)
    extended = harmonic["participation_ratio"].reindex(mixed).dropna()
    if len(extended):
        chosen["phonon"] = int(extended.idxmax())
    return chosen


def field_rows(expansion, found: SampleExcitations) -> pd.DataFrame:
    """Rows of the table `quasilocalized_fields` of one sample: modes and Delta, signs aligned."""
    harmonic = found.get("harmonic").vector
    shown = {"harmonic": harmonic}
    for kind in ("quartic", "cubic", "second_quartic"):
        one = found.get(kind)
        if one is not None and one.converged:
            shown[kind] = descriptors.aligned(one.vector, harmonic)
    if abs(np.vdot(shown.get("second_quartic", 0.0), shown.get("quartic", 0.0))) > SAME:
        del shown["second_quartic"]
    if "quartic" in shown:
        delta, norm, _ = descriptors.difference(expansion, shown["quartic"], harmonic)
        if norm > 0.0:
            shown["difference"] = delta
    positions, box = expansion.positions, expansion.box
    wrapped = positions - box * np.floor(positions / box)
    frames = []
    for kind, field in shown.items():
        stiffness = np.vdot(field, expansion.hessian_product(field)) / np.vdot(field, field)
        frame = pd.DataFrame(
            {
                "kind": kind,
                "frequency": float(np.sqrt(stiffness)),
                "particle": np.arange(len(field)),
            }
        )
        for prefix, values in (("", wrapped), ("d", field)):
            for axis, name in enumerate("xyzw"):
                exists = axis < values.shape[1]
                # seven digits are enough for a figure, and take half of the disk space
                frame[prefix + name] = (
                    values[:, axis].astype(np.float32).astype(float) if exists else np.nan
                )
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
