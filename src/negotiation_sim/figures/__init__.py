"""One figure a file; each takes tables of `negotiation_sim.analysis` and returns a matplotlib Figure."""
