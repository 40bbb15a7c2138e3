"""Names of the files of a campaign (the data contract); cheap to import.

Everything of a campaign lies in `<results>/<campaign>/`; see DESIGN section 3 in the README.
"""

from __future__ import annotations

from glassmodes.campaign.settings import Campaign, temperature_label

STUDY_OF = {
    "modes": "modes",
    "moduli": "modes",
    "density_of_states": "density_of_states",
    "mean_squared_displacement": "dynamics",
    "time_series": "dynamics",
    "dynamics_checks": "dynamics",
    "lifetimes": "lifetimes",
    "window_lifetimes": "lifetimes",
    "energy_autocorrelation": "lifetimes",
    "inherent_structures": "transitions",
    "rearrangements": "transitions",
    "rearrangement_runs": "transitions",
    "rearrangement_fields": "transitions",
    "decay_rates": "decay_rates",
    "joint_density": "joint_density",
    "excitations": "excitations",
    "excitation_scans": "excitations",
    "excitation_fields": "excitations",
    "boson_peak": "excitations",
    "cubic_amplitudes": "cubic_amplitudes",
    "quasilocalized": "quasilocalized",
    "quasilocalized_samples": "quasilocalized",
    "quasilocalized_profiles": "quasilocalized",
    "quasilocalized_population": "quasilocalized",
    "quasilocalized_growth": "quasilocalized",
    "quasilocalized_fields": "quasilocalized",
}
"""The study that makes each gathered table, but those of preparations."""

OF_RUN = ("equilibration",)
"""Tables with one part for each equilibrium run."""

MADE_FROM = {
    "table_rearrangements": "rearrangement_runs",
    "table_critical_temperature": "excitations",
    "table_ensemble_sizes": "quasilocalized_samples",
    "table_shear_modulus": "quasilocalized_samples",
}
"""Tables of the papers, each with the gathered table that it is made from."""

FILES = {
    "glasses": "glasses/b{bundle}.h5",
    "mode_vectors": "modes/b{bundle}.h5",
    "trajectories": "trajectories/b{bundle}/T{temperature}.h5",
    "inherent": "inherent/b{bundle}/T{temperature}.h5",
    "quasilocalized_vectors": "quasilocalized/b{bundle}.h5",
    "liquids": "liquids/r{bundle}.h5",
}
"""Files of arrays of one bundle, or of one equilibrium run, in the folder of its ensemble."""

BY_TEMPERATURE = ("dynamics", "lifetimes", "transitions")
"""Studies whose parts are one for each bundle and temperature."""


OF_ENSEMBLE = ("boson_peak", "quasilocalized_fields")
"""Tables with one part for each ensemble."""


def root(campaign: Campaign) -> str:
    """Folder of a campaign's results."""
    return f"{campaign.results}/{campaign.name}"


def run_name(run: int) -> str:
    """Name of an equilibrium run, rNNNN."""
    return f"r{run:04d}"


def tables(campaign: Campaign) -> list[str]:
    """Names of the tables that a campaign gathers."""
    studies = [table for table, study in STUDY_OF.items() if study in campaign.studies]
    runs = any(campaign.ensembles[name].runs for name in campaign.prepared())
    return [*(OF_RUN if runs else ()), *studies]


def made_tables(campaign: Campaign) -> list[str]:
    """Names of the tables of the papers that a campaign's gathered tables allow."""
    gathered = tables(campaign)
    return [table for table, source in MADE_FROM.items() if source in gathered]


def part(campaign: Campaign, table: str, ensemble: str, bundle=None, temperature=None) -> str:
    """File of one job: a part of a table, or one of :data:`FILES`.

    Parameters
    ----------
    campaign : Campaign
    table : str
    ensemble : str
    bundle : int, optional
        Or the equilibrium run, of what is made of runs; None for a table with one part for each
        ensemble.
    temperature : float, optional
        Of runs.
    """
    folder = f"{root(campaign)}/{ensemble}"
    if table in FILES:
        label = "" if temperature is None else temperature_label(temperature)
        return f"{folder}/{FILES[table].format(bundle=f'{bundle:04d}', temperature=label)}"
    if table in OF_ENSEMBLE:
        return f"{folder}/parts/{table}/all.parquet"
    if table in OF_RUN:
        return f"{folder}/parts/{table}/{run_name(bundle)}.parquet"
    at = "" if temperature is None else f".T{temperature_label(temperature)}"
    return f"{folder}/parts/{table}/b{bundle:04d}{at}.parquet"


def parts(campaign: Campaign, table: str) -> list[str]:
    """Files that a table is gathered from."""
    if table in OF_RUN:
        return [
            part(campaign, table, name, run)
            for name in campaign.prepared()
            for run in campaign.ensembles[name].runs
        ]
    study = STUDY_OF[table]
    files = []
    for name in campaign.ensembles_of(study):
        if table in OF_ENSEMBLE:
            # the boson peak of a model without full spectra is not known
            if table != "boson_peak" or campaign.spectrum_of(name):
                files.append(part(campaign, table, name))
            continue
        by_temperature = study in BY_TEMPERATURE
        temperatures = campaign.temperatures(study, name) if by_temperature else [None]
        for bundle in campaign.ensembles[name].bundles:
            files += [part(campaign, table, name, bundle, t) for t in temperatures]
    return files
