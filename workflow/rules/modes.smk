rule solve_modes:
    input:
        glasses=GLASSES,
    output:
        MODES,
    log:
        f"{RESULTS}/logs/solve_modes/{{ensemble}}.b{{bundle}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/solve_modes/{{ensemble}}.b{{bundle}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        mpi="mpiexec",
        tasks=ranks("solve_modes"),
        mem_mb=memory("solve_modes"),
        runtime=minutes("solve_modes"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of("modes"),
    shell:
        "{resources.mpi} -n {resources.tasks} python workflow/scripts/solve_modes.py"
        " --campaign {params.campaign} --ranks {resources.tasks}"
        " --ensemble {wildcards.ensemble} --bundle {wildcards.bundle}"
        " --glasses {input.glasses} --output {output} --log {log}"


rule analyse_modes:
    input:
        glasses=GLASSES,
        modes=MODES,
    output:
        modes=f"{RESULTS}/{{ensemble}}/parts/modes/b{{bundle}}.parquet",
        moduli=f"{RESULTS}/{{ensemble}}/parts/moduli/b{{bundle}}.parquet",
    log:
        f"{RESULTS}/logs/analyse_modes/{{ensemble}}.b{{bundle}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/analyse_modes/{{ensemble}}.b{{bundle}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        tasks=1,
        mem_mb=memory("analyse_modes"),
        runtime=minutes("analyse_modes"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of("modes"),
    shell:
        "python workflow/scripts/analyse_modes.py"
        " --campaign {params.campaign} --ensemble {wildcards.ensemble} --bundle {wildcards.bundle}"
        " --glasses {input.glasses} --modes {input.modes}"
        " --modes-table {output.modes} --moduli-table {output.moduli} --log {log}"


rule compute_density_of_states:
    input:
        glasses=GLASSES,
    output:
        f"{RESULTS}/{{ensemble}}/parts/density_of_states/b{{bundle}}.parquet",
    log:
        f"{RESULTS}/logs/compute_density_of_states/{{ensemble}}.b{{bundle}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compute_density_of_states/{{ensemble}}.b{{bundle}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        mpi="mpiexec",
        tasks=ranks("compute_density_of_states"),
        mem_mb=memory("compute_density_of_states"),
        runtime=minutes("compute_density_of_states"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of("density_of_states"),
    shell:
        "{resources.mpi} -n {resources.tasks} python workflow/scripts/compute_density_of_states.py"
        " --campaign {params.campaign} --ranks {resources.tasks} --ensemble {wildcards.ensemble} --bundle {wildcards.bundle}"
        " --glasses {input.glasses} --output {output} --log {log}"
