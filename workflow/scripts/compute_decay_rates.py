"""Compute the decay rates of all modes of one bundle by third-order perturbation theory.

All ranks work on one sample after another; batches of modes that an interrupted run had finished
are kept.
"""

import hashlib
import logging
import sys
import time

import numpy as np
from glassmodes.campaign import programs


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = programs.argument_parser(__doc__, parallel=True)
    parser.add_argument("--glasses", required=True, help="glasses/bNNNN.h5")
    parser.add_argument("--modes", required=True, help="modes/bNNNN.h5")
    parser.add_argument("--output", required=True, help="part of the table decay_rates")
    arguments = parser.parse_args(argv)
    task, world = programs.begin(arguments, "compute_decay_rates")

    from glassmodes.anharmonic.decay_rates import DecayRateError, broadened_decay_rates
    from glassmodes.anharmonic.vertices import PairVertices
    from glassmodes.data.resume import PartialFolder
    from glassmodes.data.storage import mode_samples, read_glasses, read_modes, sample_group
    from glassmodes.landscape import Landscape

    log = logging.getLogger("program")
    block = task.campaign.block("decay_rates", task.ensemble.name)
    physics = {key: block.get(key) for key in ("broadenings", "precision", "hbar", "temperatures")}
    solved = mode_samples(arguments.modes)
    glasses = [glass for glass in read_glasses(arguments.glasses) if glass.sample in solved]
    partial = PartialFolder(
        arguments.output,
        {
            **physics,
            "code_version": task.attributes["code_version"],
            "modes": _digest(arguments.modes, [g.sample for g in glasses]),
        },
    )
    if world.rank == 0:
        partial.open()
    world.Barrier()
    frames = []
    for glass in glasses:
        told = [time.monotonic()]

        def progress(done, batches, told=told, sample=glass.sample):
            if time.monotonic() - told[0] > 20.0 or done == batches:
                told[0] = time.monotonic()
                log.info("sample %d: %d of %d batches of this rank", sample, done, batches)

        expansion = Landscape.of_glass(task.model, glass).expand(glass.positions)
        try:
            found = broadened_decay_rates(
                PairVertices(expansion),
                read_modes(arguments.modes, glass.sample),
                physics["broadenings"],
                precision=physics["precision"],
                hbar=physics["hbar"],
                temperatures=physics["temperatures"] or (),
                communicator=world,
                checkpoint=partial.folder / sample_group(glass.sample),
                progress=progress,
            )
        except DecayRateError as error:
            log.warning("sample %d is left out: %s", glass.sample, error)
            continue
        for rates in found:
            frame = rates.table()
            pairs = zip(physics["temperatures"] or (), rates.quantum, strict=True)
            for temperature, quantum in pairs:
                frame[f"quantum_decay_rate_{temperature:.6g}"] = quantum.sum(axis=0)
            frames.append(programs.with_sample(frame, task, glass.sample))
            log.info(
                "sample %d: broadening %g, median decay rate per temperature %.4g",
                glass.sample,
                rates.broadening,
                np.median(frame["decay_rate_per_temperature"]),
            )
    world.Barrier()
    if world.rank == 0:
        programs.write_part(arguments.output, frames, task)
        partial.remove()


def _digest(path, samples):
    """What tells these modes from others, without reading all their vectors."""
    from glassmodes.data.storage import open_file, sample_group

    digest = hashlib.sha256()
    with open_file(path) as file:
        for sample in samples:
            group = file[sample_group(sample)]
            digest.update(group["frequency_squared"][...].tobytes())
            digest.update(group["vectors"][0].tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main(sys.argv[1:])
