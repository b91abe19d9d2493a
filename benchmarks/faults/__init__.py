"""The labelled fault set: models and calls that really have a fault, each with a healthy twin, from seeds.

    python -m benchmarks.faults --split tune                 everything that thresholds may be tuned on
    python -m benchmarks.faults --split report               the figures that are told; never tuned on
    python -m benchmarks.faults --split tune --code input-scale --verbose

A recipe makes the faulty specimen and its twin for one draw. Draws of the two splits differ in architecture,
in data and in seeds, so that a threshold which merely fits the first shows on the second.
"""
