"""The parts of a briefing, one a file: each takes the seat, and what it may read, and tells one thing."""
