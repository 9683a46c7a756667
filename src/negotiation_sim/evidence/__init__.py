"""What the documents say: 100 findings, five sources, and the conflicts between them."""

from negotiation_sim.evidence.table import Conflict, Finding, Source, conflicts, finding, findings, sources

__all__ = ["Conflict", "Finding", "Source", "conflicts", "finding", "findings", "sources"]
