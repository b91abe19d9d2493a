"""What the workbench costs, as ratios against what people do today, all measured side by side in one run.

`python -m benchmarks` prints the table of README.md. Nothing here asserts: counts are asserted in tests/,
times are told, since they depend on the machine.
"""
