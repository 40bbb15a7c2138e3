# Jobs that go wrong, as jobs on a cluster do; each adds a line to its record when it begins.
#
#   --config folder=...
FOLDER = config["folder"]


rule all:
    input:
        f"{FOLDER}/memory.done",
        f"{FOLDER}/time.done",
        f"{FOLDER}/never.done",


rule need_memory:
    output:
        f"{FOLDER}/memory.done",
    log:
        f"{FOLDER}/memory.log",
    resources:
        mem_mb=lambda wildcards, attempt: 700 * attempt,
        runtime=10,
    shell:
        "echo {resources.mem_mb} >> {output}.attempts;"
        " python -c 'import time; held = b\"x\" * 800_000_000; time.sleep(8)' 2> {log}"
        " && touch {output}"


rule need_time:
    output:
        f"{FOLDER}/time.done",
    log:
        f"{FOLDER}/time.log",
    resources:
        mem_mb=700,
        runtime=lambda wildcards, attempt: 1 if attempt == 1 else 6,
    shell:
        "echo {resources.runtime} >> {output}.attempts; sleep 65 2> {log} && touch {output}"


rule fail_always:
    output:
        f"{FOLDER}/never.done",
    log:
        f"{FOLDER}/never.log",
    resources:
        mem_mb=700,
        runtime=10,
    shell:
        "echo {resources.mem_mb} >> {output}.attempts; echo 'this cannot work' > {log}; exit 1"
