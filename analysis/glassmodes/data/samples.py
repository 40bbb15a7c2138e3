"""How many samples of each ensemble the results rest on, and why others were left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from glassmodes.data.gather import TableError, validate
from glassmodes.data.schemas import SAMPLE_STATUSES

_RUN_TABLES = ("equilibration",)
"""Tables whose `sample` is the first of an equilibrium run, whether or not it became a glass."""

_LISTED = 5
"""Sample indices that are written out for one reason; more are counted."""


@dataclass(frozen=True)
class SamplesUsed:
    """Samples of one ensemble: asked for, used, and left out.

    Attributes
    ----------
    ensemble : str
    particles : int
        N of every sample.
    asked : int
        Number of samples that the campaign asks for.
    left_out : mapping of int to str
        Index of each sample that some stage could not use, and the reason: "status (stage)".
    """

    ensemble: str
    particles: int
    asked: int
    left_out: Mapping[int, str]

    @property
    def used(self) -> int:
        """Number of samples that every stage could use."""
        return self.asked - len(self.left_out)

    @property
    def count(self) -> str:
        """Samples used as text: "2 samples", or "2 of 3 samples" where one was left out."""
        if not self.left_out:
            return f"{self.asked:,} sample{'' if self.asked == 1 else 's'}"
        return f"{self.used:,} of {self.asked:,} sample{'' if self.asked == 1 else 's'}"

    @property
    def reasons(self) -> str:
        """Why samples were left out: "melted (dynamics), samples 3, 7"; "" if none was."""
        samples: dict[str, list[int]] = {}
        for sample in sorted(self.left_out):
            samples.setdefault(self.left_out[sample], []).append(sample)
        return "; ".join(f"{reason}, {_listed(who)}" for reason, who in samples.items())


def _listed(samples: list[int]) -> str:
    """Indices of samples as text; more than five are counted."""
    text = ", ".join(map(str, samples[:_LISTED]))
    more = len(samples) - _LISTED
    return f"sample{'' if len(samples) == 1 else 's'} {text}" + (
        f" and {more:,} more" if more > 0 else ""
    )


def samples_used(tables: Mapping[str, pd.DataFrame]) -> dict[str, SamplesUsed]:
    """Samples used and left out of every ensemble of a campaign.

    The table `sample_statuses` (columns ensemble, sample, stage, status; one row for each sample
    that a stage could not use) names the samples left out. Results without that table show them
    indirectly: a sample is left out if its status in `quasilocalized_samples` is not "ok", or if
    it occurs in no gathered table.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By name; without `ensembles` nothing is known and the result is empty.

    Returns
    -------
    dict of str to SamplesUsed
        By ensemble, in the order of the table `ensembles`.

    Raises
    ------
    TableError
        If `sample_statuses` names an ensemble that is not in `ensembles`.
    """
    known = tables.get("ensembles")
    if known is None:
        return {}
    if "sample_statuses" in tables:
        left_out = _from_statuses(tables["sample_statuses"], set(known["ensemble"]))
    else:
        left_out = _from_tables(tables, dict(zip(known["ensemble"], known["samples"], strict=True)))
    return {
        row.ensemble: SamplesUsed(
            row.ensemble, int(row.particles), int(row.samples), left_out.get(row.ensemble, {})
        )
        for row in known.itertuples()
    }


def _from_statuses(statuses, ensembles) -> dict[str, dict[int, str]]:
    """Samples left out of each ensemble, with reasons, from the table `sample_statuses`."""
    left_out: dict[str, dict[int, str]] = {}
    for row in statuses[statuses["status"] != "ok"].itertuples():
        if row.ensemble not in ensembles:
            raise TableError(
                f"sample_statuses: ensemble {row.ensemble!r} is not in the table ensembles; "
                f"allowed: {', '.join(sorted(ensembles))}"
            )
        reasons = left_out.setdefault(row.ensemble, {})
        reason, sample = f"{row.status} ({row.stage})", int(row.sample)
        reasons[sample] = f"{reasons[sample]}; {reason}" if sample in reasons else reason
    return left_out


def _from_tables(tables, asked) -> dict[str, dict[int, str]]:
    """Samples left out of each ensemble, as far as the gathered tables show it."""
    found: dict[str, set[int]] = {}
    for name, table in tables.items():
        if name not in _RUN_TABLES and {"ensemble", "sample"} <= set(table.columns):
            for ensemble, samples in table.groupby("ensemble")["sample"]:
                found.setdefault(ensemble, set()).update(samples.unique().tolist())
    left_out = {
        ensemble: {
            sample: "in no table"
            for sample in range(int(samples))
            if sample not in found.get(ensemble, ())
        }
        for ensemble, samples in asked.items()
    }
    status = tables.get("quasilocalized_samples")
    if status is not None:
        for row in status[status["status"] != "ok"].itertuples():
            left_out.setdefault(row.ensemble, {})[int(row.sample)] = (
                f"{row.status} (quasilocalized)"
            )
    return left_out


def statuses_table(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The table `sample_statuses`, from what gathered tables say of samples that are left out.

    A sample that one stage leaves out is missing from all that follows: it has one row for each
    reason, that of the first stage.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Gathered tables as read from their files, in the order of the stages.
    """
    rows = [
        dict(zip(("ensemble", "sample", "stage", "status"), entry, strict=True))
        for table in tables.values()
        for entry in json.loads(table.attrs.get("left_out", "[]"))
    ]
    frame = pd.DataFrame(rows, columns=["ensemble", "sample", "stage", "status"])
    frame = frame.drop_duplicates(["ensemble", "sample", "status"])
    return validate(frame.sort_values(["ensemble", "sample"], kind="stable"), SAMPLE_STATUSES)
