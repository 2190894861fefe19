"""Measure what a run costs: time, memory, operations, energy, and on which machine."""
