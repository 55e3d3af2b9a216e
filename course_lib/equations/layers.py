"""Any number of layers: four equations that hold for each, and the passes that are made of them."""

from course_lib import deep
from course_lib.equations.model import LAYER_CACHE, LAYER_GRADS, LAYER_PARAMETERS, LINEAR_CACHE, Equation

LAYERS = (
    Equation(
        "deep.linear_forward",
        r"Z^{[l]} = W^{[l]} A^{[l-1]} + b^{[l]} \mathbf{1}^T",
        deep.linear_forward,
        {"A": ("n_prev", "m"), "W": ("n", "n_prev"), "b": ("n", "1")},
        {"Z": ("n", "m"), "cache": LINEAR_CACHE},
        ("S2.5", "S3.1"),
        ("E14",),
    ),
    Equation(
        "deep.forward_propagation",
        r"A^{[0]} = X \qquad A^{[l]} = g^{[l]}\left(W^{[l]} A^{[l-1]} + b^{[l]} \mathbf{1}^T\right)"
        r" \quad \text{for } l = 1, \dots, L",
        deep.forward_propagation,
        {"X": ("n0", "m"), "parameters": LAYER_PARAMETERS},
        {"AL": ("n_L", "m"), "caches": LAYER_CACHE},
        ("S2.2", "S3.1"),
    ),
    Equation(
        "deep.dZ",
        r"dZ^{[l]} = dA^{[l]} \odot g^{[l]\prime}\left(Z^{[l]}\right)",
        deep.dZ,
        {"dA": ("n", "m"), "Z": ("n", "m"), "activation": "name of g"},
        ("n", "m"),
        ("S0.9", "S1.5", "S2.9", "S3.5"),
        ("E8", "E36"),
        variable="Z",
        of="L",
    ),
    Equation(
        "deep.relu_backward",
        r"dZ = dA \odot \operatorname{ReLU}'(Z)",
        deep.relu_backward,
        {"dA": ("n", "m"), "Z": ("n", "m")},
        ("n", "m"),
        ("S2.7", "S3.5"),
        ("E12",),
        variable="Z",
        of="L",
    ),
    Equation(
        "deep.sigmoid_backward",
        r"dZ = dA \odot \sigma(Z) \odot (1 - \sigma(Z))",
        deep.sigmoid_backward,
        {"dA": ("n", "m"), "Z": ("n", "m")},
        ("n", "m"),
        ("S2.7", "S3.5"),
        variable="Z",
        of="L",
    ),
    Equation(
        "deep.tanh_backward",
        r"dZ = dA \odot \left(1 - \tanh^2(Z)\right)",
        deep.tanh_backward,
        {"dA": ("n", "m"), "Z": ("n", "m")},
        ("n", "m"),
        ("S2.7", "S3.5"),
        variable="Z",
        of="L",
    ),
    Equation(
        "deep.dW",
        r"dW^{[l]} = \frac{1}{m}\, dZ^{[l]} \left(A^{[l-1]}\right)^T",
        deep.dW,
        {"dZ": ("n", "m"), "A_prev": ("n_prev", "m")},
        ("n", "n_prev"),
        ("S0.9", "S1.2", "S2.9", "S3.5"),
        ("E17", "E19"),
        variable="W",
        of="J",
    ),
    Equation(
        "deep.db",
        r"db^{[l]} = \frac{1}{m}\, dZ^{[l]} \mathbf{1}",
        deep.db,
        {"dZ": ("n", "m")},
        ("n", "1"),
        ("S0.9", "S1.6", "S2.9", "S3.5"),
        ("E4", "E16", "E18", "E25"),
        variable="b",
        of="J",
    ),
    Equation(
        "deep.dA_prev",
        r"dA^{[l-1]} = \left(W^{[l]}\right)^T dZ^{[l]}",
        deep.dA_prev,
        {"W": ("n", "n_prev"), "dZ": ("n", "m")},
        ("n_prev", "m"),
        ("S0.9", "S1.4", "S2.9", "S3.5"),
        ("E8", "E15"),
        variable="A_prev",
        of="L",
    ),
    Equation(
        "deep.linear_backward",
        r"\begin{aligned} dA^{[l-1]} &= \left(W^{[l]}\right)^T dZ^{[l]} \\"
        r" dW^{[l]} &= \frac{1}{m}\, dZ^{[l]} \left(A^{[l-1]}\right)^T \\"
        r" db^{[l]} &= \frac{1}{m}\, dZ^{[l]} \mathbf{1} \end{aligned}",
        deep.linear_backward,
        {"dZ": ("n", "m"), "cache": LINEAR_CACHE},
        {"dA_prev": ("n_prev", "m"), "dW": ("n", "n_prev"), "db": ("n", "1")},
        ("S0.9", "S3.5"),
    ),
    Equation(
        "deep.linear_activation_backward",
        r"\begin{aligned} dZ^{[l]} &= dA^{[l]} \odot g^{[l]\prime}\left(Z^{[l]}\right) \\"
        r" dA^{[l-1]} &= \left(W^{[l]}\right)^T dZ^{[l]} \\"
        r" dW^{[l]} &= \frac{1}{m}\, dZ^{[l]} \left(A^{[l-1]}\right)^T \\"
        r" db^{[l]} &= \frac{1}{m}\, dZ^{[l]} \mathbf{1} \end{aligned}",
        deep.linear_activation_backward,
        {"dA": ("n", "m"), "cache": LAYER_CACHE, "activation": "name of g"},
        {"dA_prev": ("n_prev", "m"), "dW": ("n", "n_prev"), "db": ("n", "1")},
        ("S0.9", "S3.5"),
    ),
    Equation(
        "deep.backward_propagation",
        r"\begin{aligned} dZ^{[L]} &= A^{[L]} - Y \\"
        r" dZ^{[l]} &= \left(\left(W^{[l+1]}\right)^T dZ^{[l+1]}\right) \odot g^{[l]\prime}\left(Z^{[l]}\right)"
        r" \quad \text{for } l = L - 1, \dots, 1 \\"
        r" dW^{[l]} &= \frac{1}{m}\, dZ^{[l]} \left(A^{[l-1]}\right)^T \\"
        r" db^{[l]} &= \frac{1}{m}\, dZ^{[l]} \mathbf{1} \end{aligned}",
        deep.backward_propagation,
        {"AL": ("n_L", "m"), "Y": ("n_L", "m"), "caches": LAYER_CACHE},
        LAYER_GRADS,
        ("S0.9", "S1.3", "S3.4", "S3.5"),
        ("E8", "E19"),
    ),
)
