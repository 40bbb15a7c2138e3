# Nonlinear quasilocalized excitations: the modes of every sample, and pictures of a few.


rule find_quasilocalized_modes:
    input:
        glasses=GLASSES,
    output:
        vectors=QUASILOCALIZED,
        modes=f"{RESULTS}/{{ensemble}}/parts/quasilocalized/b{{bundle}}.parquet",
        samples=f"{RESULTS}/{{ensemble}}/parts/quasilocalized_samples/b{{bundle}}.parquet",
        profiles=f"{RESULTS}/{{ensemble}}/parts/quasilocalized_profiles/b{{bundle}}.parquet",
        population=f"{RESULTS}/{{ensemble}}/parts/quasilocalized_population/b{{bundle}}.parquet",
        growth=f"{RESULTS}/{{ensemble}}/parts/quasilocalized_growth/b{{bundle}}.parquet",
    log:
        f"{RESULTS}/logs/find_quasilocalized_modes/{{ensemble}}.b{{bundle}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/find_quasilocalized_modes/{{ensemble}}.b{{bundle}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        mpi="mpiexec",
        tasks=ranks("find_quasilocalized_modes"),
        mem_mb=memory("find_quasilocalized_modes"),
        runtime=minutes("find_quasilocalized_modes"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of("quasilocalized"),
    shell:
        "{resources.mpi} -n {resources.tasks} python workflow/scripts/find_quasilocalized_modes.py"
        " --campaign {params.campaign} --ranks {resources.tasks}"
        " --ensemble {wildcards.ensemble} --bundle {wildcards.bundle} --glasses {input.glasses}"
        " --quasilocalized {output.modes} --quasilocalized-samples {output.samples}"
        " --quasilocalized-profiles {output.profiles}"
        " --quasilocalized-population {output.population}"
        " --quasilocalized-growth {output.growth} --output {output.vectors} --log {log}"


rule select_quasilocalized_fields:
    input:
        glasses=every_bundle(GLASSES),
        modes=every_bundle(f"{RESULTS}/{{ensemble}}/parts/quasilocalized/b{{bundle}}.parquet"),
    output:
        f"{RESULTS}/{{ensemble}}/parts/quasilocalized_fields/all.parquet",
    log:
        f"{RESULTS}/logs/select_quasilocalized_fields/{{ensemble}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/select_quasilocalized_fields/{{ensemble}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        tasks=1,
        mem_mb=memory("select_quasilocalized_fields"),
        runtime=minutes("select_quasilocalized_fields"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        folder=f"{RESULTS}/{{ensemble}}",
        settings=lambda wildcards: json.dumps(CAMPAIGN.block("quasilocalized", wildcards.ensemble)),
    shell:
        "python workflow/scripts/select_quasilocalized_fields.py"
        " --campaign {params.campaign} --ensemble {wildcards.ensemble}"
        " --folder {params.folder} --output {output} --log {log}"
