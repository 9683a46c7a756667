"""The sections of a report, one a file: each takes a study and tells one thing of it."""
