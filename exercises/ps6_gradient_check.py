# %% [markdown]
# # Trust, but verify
#
# Measure a gradient instead of deriving it, and let the measurement judge six formulas that were published, and wrong.
#
# **When you are done, you can**
#
# - measure the gradient of any function, choose the step, and say how exact the result is;
# - build a gradient check that says no to a gradient that is half a thousandth off;
# - recognise where such a check misleads: at a corner of ReLU, and at weights that are all zero;
# - start a deep network from weights that are different enough and of the right size;
# - find and mend a wrong formula, in print or in your own code, and say what it would have done to training.
#
# **Time:** 60 to 90 minutes. The ten functions are short; most have one line, the longest has about eight.
#
# **How it works.** Replace `raise NotImplementedError()` in an answer cell by your code, run it, then run the check
# below it. The check tells you what is right, or what differs first. You can run it as often as you like. Cells
# between the checks use your own functions, so work from top to bottom. If you are stuck, the book's chapters
# *Gradient checking*, *Initialization and symmetry* and *Derivations that went wrong* have what this page uses, and
# `hint(relative_error)`, in a cell of your own, gives one hint after the other.

# %% locked="setup"
import numpy as np

from autograder import check, hint, once_written, set_assignment
from course_lib import deep, two_layer
from course_lib.datasets import moons
from course_lib.plotting import PALETTE, cost_curves, decision_boundary, error_map, inline, new_axes

set_assignment("ps6_gradient_check")


# %% [markdown]
# ## 1. The measurement
#
# ### How much does the cost move when one number moves a little?
#
# That is all that a derivative says, so it can be measured. Let f be a cost, and θ all the numbers it depends on.
# Move entry k up by ε, then down by ε, while all others stay, and look at how fast f rose in between.
#
# {{ asked: gradient_checking.central_difference }}
#
# **By hand.** Take $f(\theta) = \theta^3$ at θ = 1, where the slope is 3, and a large step, ε = 0.1.
#
# | | | result | error |
# |---|---|---|---|
# | up only | from 1 to $1.1^3 = 1.331$ | 3.31 | 0.31 |
# | up and down | from $0.9^3 = 0.729$ to 1.331 | 3.01 | 0.01 |
#
# Going both ways costs one more call of f, and the error falls from 0.31 to 0.01: what bends the curve upwards on the
# right bends it upwards on the left as well, and drops out of the difference.
#
# Your function gets any f and an array θ of any shape. `for k in np.ndindex(theta.shape):` visits every entry as
# `theta[k]`, also of a matrix. Give f a whole array of θ's shape each time, in which one entry is moved, and leave θ
# itself as it was.


# %% answer="numerical_gradient"
def numerical_gradient(f, theta, epsilon=1e-5):
    """Return the central difference of f at theta by every entry of theta.

    f : takes an array of theta's shape, and returns a number
    theta : array of any shape
    epsilon : the step

    Returns an array of theta's shape
    """
    ### BEGIN SOLUTION
    gradient = np.zeros(theta.shape)
    for k in np.ndindex(theta.shape):
        up, down = theta.astype(float), theta.astype(float)
        up[k] += epsilon
        down[k] -= epsilon
        gradient[k] = (f(up) - f(down)) / (2 * epsilon)
    return gradient
    ### END SOLUTION


# %% check="numerical_gradient"
check(numerical_gradient).points

# %% [markdown]
# It knows nothing of layers, of the chain rule or of your derivation, and that makes it the judge of all three.
#
# ### Is a smaller step always better?
#
# Below, your function measures the slope of a cross-entropy loss at fifty values of z, where it is known exactly, with
# steps from 10⁻¹ down to 10⁻¹². Guess the shape of the curve before you run the cell.

# %%
errors = {}
with once_written():

    def loss_at(z):
        return np.sum(np.log(1 + np.exp(z)) - z)

    def slope_at(z):
        return 1 / (1 + np.exp(-z)) - 1

    points = np.linspace(-3, 3, 50).reshape(50, 1)
    for step in np.logspace(-12, -1, 34):
        off = [numerical_gradient(loss_at, z, step) - slope_at(z) for z in points]
        errors[step] = np.mean(np.abs(off))
    best = min(errors, key=errors.get)
    print(f"the smallest error, about {errors[best]:.0e}, is at a step of about {best:.0e}")

# %%
if errors:
    ax = new_axes()
    ax.loglog(list(errors), list(errors.values()), color=PALETTE["orange"])
    ax.set(xlabel="step ε", ylabel="mean error of the slope")
    picture = inline(
        ax,
        alt="The error of the central difference against the step, both on logarithmic axes: a V with its lowest "
        "point near a step of 1e-5. To the right it rises smoothly, to the left it rises in a ragged line.",
    )
picture if errors else print("Write numerical_gradient first, then run the last two cells again.")

# %% [markdown]
# To the right of the lowest point the formula itself is off, by an error that shrinks with ε². To the left the
# computer is: f is stored to about 16 digits, the two values agree in nearly all of them, and what is left of the
# difference is divided by a tiny number. The step ε = 10⁻⁵ is where the two errors meet.
#
# ### How close is close?
#
# A difference of 0.001 is nothing for a gradient of 1,000, and everything for one of 0.001. So compare the size of the
# difference with the sizes of the two arrays together. The size ‖a‖ is the root of the sum of all squared entries, of a
# matrix too: `np.linalg.norm`. Where both arrays are zero they agree, and the error is 0.0, not 0/0.
#
# {{ asked: gradient_checking.relative_error }}
#
# **By hand.** a = (3, 0) and b = (0, 4) have the error 0.714.
#
# | relative error | what it says about a smooth f, in double precision |
# |---|---|
# | 0.000 000 001 | right; the rest is rounding |
# | 0.000 1 | wrong somewhere: a small term is missing, or a corner was crossed |
# | 0.3 | wrong |
# | 1 | one of them is zero, or they point in opposite directions |


# %% answer="relative_error"
def relative_error(a, b):
    """Return the relative error as a number from 0 to 1, and 0.0 where both are zero.

    a, b : arrays of one shape
    """
    ### BEGIN SOLUTION
    size = np.linalg.norm(a) + np.linalg.norm(b)
    return 0.0 if size == 0 else float(np.linalg.norm(a - b) / size)
    ### END SOLUTION


# %% check="relative_error"
check(relative_error).points

# %% [markdown]
# One number between 0 and 1, whatever the size of the gradient: now "close" has a meaning that needs no tuning.

# %%
with once_written():
    print("a and b from above:", round(relative_error(np.array([3.0, 0.0]), np.array([0.0, 4.0])), 3))
    for scale in (1.0, 1e6, 1e-6):
        gradient = scale * np.array([1.0, -2.0, 3.0])
        print(f"a gradient of size {scale:.0e} that is 0.05 % off: {relative_error(gradient, 1.0005 * gradient):.1e}")

# %% [markdown]
# ### Right, or not?
#
# Put the two together: measure the gradient of f at θ, compare it with the gradient that somebody claims, and answer
# `True` if the relative error is below the tolerance, else `False`.
#
# {{ asked: gradient_check }}
#
# ```text
#       θ ──→  numerical_gradient(f, θ)  ──┐
#                                          ├──→  relative_error  ──→  < tolerance ?
#       a formula's gradient  ─────────────┘
# ```
#
# Two things that a good check does, and the second comes by itself if you write the comparison in the way of the
# picture: it says `False` to a gradient that is 0.05 % off, and `False` to a gradient with `nan` in it.


# %% answer="gradient_check"
def gradient_check(f, theta, grad, tolerance=1e-7):
    """Return True if grad is the gradient of f at theta, as far as the measurement can tell, else False.

    f : takes an array of theta's shape, and returns a number
    theta : array of any shape
    grad : array of theta's shape, the gradient to check
    tolerance : the largest relative error that counts as right
    """
    ### BEGIN SOLUTION
    return bool(relative_error(grad, numerical_gradient(f, theta)) < tolerance)
    ### END SOLUTION


# %% check="gradient_check"
check(gradient_check).points

# %% [markdown]
# A check that never says no is worth nothing: test it on something that is wrong on purpose before you believe it.
#
# Here is that test on a real network, with two layers, a tanh in the middle, and every gradient of it.

# %%
with once_written():
    rng = np.random.default_rng(4)
    X, Y = rng.standard_normal((3, 5)), rng.integers(0, 2, (2, 5)).astype(float)
    parameters = {
        "W1": rng.standard_normal((4, 3)),
        "b1": rng.standard_normal((4, 1)),
        "W2": rng.standard_normal((2, 4)),
        "b2": rng.standard_normal((2, 1)),
    }
    A2, cache = two_layer.forward_propagation(X, parameters)
    grads = two_layer.backward_propagation(parameters, cache, X, Y)
    print("       right   0.05 % off")
    for name in parameters:

        def cost_with(theta, name=name):
            return two_layer.cost(two_layer.forward_propagation(X, {**parameters, name: theta})[0], Y)

        answers = [gradient_check(cost_with, parameters[name], k * grads["d" + name]) for k in (1, 1.0005)]
        print(f"d{name}    {answers[0]!s:7} {answers[1]}")

# %% [markdown]
# ## 2. Where the measurement misleads
#
# ### What is the slope at a corner?
#
# ReLU, max(0, θ), has slope 0 on the left of θ = 0 and slope 1 on the right. At θ = 0.000 001 the slope is 1, without
# any doubt. Ask your function, with three steps. To see why it answers as it does, measure each side on its own too:
#
# - the slope on the left, from θ − ε to θ,
# - the slope on the right, from θ to θ + ε.

# %%
with once_written():

    def relu(z):
        return np.maximum(0, z)

    def corner(theta):
        return np.sum(relu(theta))

    theta = np.array([1e-6])
    print("step     measured   left   right")
    for step in (1e-3, 1e-5, 1e-7):
        measured = numerical_gradient(corner, theta, step).item()
        left, right = (corner(theta) - corner(theta - step)) / step, (corner(theta + step) - corner(theta)) / step
        print(f"{step:.0e}    {measured:.4f}   {left:.4f}  {right:.4f}")

# %% [markdown]
# 0.5005, then 0.55, then 1. As long as the step reaches over the corner, one of the two values of f comes from the other
# side, and the result is a mixture of two slopes: the slope of neither side, and no error message.
#
# **What to do.**
#
# 1. *Notice it.* Where f is smooth the slopes on the left and on the right differ by about ε. Where they differ by
#    much more, there is a corner between θ − ε and θ + ε.
# 2. *Do not believe the measurement there.* Take a smaller step at these entries, as long as rounding allows, or move
#    to another point and check there: corners are thin, and another random θ hardly ever meets one.
# 3. *Exactly at a corner*, at θ = 0, there is no slope to measure. Any number from 0 to 1 is an honest answer there. The
#    course takes 0.
#
# The cell below makes such a case: a network with ReLU units in which unit 0 of layer 1 is 0.000 003 above its corner for
# one of the examples. The gradients come from the course's own code, and are right. Your check is asked about each.


# %%
def near_a_corner(seed=2):
    """Return X, Y and the parameters of a ReLU network in which Z1[0, 0] = 3e-6."""
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((3, 5)), rng.integers(0, 2, (1, 5)).astype(float)
    parameters = {
        "W1": rng.standard_normal((4, 3)),
        "b1": rng.standard_normal((4, 1)),
        "W2": rng.standard_normal((1, 4)),
        "b2": rng.standard_normal((1, 1)),
    }
    parameters["b1"][0, 0] = 3e-6 - parameters["W1"][0] @ X[:, 0]
    return X, Y, parameters


X_corner, Y_corner, at_corner = near_a_corner()


def cost_near_corner(name):
    """Return the cost of that network as a function of one of its parameters."""
    return lambda theta: deep.cost_of_network(X_corner, Y_corner, {**at_corner, name: theta})


def one_sided_slopes(f, theta, epsilon):
    """Return the slopes of f on the left and on the right of theta, by every entry."""
    left, right = np.zeros(theta.shape), np.zeros(theta.shape)
    for k in np.ndindex(theta.shape):
        moved = np.zeros(theta.shape)
        moved[k] = epsilon
        left[k] = (f(theta) - f(theta - moved)) / epsilon
        right[k] = (f(theta + moved) - f(theta)) / epsilon
    return left, right


measured_at_corner = None
with once_written():
    AL, caches = deep.forward_propagation(X_corner, at_corner)
    right_grads = deep.backward_propagation(AL, Y_corner, caches)
    for name, theta in at_corner.items():
        f = cost_near_corner(name)
        left, right = one_sided_slopes(f, theta, 1e-5)
        crossed = np.abs(right - left) > 1e-3
        answer = gradient_check(f, theta, right_grads["d" + name])
        print(f"d{name}: your check says {answer!s:5}; a corner lies within the step for {crossed.sum()} entries")
    measured_at_corner = numerical_gradient(cost_near_corner("W1"), at_corner["W1"])

# %%
if measured_at_corner is not None:
    picture = inline(
        error_map(right_grads["dW1"], measured_at_corner),
        alt="The entries of dW1 as squares, coloured by how far the right gradient and the measured one differ. In row "
        "0, that of the unit near its corner, two of three are coloured; all others are empty.",
    )
picture if measured_at_corner is not None else print("Write the functions above first, then run the last cells again.")

# %% [markdown]
# Nothing is wrong with the gradient. The two entries of row 0 are coloured because there the *measurement* is wrong; by
# the third weight, a step does not reach the corner. So here is a check that knows of corners, made of your functions and
# the three rules above. Read it, then run it.


# %%
def corner_aware_check(f, theta, grad, tolerance=1e-7, steps=(1e-5, 1e-6, 1e-7)):
    """Return True or False like gradient_check, also where a corner is near."""
    for step in steps:
        left, right = one_sided_slopes(f, theta, step)
        # Where f is smooth the two differ by the step times how much f bends; 1e-3 is far above that.
        if np.all(np.abs(right - left) < 1e-3):
            return bool(relative_error(grad, numerical_gradient(f, theta, step)) < tolerance)
    # A corner within the smallest step: what lies between the two slopes is an honest answer.
    slack = 1e-3
    return bool(np.all((grad > np.minimum(left, right) - slack) & (grad < np.maximum(left, right) + slack)))


with once_written():
    print("near a corner:  right   0.05 % off")
    for name, theta in at_corner.items():
        f, grad = cost_near_corner(name), right_grads["d" + name]
        answers = [corner_aware_check(f, theta, k * grad) for k in (1, 1.0005)]
        print(f"           d{name}  {answers[0]!s:7} {answers[1]}")
    print("at the corner of ReLU itself, is the slope ...")
    for slope in (-0.2, 0.0, 0.5, 1.0, 1.2):
        print(f"           {slope:4}? {corner_aware_check(corner, np.zeros(1), np.array([slope]))}")

# %% [markdown]
# **Try** `steps=(1e-4,)` and `steps=(1e-12,)` in the first loop: the one meets too many corners, the other drowns in
# rounding.

# %% [markdown]
# ### At which θ does a check see anything?
#
# Not at zero. Here is the network of part 1 with all weights and biases zero, and a gradient that is wrong beyond any
# doubt: seven times the right one, with the wrong sign. Then the same at weights drawn by chance.

# %%
with once_written():
    for place, scale in (("all zero ", 0.0), ("by chance", 1.0)):
        point = {name: scale * theta for name, theta in parameters.items()}
        A2, cache = two_layer.forward_propagation(X, point)
        wrong = -7 * two_layer.backward_propagation(point, cache, X, Y)["dW1"]

        def cost_by_W1(theta, point=point):
            return two_layer.cost(two_layer.forward_propagation(X, {**point, "W1": theta})[0], Y)

        print(f"weights {place}: a dW1 that is wrong is accepted:", gradient_check(cost_by_W1, point["W1"], wrong))

# %% [markdown]
# At zero, W2 carries no error back, dW1 is zero, and so is every multiple of it. Training from there does no better:
# nothing but the last bias would ever move. So we need weights that are not zero, not equal, and of a good size.
#
# ## 3. A good place to start from
#
# ### Why not all weights equal?
#
# Two hidden units with equal weights compute the same, get the same gradient, and are equal after the step. Below, four
# units start with equal weights. Look at the four rows of W1 after 200 steps.

# %%
equal = {
    "W1": np.full((4, 3), 0.5),
    "b1": np.zeros((4, 1)),
    "W2": np.full((2, 4), 0.5),
    "b2": np.zeros((2, 1)),
}
rng = np.random.default_rng(4)
X, Y = rng.standard_normal((3, 5)), rng.integers(0, 2, (2, 5)).astype(float)
for _ in range(200):
    grads = two_layer.backward_propagation(equal, two_layer.forward_propagation(X, equal)[1], X, Y)
    equal = {name: theta - 0.5 * grads["d" + name] for name, theta in equal.items()}
print(equal["W1"].round(3))

# %% [markdown]
# Four units that do the work of one. Numbers drawn by chance *break the symmetry*, and that is all they are for.
#
# ### And how large?
#
# A unit adds up $n_{prev}$ terms $w a$. If the weights are independent, with mean 0 and variance $v$, then the
# variance of the sum is $n_{prev}\, v$ times the mean of $a^2$. ReLU sets the negative half of its inputs to zero,
# so the mean of $a^2$ is half the variance of the z one layer below. By which factor is the variance of z multiplied
# from layer to layer, and for which v does it stay as it is? Draw normal numbers with this variance.
#
# {{ asked: initialization.he }}
#
# The variance is the square of the standard deviation: `rng.standard_normal(...)` has standard deviation 1.
#
# **What happens otherwise**, in a network with 10 ReLU layers of 100 units each, where the right one is 0.141:
#
# | standard deviation of the weights | factor per layer | after 10 layers |
# |---|---|---|
# | 0.01 | 0.071 | 0.000 000 000 003 |
# | 0.141 | 1 | 1 |
# | 1 | 7.07 | 310,000,000 |
#
# Write it for any number of layers: `layer_dims` holds the sizes n0, n1, ..., nL. Draw all weights, layer after layer,
# from *one* generator, `np.random.default_rng(seed)`. A generator that is made anew for each layer gives every layer
# the same numbers. Biases start at zero; they break no symmetry, and need not.


# %% answer="initialize_parameters"
def initialize_parameters(layer_dims, seed):
    """Return the parameters of a network with ReLU units, ready to be trained.

    layer_dims : the sizes [n0, n1, ..., nL]
    seed : the same seed gives the same numbers

    Returns {"W1": (n1, n0), "b1": (n1, 1), ..., "WL": (nL, n(L-1)), "bL": (nL, 1)}
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    parameters = {}
    for layer in range(1, len(layer_dims)):
        n_prev, n = layer_dims[layer - 1], layer_dims[layer]
        parameters[f"W{layer}"] = np.sqrt(2 / n_prev) * rng.standard_normal((n, n_prev))
        parameters[f"b{layer}"] = np.zeros((n, 1))
    return parameters
    ### END SOLUTION


# %% check="initialize_parameters"
check(initialize_parameters).points

# %% [markdown]
# Signals that neither die out nor explode on the way up, nor the gradients on the way down, are what made networks of
# more than a few layers trainable at all.
#
# The picture sends 200 random examples through ten layers of 100 units, with your weights, and with weights of the same
# kind that are made smaller and larger.

# %%
sizes_by_layer = {}
with once_written():
    start = initialize_parameters([100] * 11, seed=0)
    for label, factor in (("yours", 1.0), ("half as large", 0.5), ("twice as large", 2.0)):
        A = np.random.default_rng(1).standard_normal((100, 200))
        sizes = [np.sqrt(np.mean(A**2))]
        for layer in range(1, 11):
            A = np.maximum(0, factor * start[f"W{layer}"] @ A + start[f"b{layer}"])
            sizes.append(np.sqrt(np.mean(A**2)))
        sizes_by_layer[label] = np.array(sizes)

# %%
if sizes_by_layer:
    ax = cost_curves(sizes_by_layer, logarithmic=True)
    ax.set(xlabel="layer", ylabel="typical size of a unit", xticks=range(0, 11, 2))
    picture = inline(
        ax,
        alt="The typical size of a unit in layers 0 to 10, on a logarithmic axis. With your weights it stays near 1; "
        "with half of them it falls to about a thousandth, with twice as large ones it grows to about a thousand.",
    )
picture if sizes_by_layer else print("Write initialize_parameters first, then run the last two cells again.")

# %% [markdown]
# ## 4. Six formulas from print
#
# The notes that this course is built on are good notes, and each of them prints something that is wrong. Below are six
# of these formulas, exactly as they are printed, only in Python. All of them are about a network with one hidden layer:
#
# | name | what it is | shape |
# |---|---|---|
# | `X` | the examples, as columns | (n0, m) |
# | `W1`, `Z1`, `A1` | layer 1, with the **sigmoid**: A1 = σ(Z1) | (n1, n0), (n1, m), (n1, m) |
# | `W2`, `A2` | layer 2, with the sigmoid | (n2, n1), (n2, m) |
# | `Y` | the labels, 0 or 1 | (n2, m) |
# | `delta`, `dZ2` | a layer's dZ, one column an example, no 1/m | (n_l, m) |
#
# `dA1`, `delta` and `delta_prev` hold each example's own loss gradients; `dW` and `db` are gradients of the cost, the
# mean. `examine` puts a formula through what you have: does numpy run it, does the shape fit, and what does *your*
# gradient check say?


# %% locked="published"
def sigmoid(z):
    """Return 1 / (1 + exp(-z))."""
    return 1 / (1 + np.exp(-z))


# As printed, and wrong. Leave them as they are; you will write the right ones under other names.


def published_E1(W2, A1, A2, Y):
    """Return dA1, as printed."""
    return W2.T @ (A1 - Y)


def published_E3(W2, A1, A2, Y, X):
    """Return dW1, as printed."""
    return W2.T @ (A1 - Y) * (A1 * (1 - A1))


def published_E8(W, delta, Z_prev):
    """Return delta one layer below, as printed."""
    return W @ delta * (sigmoid(Z_prev) * (1 - sigmoid(Z_prev)))


def published_E9(dZ2):
    """Return db2, as printed."""
    return np.sum(dZ2, axis=1, keepdims=True)


def published_E16(delta):
    """Return db, as printed."""
    return 1 / delta.shape[1] * np.sum(delta, axis=0, keepdims=True)


def published_E17(A_prev, delta):
    """Return dW, as printed."""
    return 1 / delta.shape[1] * A_prev.T @ delta


def network(n0, n1, n2, m, seed=7):
    """Draw a network and its data, run it forwards, and return every array by its name."""
    rng = np.random.default_rng(seed)
    net = {"X": rng.standard_normal((n0, m)), "Y": rng.integers(0, 2, (n2, m)).astype(float)}
    for layer, (n, n_prev) in enumerate(((n1, n0), (n2, n1)), 1):
        net[f"W{layer}"], net[f"b{layer}"] = rng.standard_normal((n, n_prev)), rng.standard_normal((n, 1))
    net["Z1"] = net["W1"] @ net["X"] + net["b1"]
    net["A1"] = sigmoid(net["Z1"])
    net["A2"] = sigmoid(net["W2"] @ net["A1"] + net["b2"])
    return {**net, "dZ2": net["A2"] - net["Y"]}


def cost_by(name, net):
    """Return the cost as a function of one array of the network, whose followers follow it."""

    def cost(theta):
        now = {**net, name: theta}
        if name == "W1":
            now["Z1"] = now["W1"] @ now["X"] + now["b1"]
        if name in ("W1", "Z1"):
            now["A1"] = sigmoid(now["Z1"])
        A2 = sigmoid(now["W2"] @ now["A1"] + now["b2"])
        return np.sum(-now["Y"] * np.log(A2) - (1 - now["Y"]) * np.log(1 - A2)) / A2.shape[1]

    return cost


# For each formula: the array that its gradient is taken by, whether it is a gradient of the cost (or of each example's
# own loss), and the arrays that it takes.
QUESTIONS = {
    "E1": ("A1", False, ("W2", "A1", "A2", "Y")),
    "E3": ("W1", True, ("W2", "A1", "A2", "Y", "X")),
    "E8": ("Z1", False, ("W2", "dZ2", "Z1")),
    "E9": ("b2", True, ("dZ2",)),
    "E16": ("b2", True, ("dZ2",)),
    "E17": ("W2", True, ("A1", "dZ2")),
}


def question(formula, *sizes):
    """Return the cost, the array by which it is differentiated, and what the formula gives for its gradient."""
    name, of_the_cost, arguments = QUESTIONS[formula.__name__.partition("_")[2]]
    net = network(*sizes)
    J, m = cost_by(name, net), net["X"].shape[1]
    # Column j depends on example j alone, so the gradient of the sum of the losses holds each example's own.
    f = J if of_the_cost else lambda theta: m * J(theta)
    return f, net[name], formula(*(net[argument] for argument in arguments))


def examine(formula, *sizes):
    """Say what numpy, a look at the shape, and your gradient check think of a formula."""
    found = f"{formula.__name__:14}n0, n1, n2, m = {', '.join(map(str, sizes))}: "
    try:
        f, theta, grad = question(formula, *sizes)
    except ValueError:
        print(found + "numpy refuses to run it")
        return
    if np.shape(grad) != theta.shape:
        print(found + f"the shape is {np.shape(grad)} and should be {theta.shape}")
        return
    error = relative_error(grad, numerical_gradient(f, theta))
    says = "yes" if gradient_check(f, theta, grad) else f"NO, relative error {error:.1g}"
    print(found + f"the shape {theta.shape} fits; your check says {says}")


# %% [markdown]
# First with all sizes equal to 4. Every matrix is square, and a look at the shapes is all that most of us would do.

# %%
PUBLISHED = (published_E1, published_E3, published_E8, published_E9, published_E16, published_E17)
with once_written():
    for formula in PUBLISHED:
        examine(formula, 4, 4, 4, 4)

# %% [markdown]
# Five of six have the right shape, and your check says no to each. With square matrices, a shape proves little: nearly
# every product fits. Now with sizes that differ, and then with a single example.

# %%
with once_written():
    for sizes in ((3, 5, 2, 4), (3, 5, 2, 1)):
        for formula in PUBLISHED:
            examine(formula, *sizes)
        print()

# %% [markdown]
# Different sizes make numpy and the shapes do most of the work for you. And with m = 1 one of the wrong formulas is
# right by accident: never test with one example only.
#
# For each formula you now see what is printed, and you write what is right. Derive it; do not guess until the check is
# content. `examine` helps you along the way.
#
# ### E1: which error travels back?
#
# Printed, and above as `published_E1`, for the gradient of each example's loss by the hidden units:
#
# $$dA^{[1]} = \left(W^{[2]}\right)^T \left(A^{[1]} - Y\right)$$
#
# An error of the output comes back through the weights by which the hidden units reached it. Write the shape of each
# array under the formula, with n1 and n2 different. Which array has no business there?
#
# {{ asked: errata.E1 }}


# %% answer="fixed_E1"
def fixed_E1(W2, A1, A2, Y):
    """Return dA1 (n1, m): column j is the gradient of example j's loss by its hidden units.

    W2 : (n2, n1)
    A1 : (n1, m)
    A2 : (n2, m), sigmoid outputs
    Y : (n2, m), labels 0 or 1
    """
    ### BEGIN SOLUTION
    return W2.T @ (A2 - Y)
    ### END SOLUTION


# %% check="fixed_E1"
check(fixed_E1).points

# %% [markdown]
# One wrong index, and hidden units are compared with labels they were never meant to match; a network trained with it
# still learns something, which is what makes such mistakes last.

# %%
with once_written():
    examine(fixed_E1, 4, 4, 4, 4)
    examine(fixed_E1, 3, 5, 2, 4)

# %% [markdown]
# ### E3: what is missing between a gradient and its weights?
#
# Printed (`published_E3`), for the gradient of the cost by W1, with the sigmoid in the hidden layer:
#
# $$dW^{[1]} = \left(W^{[2]}\right)^T \left(A^{[1]} - Y\right) * \left(A^{[1]} * \left(1 - A^{[1]}\right)\right)$$
#
# Here * is element by element. A gradient by W1 has the shape of W1, (n1, n0). Which shape does the printed one have?
# Where does what came *in* to the layer appear, and where the mean over the examples? The error of E1 is there as well.
#
# {{ asked: errata.E3 }}


# %% answer="fixed_E3"
def fixed_E3(W2, A1, A2, Y, X):
    """Return dW1 (n1, n0), the gradient of the cost by W1, with the sigmoid in the hidden layer.

    W2 : (n2, n1)
    A1 : (n1, m), sigmoid hidden units
    A2 : (n2, m), sigmoid outputs
    Y : (n2, m), labels 0 or 1
    X : (n0, m)
    """
    ### BEGIN SOLUTION
    dZ1 = (W2.T @ (A2 - Y)) * (A1 * (1 - A1))
    return dZ1 @ X.T / X.shape[1]
    ### END SOLUTION


# %% check="fixed_E3"
check(fixed_E3).points

# %% [markdown]
# Three faults in one line, and each has its own sign: a wrong index shows in the values, a missing factor in the shape,
# a missing mean in the size.

# %%
error_map_of_E3 = None
with once_written():
    examine(fixed_E3, 3, 5, 2, 4)
    f, theta, grad = question(published_E3, 4, 4, 4, 4)
    error_map_of_E3 = error_map(grad, numerical_gradient(f, theta))

# %%
if error_map_of_E3:
    picture = inline(
        error_map_of_E3,
        alt="The sixteen entries of the published dW1, with all sizes 4, as squares coloured by their error. "
        "All of them are far off.",
    )
picture if error_map_of_E3 else print("Write the functions above first, then run the last two cells again.")

# %% [markdown]
# ### E8: which way do the weights point on the way back?
#
# Printed (`published_E8`), for the step from one layer's δ to the δ of the layer below, with the sigmoid there:
#
# $$\delta^{l-1} = W^l \delta^l * \sigma'\left(z^{l-1}\right)$$
#
# Forwards, $W^l$ takes $n_{l-1}$ numbers to $n_l$. What has to be true of it on the way back? (The same note has it
# right two slides later.) Column j belongs to example j, so there is no 1/m.
#
# {{ asked: errata.E8 }}


# %% answer="fixed_E8"
def fixed_E8(W, delta, Z_prev):
    """Return delta_prev (n_prev, m): column j is the gradient of example j's loss by its Z_prev.

    W : (n, n_prev)
    delta : (n, m), the same for the layer above
    Z_prev : (n_prev, m), before the sigmoid
    """
    ### BEGIN SOLUTION
    A_prev = 1 / (1 + np.exp(-Z_prev))
    return (W.T @ delta) * (A_prev * (1 - A_prev))
    ### END SOLUTION


# %% check="fixed_E8"
check(fixed_E8).points

# %% [markdown]
# This is the one step that deep networks repeat from layer to layer, so a fault in it is raised to the power of the
# depth.

# %%
with once_written():
    examine(fixed_E8, 4, 4, 4, 4)
    examine(fixed_E8, 3, 5, 2, 4)

# %% [markdown]
# ### E9: equal, they say
#
# Printed (`published_E9` has the right-hand side), for the gradient of the cost by b2, with $1^T$ for a column of ones:
#
# $$db^{[2]} = \frac{1}{m}\, dZ^{[2]}\, 1^T = \texttt{np.sum}(dZ^{[2]},\ \texttt{axis=1},\ \texttt{keepdims=True})$$
#
# The two sides of the second equals sign are not equal. By how much do they differ, and which of them is the gradient
# of a mean?
#
# {{ asked: errata.E9 }}


# %% answer="fixed_E9"
def fixed_E9(dZ2):
    """Return db2 (n2, 1), the gradient of the cost by b2.

    dZ2 : (n2, m)
    """
    ### BEGIN SOLUTION
    return np.sum(dZ2, axis=1, keepdims=True) / dZ2.shape[1]
    ### END SOLUTION


# %% check="fixed_E9"
check(fixed_E9).points

# %% [markdown]
# Training with it looks almost right: this bias learns with a learning rate that is m times too large, and the more data
# you have the worse it gets.

# %%
with once_written():
    for formula in (published_E9, fixed_E9):
        for m in (1, 10, 100):
            examine(formula, 3, 5, 2, m)

# %% [markdown]
# ### E16: along which axis?
#
# Printed three times (`published_E16`), for the gradient of the cost by a layer's bias, in a text whose examples
# are columns:
#
# $$\frac{dC}{db^{[l]}} = \frac{1}{m}\, \texttt{np.sum}(\delta^{[l]},\ \texttt{axis=0},\ \texttt{keepdims=True})$$
#
# One bias belongs to one unit, and all examples share it. What does `axis=0` add up?
#
# {{ asked: errata.E16 }}


# %% answer="fixed_E16"
def fixed_E16(delta):
    """Return db (n, 1), the gradient of the cost by the bias of a layer.

    delta : (n, m)
    """
    ### BEGIN SOLUTION
    return np.sum(delta, axis=1, keepdims=True) / delta.shape[1]
    ### END SOLUTION


# %% check="fixed_E16"
check(fixed_E16).points

# %% [markdown]
# This one is caught by a look at the shape even with square matrices, and by nothing else: numpy does not complain.
# Below, one step of gradient descent turns a column of biases into a matrix, without a word.

# %%
with once_written():
    net = network(3, 5, 2, 4)
    for formula in (published_E16, fixed_E16):
        after = net["b2"] - 0.1 * formula(net["dZ2"])
        print(f"{formula.__name__:14}b2 before the step: {net['b2'].shape}, after it: {after.shape}")

# %% [markdown]
# ### E17: which factor comes first?
#
# Printed (`published_E17`), for the gradient of the cost by a layer's weights:
#
# $$dw^{[l]} = \frac{1}{m} \left(A^{[l-1]}\right)^T \delta^{[l]}$$
#
# Where examples are *rows* this would be right. Here examples are columns. The product has to sum over the m
# examples, and its rows have to count the units of layer l.
#
# {{ asked: errata.E17 }}


# %% answer="fixed_E17"
def fixed_E17(A_prev, delta):
    """Return dW (n, n_prev), the gradient of the cost by the weights of a layer.

    A_prev : (n_prev, m), what came in to the layer
    delta : (n, m)
    """
    ### BEGIN SOLUTION
    return delta @ A_prev.T / delta.shape[1]
    ### END SOLUTION


# %% check="fixed_E17"
check(fixed_E17).points

# %% [markdown]
# Two conventions, each right at home, are the commonest source of a wrong transpose: fix one convention, and check what
# you copy.

# %%
with once_written():
    for sizes in ((4, 4, 4, 4), (3, 5, 2, 4), (3, 5, 2, 1)):
        for formula in (fixed_E1, fixed_E3, fixed_E8, fixed_E9, fixed_E16, fixed_E17):
            examine(formula, *sizes)
        print()

# %% [markdown]
# ## 5. A whole network, checked by you
#
# The next cell starts a network with three layers from your weights, with small random biases so that no unit sits on
# its corner, runs it both ways with the course's code, and asks your check about every gradient. You need not take
# anybody's word for it: not a note's, not this course's, and not your own.

# %%
with once_written():
    rng = np.random.default_rng(3)
    X, Y = rng.standard_normal((4, 6)), rng.integers(0, 2, (2, 6)).astype(float)
    parameters = initialize_parameters([4, 6, 5, 2], seed=1)
    for name in ("b1", "b2", "b3"):
        parameters[name] = parameters[name] + 0.1 * rng.standard_normal(parameters[name].shape)
    AL, caches = deep.forward_propagation(X, parameters)
    grads = deep.backward_propagation(AL, Y, caches)
    for name, theta in parameters.items():

        def cost_with(theta, name=name):
            return deep.cost_of_network(X, Y, {**parameters, name: theta})

        says = "right" if gradient_check(cost_with, theta, grads["d" + name]) else "WRONG"
        error = relative_error(grads["d" + name], numerical_gradient(cost_with, theta))
        print(f"d{name}: {says}, relative error {error:.0e}")

# %% [markdown]
# ## 6. Does it matter?
#
# A wrong gradient raises no error when you train with it. So train: eight sigmoid units and one output, on two moons, from
# your weights. Every gradient is one that you mended (E1 is inside E3 and E8). Then once more, with a single difference:
# db2 as published in E9, too large by the factor m = 200.

# %%
points, labels = moons(200, seed=1)
trained, costs = {}, {}


def output(net, X):
    """Return Z1, A1 and Z2 of a network with one hidden layer of sigmoid units."""
    Z1 = net["W1"] @ X + net["b1"]
    A1 = sigmoid(Z1)
    return Z1, A1, net["W2"] @ A1 + net["b2"]


def learn(db2_of, steps=3000, learning_rate=0.5):
    """Train on the moons, with db2 by the given formula; return the parameters and the cost before each step."""
    X, Y, found = points, labels, []
    net = initialize_parameters([2, 8, 1], seed=0)
    for _ in range(steps):
        Z1, A1, Z2 = output(net, X)
        found.append(np.sum(np.logaddexp(0, Z2) - Y * Z2) / Y.shape[1])
        A2 = sigmoid(Z2)
        dZ2 = A2 - Y
        grads = {
            "W1": fixed_E3(net["W2"], A1, A2, Y, X),
            "b1": fixed_E16(fixed_E8(net["W2"], dZ2, Z1)),
            "W2": fixed_E17(A1, dZ2),
            "b2": db2_of(dZ2),
        }
        net = {name: theta - learning_rate * grads[name] for name, theta in net.items()}
    return net, np.array(found)


with once_written():
    trained, costs["mended"] = learn(fixed_E9)
    _, costs["db2 as published"] = learn(published_E9)
    for name, found in costs.items():
        falls = np.all(np.diff(found[-100:]) < 0)
        print(f"{name}: in the last 100 steps the cost", "fell with each" if falls else "jumped up and down")
    says_1 = output(trained, points)[2] > 0
    print(f"right with the mended formulas: {np.mean(says_1 == labels):.0%} of {labels.size} points")

# %%
if len(costs) == 2:
    picture = inline(
        cost_curves({name: costs[name] for name in ("db2 as published", "mended")}, logarithmic=True),
        alt="The cost over 3000 steps, on a logarithmic axis. With the mended formulas it falls steadily. With db2 as "
        "published it jumps up and down between about one half and twenty, and never settles.",
    )
picture if len(costs) == 2 else print("Write the functions above first, then run the last two cells again.")

# %% [markdown]
# One missing 1/m, in one of four gradients: the output's bias takes steps that are 200 times too long, jumps from one
# side to the other, and drags all else along. The program that does this runs without complaint. Here is what the mended
# formulas have learned:

# %%
if trained:
    picture = inline(
        decision_boundary(lambda X: sigmoid(output(trained, X)[2]), points, labels),
        alt="Two moons that reach into each other, and between them the curved border that the network has learned.",
    )
picture if trained else print("Write the functions above first, then run the last cells again.")

# %% [markdown]
# **Look around, if you like.** Put another published formula into `learn`: which of them stop with an error here, where
# the sizes are 2, 8, 1 and 200, and which run without a word? (Try `published_E16` for b2, and look at the shape of b2
# afterwards.) Take the gradients of your own earlier assignments in place of the course's in part 5. Put one mistake in
# on purpose, a transpose, a sign, an m, and see which entries your check complains about.
#
# **Before you hand in**, restart the kernel and run all cells (in JupyterLab *Kernel*, *Restart Kernel and Run All
# Cells*): what counts is the notebook as it runs from top to bottom. Then save it.
#
# You can now tell a right gradient from a wrong one without help. The next assignment puts gradients to work, on real
# images.
