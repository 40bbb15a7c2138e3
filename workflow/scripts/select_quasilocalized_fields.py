"""Fields of the modes of a few samples of an ensemble, for pictures: softest, hybridised, phonon.

The modes of these samples are found once more, so that no other sample's vectors need be kept.
"""

import argparse
import logging
import sys
from pathlib import Path

from glassmodes import logs
from glassmodes.campaign.settings import load_campaign


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--campaign", required=True, help="campaign file")
    parser.add_argument("--ensemble", required=True, help="name of the ensemble")
    parser.add_argument(
        "--folder", required=True, help="the ensemble's, with glasses/ and parts/quasilocalized/"
    )
    parser.add_argument("--output", required=True, help="part of the table quasilocalized_fields")
    parser.add_argument("--log", help="log file; stderr alone without it")
    arguments = parser.parse_args(argv)
    logs.set_up(arguments.log, f"select_quasilocalized_fields {arguments.ensemble}")

    import pandas as pd
    from glassmodes.data.storage import (
        bundle_name,
        provenance,
        read_glasses,
        read_table,
        write_table,
    )
    from glassmodes.landscape import Landscape
    from glassmodes.quasilocalized import (
        Settings,
        choose_samples,
        field_rows,
        find_excitations,
        solver_seed,
    )

    log = logging.getLogger("program")
    campaign = load_campaign(arguments.campaign)
    ensemble = campaign.ensembles[arguments.ensemble]
    folder = Path(arguments.folder)
    names = [bundle_name(bundle) for bundle in ensemble.bundles]
    parts = [read_table(folder / f"parts/quasilocalized/{name}.parquet") for name in names]
    parts = [part for part in parts if len(part)]
    chosen = choose_samples(pd.concat(parts, ignore_index=True)) if parts else {}
    settings = Settings.of_block(campaign.block("quasilocalized", ensemble.name))
    frames = []
    for role, sample in chosen.items():
        glasses = read_glasses(folder / f"glasses/{names[sample // ensemble.bundle]}.h5")
        glass = next(glass for glass in glasses if glass.sample == sample)
        landscape = Landscape.of_glass(campaign.models[ensemble.model], glass)
        expansion, _ = landscape.expand(glass.positions).without_rattlers()
        seed = solver_seed(campaign.seed, ensemble.name, sample)
        frame = field_rows(expansion, find_excitations(expansion, settings, seed=seed))
        frame.insert(0, "ensemble", ensemble.name)
        frame.insert(1, "sample", sample)
        frame.insert(2, "role", role)
        frames.append(frame)
        log.info("%s: sample %d with %s", role, sample, ", ".join(frame["kind"].unique()))
    write_table(
        arguments.output,
        pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(),
        provenance(campaign.name, ensemble.name, ensemble.model, campaign.config_hash),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
