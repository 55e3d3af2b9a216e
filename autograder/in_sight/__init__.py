"""What stands in sight where an answer is asked for: nothing there may give it away.

Asked where notebooks and pages are made; nobody is judged by it.
"""
