# Modes pulled until the glass falls to another inherent structure, and the window that they are
# chosen from.


rule estimate_boson_peak:
    input:
        modes=spectra("modes"),
        moduli=spectra("moduli"),
    output:
        BOSON_PEAK,
    log:
        f"{RESULTS}/logs/estimate_boson_peak/{{ensemble}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/estimate_boson_peak/{{ensemble}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        tasks=1,
        mem_mb=memory("estimate_boson_peak"),
        runtime=minutes("estimate_boson_peak"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=lambda wildcards: [CAMPAIGN.seed, CAMPAIGN.spectrum_of(wildcards.ensemble)],
    shell:
        "python workflow/scripts/estimate_boson_peak.py"
        " --campaign {params.campaign} --ensemble {wildcards.ensemble}"
        " --modes-table {input.modes} --moduli-table {input.moduli}"
        " --output {output} --log {log}"


rule measure_excitations:
    input:
        unpack(window),
        glasses=GLASSES,
        modes=MODES,
        modes_table=f"{RESULTS}/{{ensemble}}/parts/modes/b{{bundle}}.parquet",
    output:
        excitations=f"{RESULTS}/{{ensemble}}/parts/excitations/b{{bundle}}.parquet",
        scans=f"{RESULTS}/{{ensemble}}/parts/excitation_scans/b{{bundle}}.parquet",
        fields=f"{RESULTS}/{{ensemble}}/parts/excitation_fields/b{{bundle}}.parquet",
    log:
        f"{RESULTS}/logs/measure_excitations/{{ensemble}}.b{{bundle}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/measure_excitations/{{ensemble}}.b{{bundle}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        mpi="mpiexec",
        tasks=ranks("measure_excitations"),
        mem_mb=memory("measure_excitations"),
        runtime=minutes("measure_excitations"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of("excitations"),
        window=lambda wildcards, input: (
            f" --boson-peak {input.boson_peak}" if "boson_peak" in input.keys() else ""
        ),
    shell:
        "{resources.mpi} -n {resources.tasks} python workflow/scripts/measure_excitations.py"
        " --campaign {params.campaign} --ranks {resources.tasks}"
        " --ensemble {wildcards.ensemble} --bundle {wildcards.bundle}"
        " --glasses {input.glasses} --modes {input.modes} --modes-table {input.modes_table}"
        "{params.window} --excitations {output.excitations} --excitation-scans {output.scans}"
        " --excitation-fields {output.fields} --log {log}"


rule compute_cubic_amplitudes:
    input:
        glasses=GLASSES,
        modes=MODES,
        modes_table=f"{RESULTS}/{{ensemble}}/parts/modes/b{{bundle}}.parquet",
    output:
        f"{RESULTS}/{{ensemble}}/parts/cubic_amplitudes/b{{bundle}}.parquet",
    log:
        f"{RESULTS}/logs/compute_cubic_amplitudes/{{ensemble}}.b{{bundle}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compute_cubic_amplitudes/{{ensemble}}.b{{bundle}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        tasks=1,
        mem_mb=memory("compute_cubic_amplitudes"),
        runtime=minutes("compute_cubic_amplitudes"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of("cubic_amplitudes"),
    shell:
        "python workflow/scripts/compute_cubic_amplitudes.py"
        " --campaign {params.campaign} --ensemble {wildcards.ensemble} --bundle {wildcards.bundle}"
        " --glasses {input.glasses} --modes {input.modes} --modes-table {input.modes_table}"
        " --output {output} --log {log}"
