"""The 1/m is missing in dW2."""


def compute_dW2(dZ2, A1):
    return dZ2 @ A1.T
