"""The classroom: a session that people and simulated agents play together, kept in a log that outlives the server."""
