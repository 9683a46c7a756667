"""Tables in, tables out: what an ensemble of worlds says, and how surely it says it."""
