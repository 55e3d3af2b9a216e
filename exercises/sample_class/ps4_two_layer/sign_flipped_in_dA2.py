"""Both terms of dA2 have the wrong sign."""


def compute_dA2(A2, Y):
    return Y / A2 - (1 - Y) / (1 - A2)
