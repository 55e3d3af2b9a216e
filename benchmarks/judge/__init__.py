"""How far the judge can be trusted: every change of a solution is refused, every right answer is accepted."""
