# %% [markdown]
# # Activation functions
#
# Between z and a stands a curve. Which one, how steep is it, and what would be lost without it?
#
# **When you are done, you can**
#
# - write tanh, ReLU and leaky ReLU and their slopes, and say what each slope does to an error that travels back;
# - say what the slope is at a corner, and why it hardly matters which answer you choose;
# - choose an activation function for a hidden layer and for an output, and give the reason;
# - show that a network without such curves, however deep, is one single layer.
#
# **Time:** 40 to 60 minutes. The six functions have one or two lines each.
#
# **How it works.** Replace `raise NotImplementedError()` in an answer cell by your code, run it, then run the check
# below it. The check tells you what is right, or what differs first. You can run it as often as you like. Cells
# between the checks use your own functions, so work from top to bottom. If you are stuck, the book's chapter
# *Activation functions* derives what you are asked for, and `hint(relu)`, in a cell of your own, gives one hint after the
# other.

# %% locked="setup"
import numpy as np
from IPython.display import display

from autograder import check, hint, once_written, set_assignment
from course_lib.activations import sigmoid, sigmoid_prime
from course_lib.datasets import moons
from course_lib.plotting import PALETTE, decision_boundary, inline, new_axes, new_grid

set_assignment("ps2_activations")


# %% [markdown]
# ## The task
#
# In each layer of a network every entry of Z goes through a curve g, the *activation function*: A = g(Z). On the way
# back the error is multiplied by the slope of that curve, entry by entry:
#
# $$dZ = dA \odot g'(Z)$$
#
# So a curve is good or bad for learning by its slope. You know the sigmoid σ. Its slope is σ (1 − σ), which is never
# larger than 1/4. Let an error travel back through ten layers of sigmoids, and count only what the slopes do:

# %%
print(f"at z = 0, the best case: {sigmoid_prime(np.zeros(10)).prod():.1e} of it is left")
print(f"at z = 2:                {sigmoid_prime(np.full(10, 2.0)).prod():.1e} of it is left")

# %% [markdown]
# What reaches the first layer is next to nothing, so the first layer learns next to nothing. This is called the
# *vanishing gradient*. Can another curve do better?
#
# ## 1. tanh
#
# ### A sigmoid around zero: what is its slope?
#
# $$\tanh z = \frac{e^z - e^{-z}}{e^z + e^{-z}}$$
#
# It runs from −1 to 1 and has the sigmoid's form. It is often called a *shifted sigmoid*, which is not enough: it is
# $2 \sigma(2z) - 1$, shifted and also scaled in both directions, and so it is four times as steep at 0.
#
# Write s for the part above and c for the part below. How steep are these two? Then the quotient rule has the slope of
# tanh. Write it by tanh z alone, as you did for the sigmoid.
#
# {{ asked: activations.tanh_prime }}
#
# **By hand.** At z = log 2, where s = 1.5 and c = 2.5, tanh z is 0.6 and its slope 0.64.
#
# As with the sigmoid, the slope is small when z is far from 0, on either side. (Not when g(z)
# is large: tanh is never larger than 1.)


# %% answer="tanh_prime"
def tanh_prime(z):
    """Return tanh'(z), entry by entry.

    z : array of any shape
    """
    ### BEGIN SOLUTION
    return 1 - np.tanh(z) ** 2
    ### END SOLUTION


# %% check="tanh_prime"
check(tanh_prime).points

# %% [markdown]
# Around 0 the whole error passes, four times as much as with the sigmoid. And the outputs of a layer lie around 0, not
# around 1/2, which is a better start for the next layer. Far out, the error still vanishes:

# %%
with once_written():
    for z in (0.0, 1.0, 2.0, 5.0):
        print(f"z = {z:g}: slope of σ {sigmoid_prime(np.array(z)):.4f}, slope of tanh {tanh_prime(np.array(z)):.4f}")

# %% [markdown]
# ## 2. ReLU
#
# ### Is there a curve that is never flat, however large z is?
#
# A straight line has the same slope everywhere; but, as you will show in part 4, straight lines alone are worth
# nothing. So take a line and break it once. The *rectified linear unit* lets what is positive through as it is, and makes
# 0 of all else, entry by entry.
#
# {{ asked: activations.relu }}
#
# | z | −5 | −0.3 | 0 | 0.3 | 5 |
# |---|---|---|---|---|---|
# | ReLU(z) | 0 | 0 | 0 | 0.3 | 5 |


# %% answer="relu"
def relu(z):
    """Return ReLU(z), entry by entry.

    z : array of any shape
    """
    ### BEGIN SOLUTION
    return np.maximum(0, z)
    ### END SOLUTION


# %% check="relu"
check(relu).points

# %% [markdown]
# No exponential, one comparison: it is also the cheapest of all. Most hidden layers today use it or a relative of it.
#
# ### How steep is it?
#
# Read it off the two straight pieces.
#
# {{ asked: activations.relu_prime }}
#
# **And at 0 itself?** There is a corner, and no single slope. A line through the corner that stays below the curve may
# have any slope from 0 to 1; each of these is called a *subgradient*. Numpy needs one number. This course takes 0, and
# others take 1. The check accepts every number from 0 to 1 there, since z
# is hardly ever exactly 0.
#
# **By hand.** dA = (2, 2, −3) and Z = (4, −1, 0.5) give dZ = (2, 0, −3).


# %% answer="relu_prime"
def relu_prime(z):
    """Return ReLU'(z), entry by entry; at 0 any number from 0 to 1.

    z : array of any shape
    """
    ### BEGIN SOLUTION
    return np.where(z > 0, 1.0, 0.0)
    ### END SOLUTION


# %% check="relu_prime"
check(relu_prime).points

# %% [markdown]
# A slope of exactly 1 hands an error on undiminished, through as many layers as there are: one of the reasons why deep
# networks can be trained at all.
#
# Here is your ReLU with three of its subgradients at the corner. What does a central difference say there?

# %%
with once_written():
    z = np.linspace(-2, 2, 81)
    ax = new_axes()
    for slope, line in ((0.0, ":"), (0.4, "-."), (1.0, "--")):
        ax.plot(z, slope * z, line, color=PALETTE["grey"], label=f"slope {slope:g}")
    ax.plot(z, relu(z), color=PALETTE["blue"], label="ReLU")
    ax.set(xlabel="$z$", ylabel="ReLU(z)", ylim=(-1.2, 2.2))
    ax.legend(frameon=False)
    display(
        inline(
            ax,
            alt="ReLU is zero up to the corner at 0 and rises with slope 1 after it. Three lines through the corner, with "
            "slopes 0, 0.4 and 1, touch the curve and nowhere go above it.",
        )
    )
    step = np.array(1e-5)
    print(f"central difference at 0: {(relu(step) - relu(-step)) / (2 * step):.1f}")
    print(f"your slope at 0:         {relu_prime(np.array(0.0)):.1f}")

# %% [markdown]
# The central difference takes the mean of both sides, 1/2. So if a gradient check disagrees with your formula, look
# first whether some z lies within one step of a corner. *Gradient checking* in the book says what to do then.
#
# ## 3. Leaky ReLU
#
# ### What becomes of a unit that is off for every example?
#
# If z < 0 for all examples, then ReLU passes no error at all. Its weights get no gradient, so they do not move, so
# the unit stays off for ever: it is *dead*. A cure is a small slope on the left, so that something leaks through; on the
# right all is as before.
#
# {{ asked: activations.leaky_relu }}
#
# | z | −5 | −0.3 | 0 | 0.3 | 5 |
# |---|---|---|---|---|---|
# | with slope 0.01 | −0.05 | −0.003 | 0 | 0.3 | 5 |
# | with slope 0.2 | −1 | −0.06 | 0 | 0.3 | 5 |
#
# The slope is an argument with a default. The check calls your function with several slopes between 0 and 1.


# %% answer="leaky_relu"
def leaky_relu(z, slope=0.01):
    """Return leaky ReLU(z), entry by entry.

    z : array of any shape
    slope : how steep it is left of 0, between 0 and 1
    """
    ### BEGIN SOLUTION
    return np.where(z > 0, z, slope * z)
    ### END SOLUTION


# %% check="leaky_relu"
check(leaky_relu).points

# %% [markdown]
# With the slope 0 it is ReLU, with the slope 1 it is a straight line: everything of interest is in the bend between.
#
# ### And its slope?
#
# {{ asked: activations.leaky_relu_prime }}
#
# At the corner any number from `slope` to 1 will do; this course takes `slope`.
#
# **By hand.** dA = (2, 2, −3), Z = (4, −1, 0.5) and the slope 0.1 give dZ = (2, 0.2, −3): now the unit in the middle
# hears a little.


# %% answer="leaky_relu_prime"
def leaky_relu_prime(z, slope=0.01):
    """Return the slope of leaky ReLU at z, entry by entry; at 0 any number from slope to 1.

    z : array of any shape
    slope : how steep leaky ReLU is left of 0, between 0 and 1
    """
    ### BEGIN SOLUTION
    return np.where(z > 0, 1.0, slope)
    ### END SOLUTION


# %% check="leaky_relu_prime"
check(leaky_relu_prime).points

# %% [markdown]
# A slope that is never zero means that no unit is ever lost for good. Watch one that is off for a thousand examples:

# %%
with once_written():
    rng = np.random.default_rng(0)
    z = rng.standard_normal(1000) - 6  # weighted inputs far to the left
    print(f"mean slope with ReLU:       {relu_prime(z).mean():.2f}")
    print(f"mean slope with leaky ReLU: {leaky_relu_prime(z).mean():.2f}")

# %% [markdown]
# ### All four, and the error after ten layers
#
# These pictures are made by your functions. (The sigmoid is the course's; you wrote your own in the assignment on one
# neuron. The leaky one has the slope 0.2, so that one can see it.) In each, look at the dashed line: where is it near
# 0? There the unit does not learn.

# %%
with once_written():
    z = np.linspace(-4, 4, 401)  # z[200] is 0, the corner
    curves = {
        "sigmoid": (sigmoid(z), sigmoid_prime(z)),
        "tanh": (np.tanh(z), tanh_prime(z)),
        "ReLU": (relu(z), relu_prime(z)),
        "leaky ReLU": (leaky_relu(z, 0.2), leaky_relu_prime(z, 0.2)),
    }
    axes = new_grid(2, 2, 4.6, 4.8)
    for ax, (name, (g, g_prime)) in zip(axes, curves.items(), strict=True):
        ax.plot(z, g, label="g")
        jumps = np.where(z == 0, np.nan, g_prime) if "ReLU" in name else g_prime
        ax.plot(z, jumps, "--", label="g′")
        ax.set(title=name, xlabel="$z$", ylim=(-1.3, 2.3))
    axes[0].legend(frameon=False)
    display(
        inline(
            axes,
            alt="Four activation functions with their slopes. The slope of the sigmoid is a low bell, that of tanh a bell "
            "of height 1. The slope of ReLU jumps from 0 to 1 at zero, that of leaky ReLU from 0.2 to 1.",
        )
    )

# %% [markdown]
# And here is the experiment of the beginning, with all four: an error goes back through ten layers, with the same z in
# each.

# %%
with once_written():
    slopes = {"sigmoid": sigmoid_prime, "tanh": tanh_prime, "ReLU": relu_prime, "leaky ReLU": leaky_relu_prime}
    for name, slope_of in slopes.items():
        left = [f"{slope_of(np.full(10, z)).prod():5.1g} at z = {z:g}" for z in (-1.0, 0.5, 2.0)]
        print(f"{name:11}", *left, sep="  ")

# %% [markdown]
# **Which to choose?** For a hidden layer ReLU, or a leaky one if units die; tanh if the network is small and you want
# it smooth. For an output that answers *yes* or *no* the sigmoid, because a probability is wanted there, and because
# with the cross-entropy its slope cancels: dZ = A − Y.
#
# ## 4. And without any curve?
#
# ### What does a second layer add, if both are linear?
#
# Take the activation function away: layer 1 computes $W^{[1]} x + b^{[1]}$, and layer 2 does the same with what comes
# out. Multiply out, $W^{[2]} (W^{[1]} x + b^{[1]}) + b^{[2]}$, and see which single layer, of weights W and bias b, does it
# all at once.
#
# {{ asked: linear_network.collapse_linear }}
#
# **By hand.** Two inputs, two hidden units, one output:
#
# $$W^{[1]} = \begin{pmatrix} 1 & 2 \\ 0 & 1 \end{pmatrix}, \quad b^{[1]} = \begin{pmatrix} 1 \\ 0 \end{pmatrix}, \quad
# W^{[2]} = \begin{pmatrix} 1 & -1 \end{pmatrix}, \quad b^{[2]} = 3$$
#
# With x = (1, 1), layer 1 gives (4, 1), and layer 2 gives 4 − 1 + 3 = 6. The single layer has W = (1  1) and b = 4, and
# gives 1 + 1 + 4 = 6. Find this W and this b on paper first.


# %% answer="collapse_linear"
def collapse_linear(W1, b1, W2, b2):
    """Return W and b of the one layer that is equal to two layers without activation functions.

    W1 : (n1, n0)
    b1 : (n1, 1)
    W2 : (n2, n1)
    b2 : (n2, 1)

    Returns W (n2, n0), and b (n2, 1)
    """
    ### BEGIN SOLUTION
    return W2 @ W1, W2 @ b1 + b2
    ### END SOLUTION


# %% check="collapse_linear"
check(collapse_linear).points

# %% [markdown]
# Repeat it for the third layer, the fourth, the hundredth: a linear network of any depth is one layer, and that draws
# one straight line. All the power of depth comes from the curves between the layers.

# %%
with once_written():
    W1, b1 = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0], [0.0]])
    W2, b2 = np.array([[1.0, -1.0]]), np.array([[3.0]])
    W, b = collapse_linear(W1, b1, W2, b2)
    print("W =", W, " b =", b)

# %% [markdown]
# ### See it
#
# Three networks look at two moons: one without an activation function in its hidden layer, one with tanh, one with your
# ReLU. Their 16 hidden units are the same, with weights and biases that are drawn at random and stay. Only the output
# layer is fitted, by least squares, since you have not yet derived how to train both. So the three differ in one thing:
# the curve between the layers. The second picture is made by the *collapsed* layer of the first network: one matrix and
# one bias in place of two each.

# %%
X, Y = moons(300, seed=1)
pictures = {}


def layers(g, n1=16, seed=1):
    """Return the weights and biases of both layers: the hidden ones drawn, the output ones fitted to X and Y."""
    rng = np.random.default_rng(seed)
    W1, b1 = rng.standard_normal((n1, 2)), rng.standard_normal((n1, 1))
    rows = np.vstack([g(W1 @ X + b1), np.ones((1, X.shape[1]))])
    fitted, *_ = np.linalg.lstsq(rows.T, (2 * Y - 1).T, rcond=0.01)  # what is nearly zero is left out
    return W1, b1, fitted[:-1].T, fitted[-1:]


def network(parameters, g):
    """Return the network with activation g in its hidden layer, as a function of points (2, m)."""
    W1, b1, W2, b2 = parameters
    return lambda points: sigmoid(W2 @ g(W1 @ points + b1) + b2)


with once_written():
    identity = np.positive  # g(z) = z: no curve
    W, b = collapse_linear(*layers(identity))
    pictures = {
        "two linear layers": network(layers(identity), identity),
        "collapsed to one": lambda points: sigmoid(W @ points + b),
        "tanh between": network(layers(np.tanh), np.tanh),
        "your ReLU between": network(layers(relu), relu),
    }
    for name, predict in pictures.items():
        print(f"{name + ':':18} {np.mean((predict(X) > 0.5) == Y):.0%} right")
    apart = np.max(np.abs(pictures["two linear layers"](X) - pictures["collapsed to one"](X)))
    print("The first two give the same outputs:", bool(apart < 1e-9))

# %%
axes = new_grid(2, 2, 4.6, 3.8)
for ax, (name, predict) in zip(axes, pictures.items(), strict=False):
    decision_boundary(predict, X, Y, ax).get_legend().remove()
    ax.set(title=name)
inline(
    axes,
    alt="Two moons that reach into each other, four times. The linear network and its collapsed layer draw the same "
    "straight line, with points of both kinds on both sides. With tanh the border is a smooth curve between the moons, "
    "with ReLU it is made of straight pieces with corners.",
) if pictures else print("Write collapse_linear first, then run the last two cells again.")

# %% [markdown]
# With 65 weights and biases the linear network draws the line that a single neuron draws with three. With a curve in
# between, the border bends: smoothly with tanh, in straight pieces with ReLU. Count the corners: each of them lies
# where one hidden unit switches on.
#
# **Look around, if you like.** Change `n1=16` to `n1=4` and to `n1=60` and run the last two cells again: how many
# corners are there now? Put `lambda z: leaky_relu(z, slope)` in the place of `relu`, with the slopes 0.01, 0.5 and 1. At
# which slope is the border a straight line again, and why?
#
# **Before you hand in**, restart the kernel and run all cells (in JupyterLab *Kernel*, *Restart Kernel and Run All
# Cells*): what counts is the notebook as it runs from top to bottom. Then save it.
#
# You now have all the pieces of a layer: weights, a bias, a curve, and its slope. The next assignment puts two layers
# on each other, and finds the gradient of every weight in both.
