"""The protégé: whom the crisis is about. Consents to its own affairs (E092)."""

from negotiation_sim.agents.negotiator import PrincipalAgent


class ProtegeAgent(PrincipalAgent):
    """A principal without a ladder; all its utilities are assumptions where no document speaks for it."""
