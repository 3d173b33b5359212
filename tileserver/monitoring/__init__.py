"""Figures for operators: what is counted where, and how the workers' are put together."""
