"""Mesa agents: private state and calls of the rules.

Every NumPy array that an agent, a `Mind` or the `Public` holds has worlds as its first axis; `take_worlds`
relies on it. What is the same for all worlds lives in the scenario's layout.
"""
