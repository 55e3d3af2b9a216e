"""How each formula is usually written in Python, by the question's id: what `autograder.core.slips` makes slips from.

An expression stands for a function that returns it; anything longer is the function's body. A spelling gives the same
numbers as the reference, which is tested; several ways to write one formula have several spellings.
"""

from collections.abc import Mapping
from types import MappingProxyType

_LOSS_OF = "-{y} * np.log({a}) - (1 - {y}) * np.log(1 - {a})"
_LOSS_IN_BRACKETS = "-({y} * np.log({a}) + (1 - {y}) * np.log(1 - {a}))"
_DA = ("-{y} / {a} + (1 - {y}) / (1 - {a})", "({a} - {y}) / ({a} * (1 - {a}))", "-({y} / {a} - (1 - {y}) / (1 - {a}))")
_DW = ("{dZ} @ {A}.T / {dZ}.shape[1]", "1 / {A}.shape[1] * np.dot({dZ}, {A}.T)")
_DB = (
    "np.sum({dZ}, axis=1, keepdims=True) / {dZ}.shape[1]",
    "1 / {dZ}.shape[1] * np.sum({dZ}, axis=1, keepdims=True)",
    "np.mean({dZ}, axis=1, keepdims=True)",
)
_TANH_PRIME = ("{dA} * (1 - np.tanh({Z}) ** 2)", "{dA} * (1 - np.power(np.tanh({Z}), 2))")


def _with(texts: tuple[str, ...], **names: str) -> tuple[str, ...]:
    return tuple(text.format(**names) for text in texts)


def _sum_of_losses(a: str, y: str) -> tuple[str, ...]:
    losses, bracketed = (loss.format(a=a, y=y) for loss in (_LOSS_OF, _LOSS_IN_BRACKETS))
    return (
        f"losses = {losses}\nreturn np.sum(losses) / {y}.shape[1]",
        f"m = {y}.shape[1]\nlosses = {bracketed}\nreturn 1 / m * np.sum(losses)",
    )


_FORWARD = """
Z1 = parameters["W1"] @ X + parameters["b1"]
A1 = np.tanh(Z1)
Z2 = parameters["W2"] @ A1 + parameters["b2"]
A2 = 1 / (1 + np.exp(-Z2))
return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
"""
_BACKWARD = """
m = X.shape[1]
dZ2 = cache["A2"] - Y
dA1 = parameters["W2"].T @ dZ2
dZ1 = dA1 * (1 - cache["A1"] ** 2)
return {
    "dW1": dZ1 @ X.T / m,
    "db1": np.sum(dZ1, axis=1, keepdims=True) / m,
    "dW2": dZ2 @ cache["A1"].T / m,
    "db2": np.sum(dZ2, axis=1, keepdims=True) / m,
}
"""
_BACKWARD_AT_Z = _BACKWARD.replace('cache["A1"] ** 2', 'np.tanh(cache["Z1"]) ** 2')
_UPDATE = '{name: theta - learning_rate * grads["d" + name] for name, theta in parameters.items()}'
_SIGMOID_BACKWARD = ("A = 1 / (1 + np.exp(-Z))\nreturn dA * A * (1 - A)", "A = sigmoid(Z)\nreturn dA * (A * (1 - A))")
_LINEAR_BACKWARD = """
A_prev, W, b = cache
m = dZ.shape[1]
return W.T @ dZ, dZ @ A_prev.T / m, np.sum(dZ, axis=1, keepdims=True) / m
"""
_LAYER_BACKWARD = """
(A_prev, W, b), Z = cache
m = dA.shape[1]
if activation == "relu":
    dZ = dA * (Z > 0)
elif activation == "tanh":
    dZ = dA * (1 - np.tanh(Z) ** 2)
else:
    A = 1 / (1 + np.exp(-Z))
    dZ = dA * A * (1 - A)
return W.T @ dZ, dZ @ A_prev.T / m, np.sum(dZ, axis=1, keepdims=True) / m
"""
_DEEP_FORWARD = """
A, caches, L = X, [], len(parameters) // 2
for l in range(1, L):
    A_prev, W, b = A, parameters[f"W{l}"], parameters[f"b{l}"]
    Z = W @ A_prev + b
    A = np.maximum(0, Z)
    caches.append(((A_prev, W, b), Z))
W, b = parameters[f"W{L}"], parameters[f"b{L}"]
Z = W @ A + b
caches.append(((A, W, b), Z))
AL = 1 / (1 + np.exp(-Z))
return AL, caches
"""
_DEEP_BACKWARD = """
grads, L, m = {}, len(caches), Y.shape[1]
dZ = AL - Y
for l in range(L, 0, -1):
    (A_prev, W, b), Z = caches[l - 1]
    if l < L:
        dZ = dA * (Z > 0)
    grads[f"dW{l}"] = dZ @ A_prev.T / m
    grads[f"db{l}"] = np.sum(dZ, axis=1, keepdims=True) / m
    dA = W.T @ dZ
return grads
"""
_PROOF_DW = """
n, n_prev = len(dz), len(a_prev)
z_by_w = np.zeros((n, n, n_prev))
for k in range(n):
    z_by_w[k, k] = a_prev[:, 0]
terms = dz[:, :, np.newaxis] * z_by_w
return {"z_by_w": z_by_w, "terms": terms, "summed": terms.sum(axis=0), "outer": dz @ a_prev.T}
"""
_PROOF_DB = """
n, m = dZ.shape
z_by_b = np.zeros((n, n, m))
for i in range(n):
    z_by_b[i, i] = 1
terms = dZ * z_by_b / m
over_units = terms.sum(axis=1)
return {
    "z_by_b": z_by_b,
    "terms": terms,
    "over_units": over_units,
    "over_examples": over_units.sum(axis=1, keepdims=True),
    "by_ones": dZ @ np.ones((m, 1)) / m,
}
"""
_PROOF_DW1 = """
m = X.shape[1]
slope = 1 - np.tanh(Z1) ** 2
change_of_Z1 = change_of_W1 @ X
change_of_A1 = slope * change_of_Z1
change_of_Z2 = W2 @ change_of_A1
beside_A1 = W2.T @ dZ2
beside_Z1 = beside_A1 * slope
return {
    "change_of_Z1": change_of_Z1,
    "change_of_A1": change_of_A1,
    "change_of_Z2": change_of_Z2,
    "change_of_J": np.trace(dZ2.T @ change_of_Z2) / m,
    "beside_A1": beside_A1,
    "beside_Z1": beside_Z1,
    "moved": np.trace(beside_Z1.T @ change_of_Z1) / m,
    "gradient": beside_Z1 @ X.T / m,
}
"""
_CENTRAL_DIFFERENCE = """
gradient = np.zeros(theta.shape)
for k in np.ndindex(theta.shape):
    up, down = theta.astype(float), theta.astype(float)
    up[k] += epsilon
    down[k] -= epsilon
    gradient[k] = (f(up) - f(down)) / (2 * epsilon)
return gradient
"""
_ADAM = """
m = beta1 * m + (1 - beta1) * grad
v = beta2 * v + (1 - beta2) * grad**2
m_corrected = m / (1 - beta1**t)
v_corrected = v / (1 - beta2**t)
return theta - learning_rate * m_corrected / (np.sqrt(v_corrected) + epsilon), m, v
"""
_SIGMOID = ("1 / (1 + np.exp(-z))", "np.exp(z) / (1 + np.exp(z))")

SPELLINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "activations.sigmoid": (*_SIGMOID, "e = np.exp(-np.abs(z))\nreturn np.where(z < 0, e, 1) / (1 + e)"),
        "activations.sigmoid_prime": ("a = sigmoid(z)\nreturn a * (1 - a)", "np.exp(-z) / (1 + np.exp(-z)) ** 2"),
        "losses.bce_loss": _with((_LOSS_OF, _LOSS_IN_BRACKETS), a="a", y="y"),
        "one_example.z": ("w @ x + b",),
        "one_example.da": _with(_DA, a="a", y="y"),
        "one_example.dz": ("a - y",),
        "one_example.dw": ("dz @ x.T", "dz * x.T"),
        "batch.forward": ("1 / (1 + np.exp(-(w @ X + b)))", "sigmoid(w @ X + b)"),
        "batch.cost": _sum_of_losses("A", "Y"),
        "batch.dW": _with(_DW, dZ="dZ", A="X"),
        "batch.db": _with(_DB, dZ="dZ"),
        "batch.propagate": (
            f"m = X.shape[1]\nA = 1 / (1 + np.exp(-(w @ X + b)))\ncost = np.sum({_LOSS_OF.format(a='A', y='Y')}) / m\n"
            "dZ = A - Y\ndw = dZ @ X.T / m\ndb = np.sum(dZ, axis=1, keepdims=True) / m\n"
            'return {"dw": dw, "db": db}, cost',
        ),
        "activations.tanh_prime": ("1 - np.tanh(z) ** 2", "a = np.tanh(z)\nreturn 1 - a * a", "1 / np.cosh(z) ** 2"),
        "activations.relu": ("np.maximum(0, z)", "z * (z > 0)"),
        "activations.relu_prime": ("np.where(z > 0, 1.0, 0.0)", "1.0 * (z > 0)"),
        "activations.leaky_relu": ("np.where(z > 0, z, slope * z)", "np.maximum(slope * z, z)"),
        "activations.leaky_relu_prime": ("np.where(z > 0, 1.0, slope)",),
        "linear_network.collapse_linear": ("return W2 @ W1, W2 @ b1 + b2",),
        "one_example.da2": _with(_DA, a="a2", y="y"),
        "one_example.dz2": ("a2 - y",),
        "one_example.dw2": ("dz2 @ a1.T",),
        "one_example.db2": ("dz2",),
        "one_example.da1": ("w2.T @ dz2",),
        "one_example.dz1": _with(_TANH_PRIME, dA="da1", Z="z1"),
        "one_example.dw1": ("dz1 @ x.T",),
        "one_example.db1": ("dz1",),
        "one_example.dw_entry": ("dz[i, 0] * a_prev[j, 0]",),
        "proof_dw": (_PROOF_DW,),
        "two_layer.Z1": ("W1 @ X + b1",),
        "two_layer.A1": ("np.tanh(Z1)",),
        "two_layer.Z2": ("W2 @ A1 + b2",),
        "two_layer.A2": ("1 / (1 + np.exp(-Z2))",),
        "two_layer.forward_propagation": (_FORWARD,),
        "two_layer.cost": _sum_of_losses("A2", "Y"),
        "two_layer.dA2": _with(_DA, a="A2", y="Y"),
        "two_layer.dZ2": ("A2 - Y",),
        "two_layer.dW2": _with(_DW, dZ="dZ2", A="A1"),
        "two_layer.db2": _with(_DB, dZ="dZ2"),
        "two_layer.dA1": ("W2.T @ dZ2",),
        "two_layer.dZ1": _with(_TANH_PRIME, dA="dA1", Z="Z1"),
        "two_layer.dW1": _with(_DW, dZ="dZ1", A="X"),
        "two_layer.db1": _with(_DB, dZ="dZ1"),
        "two_layer.backward_propagation": (_BACKWARD, _BACKWARD_AT_Z),
        "training.update_parameters": (_UPDATE,),
        "deep.dZ": (),
        "deep.dA_prev": ("W.T @ dZ",),
        "deep.dW": _with(_DW, dZ="dZ", A="A_prev"),
        "deep.db": _with(_DB, dZ="dZ"),
        "deep.linear_forward": ("return W @ A + b, (A, W, b)",),
        "deep.relu_backward": ("dA * (Z > 0)", "np.where(Z > 0, dA, 0)"),
        "deep.sigmoid_backward": _SIGMOID_BACKWARD,
        "deep.tanh_backward": _with(_TANH_PRIME, dA="dA", Z="Z"),
        "deep.linear_backward": (_LINEAR_BACKWARD,),
        "deep.linear_activation_backward": (_LAYER_BACKWARD,),
        "deep.forward_propagation": (_DEEP_FORWARD,),
        "deep.backward_propagation": (_DEEP_BACKWARD,),
        "losses.mse_prime": ("2 * (A - Y)",),
        "losses.mae_prime": ("np.sign(A - Y)", "np.where(A > Y, 1.0, -1.0)"),
        "losses.bce_prime": _with(_DA, a="A", y="Y"),
        "training.update_parameters of L layers": (_UPDATE,),
        "proof_db": (_PROOF_DB,),
        "proof_dW1": (_PROOF_DW1,),
        "gradient_checking.central_difference": (_CENTRAL_DIFFERENCE,),
        "gradient_checking.relative_error": (
            "size = np.linalg.norm(a) + np.linalg.norm(b)\nreturn np.linalg.norm(a - b) / size if size > 0 else 0.0",
        ),
        "errata.E1": ("W2.T @ (A2 - Y)",),
        "errata.E3": ("dZ1 = (W2.T @ (A2 - Y)) * (A1 * (1 - A1))\nreturn dZ1 @ X.T / X.shape[1]",),
        "errata.E8": (
            "A_prev = 1 / (1 + np.exp(-Z_prev))\nreturn (W.T @ delta) * (A_prev * (1 - A_prev))",
            "(W.T @ delta) * (sigmoid(Z_prev) * (1 - sigmoid(Z_prev)))",
        ),
        "errata.E9": _with(_DB, dZ="dZ2"),
        "errata.E16": _with(_DB, dZ="delta"),
        "errata.E17": _with(_DW, dZ="delta", A="A_prev"),
        "optimizers.gradient_descent_step": ("theta - learning_rate * grad",),
        "optimizers.momentum_step": ("v = beta * v + (1 - beta) * grad\nreturn theta - learning_rate * v, v",),
        "optimizers.adam_step": (_ADAM,),
    }
)
