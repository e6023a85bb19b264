"""What the product costs, side by side with the ceiling of each stage, in one run.

dataset.py    the seeded data set, written raw
meter.py      seconds, CPU by group of processes, peak memory of the engine
ceilings.py   the least that each stage could cost: the same bytes, and nothing else
stages.py     the stages of the product
report.py     the table, and the JSON
run.py        python -m tests.benchmarks.run
"""
