"""Both bias gradients are summed over the units (axis 0) instead of over the examples (axis 1)."""

import numpy as np


def compute_db2(dZ2):
    return np.sum(dZ2, axis=0, keepdims=True) / dZ2.shape[1]


def compute_db1(dZ1):
    return np.sum(dZ1, axis=0, keepdims=True) / dZ1.shape[1]
