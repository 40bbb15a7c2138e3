rule equilibrate_liquids:
    output:
        liquid=LIQUIDS,
        table=f"{RESULTS}/{{ensemble}}/parts/equilibration/r{{run}}.parquet",
    log:
        f"{RESULTS}/logs/equilibrate_liquids/{{ensemble}}.r{{run}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/equilibrate_liquids/{{ensemble}}.r{{run}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        tasks=1,
        mem_mb=memory("equilibrate_liquids"),
        runtime=minutes("equilibrate_liquids"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of(),
    shell:
        "python workflow/scripts/equilibrate_liquids.py"
        " --campaign {params.campaign} --ensemble {wildcards.ensemble} --run {wildcards.run}"
        " --output {output.liquid} --table {output.table} --log {log}"


rule prepare_glasses:
    input:
        liquids_of,
    output:
        GLASSES,
    log:
        f"{RESULTS}/logs/prepare_glasses/{{ensemble}}.b{{bundle}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prepare_glasses/{{ensemble}}.b{{bundle}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        mpi="mpiexec",
        tasks=ranks("prepare_glasses"),
        mem_mb=memory("prepare_glasses"),
        runtime=minutes("prepare_glasses"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of(),
        liquids=lambda wildcards, input: f" --liquids {input}" if input else "",
    shell:
        "{resources.mpi} -n {resources.tasks} python workflow/scripts/prepare_glasses.py"
        " --campaign {params.campaign} --ranks {resources.tasks}"
        " --ensemble {wildcards.ensemble} --bundle {wildcards.bundle}"
        "{params.liquids} --output {output} --log {log}"
