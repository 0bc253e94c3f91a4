"""The routing brain: facts in, a decision with its reasons out.

Pure Python: no framework, no clock, no randomness, no input or output. The same code runs
live, in the simulator, in a dry run and in the tests.
"""
