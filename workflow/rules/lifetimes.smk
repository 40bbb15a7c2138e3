DISCARDED = [
    name
    for name in CAMPAIGN.ensembles_of("dynamics")
    if not CAMPAIGN.block("dynamics", name)["keep_trajectories"]
]
KEPT = [name for name in CAMPAIGN.ensembles if name not in DISCARDED]


rule run_dynamics:
    input:
        glasses=GLASSES,
    output:
        TRAJECTORIES,
    log:
        f"{RESULTS}/logs/run_dynamics/{{ensemble}}.b{{bundle}}.T{{temperature}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/run_dynamics/{{ensemble}}.b{{bundle}}.T{{temperature}}.tsv"
    wildcard_constraints:
        ensemble=one_of(KEPT),
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        mpi="mpiexec",
        tasks=ranks("run_dynamics"),
        mem_mb=memory("run_dynamics"),
        runtime=minutes("run_dynamics"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of("dynamics"),
    shell:
        "{resources.mpi} -n {resources.tasks} python workflow/scripts/run_dynamics.py"
        " --campaign {params.campaign} --ranks {resources.tasks}"
        " --ensemble {wildcards.ensemble} --bundle {wildcards.bundle}"
        " --temperature {wildcards.temperature}"
        " --glasses {input.glasses} --output {output} --log {log}"


if DISCARDED:

    # the same program; Snakemake removes the trajectory once everything is measured of it
    use rule run_dynamics as run_discarded_dynamics with:
        output:
            temp(TRAJECTORIES),
        wildcard_constraints:
            ensemble=one_of(DISCARDED),


rule measure_mean_squared_displacement:
    input:
        glasses=GLASSES,
        trajectories=TRAJECTORIES,
    output:
        displacement=f"{RESULTS}/{{ensemble}}/parts/mean_squared_displacement/b{{bundle}}.T{{temperature}}.parquet",
        series=f"{RESULTS}/{{ensemble}}/parts/time_series/b{{bundle}}.T{{temperature}}.parquet",
        checks=f"{RESULTS}/{{ensemble}}/parts/dynamics_checks/b{{bundle}}.T{{temperature}}.parquet",
    log:
        f"{RESULTS}/logs/measure_mean_squared_displacement/{{ensemble}}.b{{bundle}}.T{{temperature}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/measure_mean_squared_displacement/{{ensemble}}.b{{bundle}}.T{{temperature}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        tasks=1,
        mem_mb=memory("measure_mean_squared_displacement"),
        runtime=minutes("measure_mean_squared_displacement"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of("dynamics"),
    shell:
        "python workflow/scripts/measure_mean_squared_displacement.py"
        " --campaign {params.campaign} --ensemble {wildcards.ensemble} --bundle {wildcards.bundle}"
        " --temperature {wildcards.temperature}"
        " --glasses {input.glasses} --trajectories {input.trajectories}"
        " --mean-squared-displacement {output.displacement} --time-series {output.series}"
        " --dynamics-checks {output.checks} --log {log}"


rule measure_lifetimes:
    input:
        glasses=GLASSES,
        modes=MODES,
        trajectories=TRAJECTORIES,
    output:
        lifetimes=f"{RESULTS}/{{ensemble}}/parts/lifetimes/b{{bundle}}.T{{temperature}}.parquet",
        windows=f"{RESULTS}/{{ensemble}}/parts/window_lifetimes/b{{bundle}}.T{{temperature}}.parquet",
        correlations=f"{RESULTS}/{{ensemble}}/parts/energy_autocorrelation/b{{bundle}}.T{{temperature}}.parquet",
    log:
        f"{RESULTS}/logs/measure_lifetimes/{{ensemble}}.b{{bundle}}.T{{temperature}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/measure_lifetimes/{{ensemble}}.b{{bundle}}.T{{temperature}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        tasks=1,
        mem_mb=memory("measure_lifetimes"),
        runtime=minutes("measure_lifetimes"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of("dynamics", "lifetimes"),
    shell:
        "python workflow/scripts/measure_lifetimes.py"
        " --campaign {params.campaign} --ensemble {wildcards.ensemble} --bundle {wildcards.bundle}"
        " --temperature {wildcards.temperature}"
        " --glasses {input.glasses} --modes {input.modes} --trajectories {input.trajectories}"
        " --lifetimes {output.lifetimes} --window-lifetimes {output.windows}"
        " --energy-autocorrelation {output.correlations} --log {log}"


rule compute_decay_rates:
    input:
        glasses=GLASSES,
        modes=MODES,
    output:
        f"{RESULTS}/{{ensemble}}/parts/decay_rates/b{{bundle}}.parquet",
    log:
        f"{RESULTS}/logs/compute_decay_rates/{{ensemble}}.b{{bundle}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compute_decay_rates/{{ensemble}}.b{{bundle}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        mpi="mpiexec",
        tasks=ranks("compute_decay_rates"),
        mem_mb=memory("compute_decay_rates"),
        runtime=minutes("compute_decay_rates"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of("decay_rates"),
    shell:
        "{resources.mpi} -n {resources.tasks} python workflow/scripts/compute_decay_rates.py"
        " --campaign {params.campaign} --ranks {resources.tasks}"
        " --ensemble {wildcards.ensemble} --bundle {wildcards.bundle}"
        " --glasses {input.glasses} --modes {input.modes} --output {output} --log {log}"


rule compute_joint_density:
    input:
        modes=MODES,
    output:
        f"{RESULTS}/{{ensemble}}/parts/joint_density/b{{bundle}}.parquet",
    log:
        f"{RESULTS}/logs/compute_joint_density/{{ensemble}}.b{{bundle}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compute_joint_density/{{ensemble}}.b{{bundle}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        tasks=1,
        mem_mb=memory("compute_joint_density"),
        runtime=minutes("compute_joint_density"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of("joint_density"),
    shell:
        "python workflow/scripts/compute_joint_density.py"
        " --campaign {params.campaign} --ensemble {wildcards.ensemble} --bundle {wildcards.bundle}"
        " --modes {input.modes} --output {output} --log {log}"
