"""The mean is taken in dZ2 already, so every gradient after it is divided by m twice."""


def compute_dZ2(A2, Y):
    return (A2 - Y) / Y.shape[1]
