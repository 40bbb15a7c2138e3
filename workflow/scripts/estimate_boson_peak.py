"""Estimate the boson peak of one ensemble from the spectra of its model."""

import argparse
import logging
import sys
from dataclasses import asdict

from glassmodes import logs
from glassmodes.campaign.settings import load_campaign


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaign", required=True, help="campaign file")
    parser.add_argument("--ensemble", required=True, help="ensemble that the peak is for")
    parser.add_argument("--modes-table", required=True, nargs="+", help="parts of the spectra")
    parser.add_argument("--moduli-table", required=True, nargs="+", help="parts of the moduli")
    parser.add_argument("--output", required=True, help="part of the table boson_peak")
    parser.add_argument("--log", help="log file; stderr alone without it")
    arguments = parser.parse_args(argv)
    logs.set_up(arguments.log, f"estimate_boson_peak {arguments.ensemble}")

    import pandas as pd
    from glassmodes.data.storage import provenance, read_table, write_table
    from glassmodes.randomness import random_stream
    from glassmodes.transitions.boson_peak import estimate_boson_peak

    campaign = load_campaign(arguments.campaign)
    ensemble = campaign.ensembles[arguments.ensemble]
    model, source = campaign.models[ensemble.model], campaign.spectrum_of(ensemble.name)
    found = estimate_boson_peak(
        pd.concat([read_table(path) for path in arguments.modes_table], ignore_index=True),
        pd.concat([read_table(path) for path in arguments.moduli_table], ignore_index=True),
        campaign.ensembles[source].particles,
        # that of the spectra, so that all ensembles of a model have the same peak
        random_stream(campaign.seed, source, 0, "boson peak"),
        model.dimension,
    )
    row = {"ensemble": ensemble.name, "sample": -1, **asdict(found), "spectrum_of": source}
    row["spectra"] = row.pop("samples")
    write_table(
        arguments.output,
        pd.DataFrame([row]),
        provenance(campaign.name, ensemble.name, ensemble.model, campaign.config_hash),
    )
    log = logging.getLogger("program")
    if not found.resolved:
        log.warning("the reduced density rises towards the lowest modes: the peak is a bound")
    log.info(
        "boson peak at w = %.4g +- %.2g, %.3g times the Debye level, from %d spectra of %s",
        *(found.frequency, found.frequency_error, found.level, found.samples, source),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
