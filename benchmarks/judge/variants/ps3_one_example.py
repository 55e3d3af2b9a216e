"""Right answers to ps3, written in other ways than the solution."""

from collections import OrderedDict

import numpy as np

from course_lib import one_example
from course_lib.gradient_checking import central_difference


def by_loops(dz, a):
    dw = np.zeros((len(dz), len(a)))
    for i in range(len(dz)):
        for j in range(len(a)):
            dw[i, j] = dz[i, 0] * a[j, 0]
    return dw


def da1_by_loops(w2, dz2):
    da1 = np.zeros((w2.shape[1], 1))
    for j in range(w2.shape[1]):
        for i in range(w2.shape[0]):
            da1[j, 0] += w2[i, j] * dz2[i, 0]
    return da1


def dz1_in_place(da1, z1):
    da1 *= 1 - np.tanh(z1) ** 2
    return da1


def dz2_by_nudging(a2, y):
    z2 = np.log(a2 / (1 - a2))
    return central_difference(lambda z: np.sum(np.log1p(np.exp(z)) - y * z), z2)


def noisy(dz2):
    print("a print costs nothing")
    np.log(np.zeros(1))
    return dz2


def proof_by_loops(dz, a_prev):
    n, n_prev = len(dz), len(a_prev)
    z_by_w, terms = np.zeros((n, n, n_prev)), np.zeros((n, n, n_prev))
    for k in range(n):
        for i in range(n):
            for j in range(n_prev):
                z_by_w[k, i, j] = a_prev[j, 0] if k == i else 0
                terms[k, i, j] = dz[k, 0] * z_by_w[k, i, j]
    return {"z_by_w": z_by_w, "terms": terms, "summed": sum(terms), "outer": by_loops(dz, a_prev)}


def proof_by_einsum(dz, a_prev):
    T = np.einsum("ki,j->kij", np.eye(len(dz)), a_prev.ravel())
    terms = np.einsum("k,kij->kij", dz.ravel(), T)
    return {
        "z_by_w": T,
        "terms": terms,
        "summed": np.einsum("kij->ij", terms),
        "outer": np.outer(dz, a_prev),
        "note": "a key more costs nothing",
    }


def proof_in_single_precision(dz, a_prev):
    return {name: line.astype(np.float32) for name, line in proof_by_loops(dz, a_prev).items()}


def proof_summed_along_the_other_equal_axis(dz, a_prev):
    lines = proof_by_loops(dz, a_prev)
    return OrderedDict({**lines, "summed": lines["terms"].sum(axis=1), "outer": np.kron(dz, a_prev.T)})


VARIANTS = [
    ("compute_da2", lambda a2, y: (a2 - y) / (a2 * (1 - a2))),
    ("compute_da2", lambda a2, y: np.where(y == 1, -1 / a2, 1 / (1 - a2))),
    ("compute_da2", lambda a2, y: np.array([[-1 / a if t else 1 / (1 - a)] for (a,), (t,) in zip(a2, y, strict=True)])),
    ("compute_da2", lambda a2, y: -(np.divide(y, a2) - np.divide(1 - y, 1 - a2))),
    ("compute_da2", lambda a2, y: np.matrix(one_example.da2(a2, y))),
    ("compute_da2", lambda a2, y, epsilon=0.0: -y / (a2 + epsilon) + (1 - y) / (1 - a2 + epsilon)),
    ("compute_dz2", lambda a2, y: one_example.da2(a2, y) * a2 * (1 - a2)),
    ("compute_dz2", lambda a2, y: -(y - a2)),
    ("compute_dz2", lambda a2, y: np.subtract(a2, y, dtype=np.float32)),
    ("compute_dz2", lambda a2, y: a2 * (1 - y) - (1 - a2) * y),
    ("compute_dz2", dz2_by_nudging),
    ("compute_dw2", by_loops),
    ("compute_dw2", np.outer),
    ("compute_dw2", lambda dz2, a1: dz2 * a1.T),
    ("compute_dw2", lambda dz2, a1: np.dot(dz2, a1.T)),
    ("compute_dw2", lambda dz2, a1: (a1 @ dz2.T).T),
    ("compute_dw2", lambda dz2, a1: np.einsum("ik,jk->ij", dz2, a1)),
    ("compute_dw2", lambda dz2, a1: np.kron(dz2, a1.T)),
    ("compute_dw2", lambda dz2, a1: np.matrix(dz2) * np.matrix(a1).T),
    ("compute_dw1", lambda dz1, x: np.multiply.outer(dz1[:, 0], x[:, 0])),
    ("compute_dw1", lambda dz1, x: np.vstack([entry * x.T for entry in dz1[:, 0]])),
    ("compute_dw1", lambda dz1, x: dz1.astype(np.float32) @ x.astype(np.float32).T),
    ("compute_dw1", lambda dz1, x: np.tensordot(dz1, x, axes=(1, 1))),
    ("compute_dw1", lambda dz1, x: dz1.reshape(-1, 1) @ x.reshape(1, -1) / x.shape[1]),
    ("compute_db2", lambda dz2: dz2.copy()),
    ("compute_db2", lambda dz2: np.sum(dz2, axis=1, keepdims=True)),
    ("compute_db2", lambda dz2: np.eye(len(dz2)) @ dz2),
    ("compute_db2", noisy),
    ("compute_db1", lambda dz1: np.mean(dz1, axis=1).reshape(-1, 1)),
    ("compute_db1", lambda dz1: dz1 @ np.ones((1, 1))),
    ("compute_da1", lambda w2, dz2: (dz2.T @ w2).T),
    ("compute_da1", lambda w2, dz2: np.dot(w2.T, dz2)),
    ("compute_da1", da1_by_loops),
    ("compute_da1", lambda w2, dz2: np.sum(w2 * dz2, axis=0)[:, np.newaxis]),
    ("compute_da1", lambda w2, dz2: np.einsum("ij,ik->jk", w2, dz2)),
    ("compute_dz1", lambda da1, z1: da1 / np.cosh(z1) ** 2),
    ("compute_dz1", lambda da1, z1: np.diag(1 - np.tanh(z1[:, 0]) ** 2) @ da1),
    ("compute_dz1", lambda da1, z1: da1 * (1 - np.tanh(z1)) * (1 + np.tanh(z1))),
    ("compute_dz1", dz1_in_place),
    ("dw_entry", lambda dz, a_prev, i, j: (dz @ a_prev.T)[i, j]),
    ("dw_entry", lambda dz, a_prev, i, j: float(dz[i, 0] * a_prev[j, 0])),
    ("dw_entry", lambda dz, a_prev, i, j: dz[i] * a_prev[j]),
    ("dw_entry", lambda dz, a_prev, i, j: dz[i] @ a_prev[j]),
    ("dw_entry", lambda dz, a_prev, i, j: dz[i : i + 1] @ a_prev[j : j + 1]),
    ("dw_entry", lambda dz, a_prev, i, j: sum((k == i) * dz[k, 0] * a_prev[j, 0] for k in range(len(dz)))),
    ("proof_dw", proof_by_loops),
    ("proof_dw", proof_by_einsum),
    ("proof_dw", proof_in_single_precision),
    ("proof_dw", proof_summed_along_the_other_equal_axis),
]
