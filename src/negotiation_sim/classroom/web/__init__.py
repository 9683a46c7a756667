"""The web pages of a class: joining, seats, the instructor's console, the debrief."""
