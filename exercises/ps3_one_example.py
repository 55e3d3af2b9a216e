# %% [markdown]
# # Two layers, one example
#
# How one single image changes every weight of a network: eight gradients, written one after the other, and the proof
# that nearly all of them rest on.
#
# **When you are done, you can**
#
# - walk back through a two-layer network step by step, and say for each step what is differentiated by what;
# - say which two arrays the gradient by a weight matrix is made of, and why the one by a bias is simpler still;
# - prove it with indices, where the derivative of a vector by a matrix is an array with three of them;
# - train a network with one example at a time, and look at what its hidden units have learned to see.
#
# **Time:** 60 to 75 minutes. Most functions are a single line; the proof has four.
#
# **How it works.** Replace `raise NotImplementedError()` in an answer cell by your code, run it, then run the check
# below it. The check tells you what is right, or what differs first. You can run it as often as you like. Cells
# between the checks use your own functions, so work from top to bottom. If you are stuck, the book's chapter *Two
# layers, one example* derives what you are asked for, and `hint(compute_da2)`, in a cell of your own, gives one hint
# after the other.

# %% locked="setup"
import numpy as np
from IPython.display import display
from matplotlib.colors import LinearSegmentedColormap

from autograder import check, hint, once_written, set_assignment
from course_lib.datasets import digit_pair, split
from course_lib.gradient_checking import central_difference, relative_error
from course_lib.plotting import PALETTE, inline, new_grid

set_assignment("ps3_one_example")


def pictures(rows, titles, alt):
    """Show rows of 64 numbers as images of 8 x 8: orange above zero, blue below, nothing at zero."""
    blue, orange = PALETTE["blue"], PALETTE["orange"]
    stops = [(0, blue), (0.5, blue + "00"), (0.5, orange + "00"), (1, orange)]
    colours = LinearSegmentedColormap.from_list("around zero", stops)
    largest = np.abs(rows).max() or 1.0
    axes = new_grid(1, len(rows), 4.6, 4.6 / len(rows) + 0.4)
    for ax, row, title in zip(axes, rows, titles, strict=True):
        ax.pcolormesh(row.reshape(8, 8)[::-1], cmap=colours, vmin=-largest, vmax=largest)
        ax.set(title=title, xticks=[], yticks=[], aspect="equal")
        ax.spines[:].set_visible(True)
    display(inline(axes, alt=alt))


# %% [markdown]
# ## The task
#
# Scanned digits, 8 × 8 pixels, and only two kinds of them: 3 (y = 0) and 8 (y = 1). An image is a column `x` of 64
# numbers, row by row from the top, 0 for no ink and 1 for full ink. The first one below is our example.

# %%
images = split(*digit_pair(3, 8), seed=0)
x, y = images.X_train[:, [5]], images.Y_train[:, [5]]
print("x has shape", x.shape, "and y is", y)

# %%
some = [5, 0, 6, 2, 4]
pictures(
    images.X_train[:, some].T,
    [f"y = {label:.0f}" for label in images.Y_train[0, some]],
    alt="Five small images of digits, two threes and three eights, each with its label. The first is x.",
)

# %% [markdown]
# ## Names and shapes
#
# Lower case is **one example**. Everything that belongs to it is a **column**, also where it holds one number.
#
# | name | what it is | shape | here |
# |---|---|---|---|
# | `x` | the example | (n0, 1) | (64, 1) |
# | `w1`, `b1` | weights and biases of layer 1 | (n1, n0), (n1, 1) | (5, 64), (5, 1) |
# | `z1`, `a1` | hidden units before and after tanh | (n1, 1) | (5, 1) |
# | `w2`, `b2` | weights and biases of layer 2 | (n2, n1), (n2, 1) | (1, 5), (1, 1) |
# | `z2`, `a2` | outputs before and after σ | (n2, 1) | (1, 1) |
# | `y` | the labels, 0 or 1 | (n2, 1) | (1, 1) |
#
# `dz2` means the gradient of this example's loss L *by* `z2`: how fast L rises when an entry of `z2` rises. It has the
# shape of `z2`. The same holds for every name with a d in front. There is one example, so nothing is averaged, and no
# 1/m stands anywhere on this page.
#
# Your functions must work for any n0, n1 and n2: the checks use several outputs.
#
# The way forwards is given below. You write the way back.
#
# ```text
#   forwards     x ── w1, b1 ──► z1 ── tanh ──► a1 ── w2, b2 ──► z2 ── σ ──► a2 ──► L
#
#   backwards       dw1, db1 ◄── dz1 ◄──────── da1 ◄─────────── dz2 ◄────── da2 ◄── y
#                                                 dw2, db2 ◄─────┘
# ```


# %% locked="network"
def forward(x, w1, b1, w2, b2):
    """Run the network forwards on one example, and return z1, a1, z2, a2."""
    z1 = w1 @ x + b1
    a1 = np.tanh(z1)
    z2 = w2 @ a1 + b2
    a2 = 1 / (1 + np.exp(-z2))
    return z1, a1, z2, a2


def loss(a2, y):
    """Return the example's loss, a number: cross-entropy, summed over the outputs."""
    return float(np.sum(-y * np.log(a2) - (1 - y) * np.log(1 - a2)))


def nudged(name, x, y, w1, b1, w2, b2):
    """Return how fast the loss rises with each entry of w1, b1, z1, a1, w2, b2, z2 or a2, by nudging it."""

    def loss_with(theta):
        value = {"w1": w1, "b1": b1, "w2": w2, "b2": b2, name: theta}
        z1 = value.get("z1", value["w1"] @ x + value["b1"])
        a1 = value.get("a1", np.tanh(z1))
        z2 = value.get("z2", value["w2"] @ a1 + value["b2"])
        return loss(value.get("a2", 1 / (1 + np.exp(-z2))), y)

    z1, a1, z2, a2 = forward(x, w1, b1, w2, b2)
    here = {"w1": w1, "b1": b1, "z1": z1, "a1": a1, "w2": w2, "b2": b2, "z2": z2, "a2": a2}
    return central_difference(loss_with, here[name])


# %%
rng = np.random.default_rng(0)
w1, b1 = 0.1 * rng.standard_normal((5, 64)), np.zeros((5, 1))
w2, b2 = rng.standard_normal((1, 5)), np.zeros((1, 1))
z1, a1, z2, a2 = forward(x, w1, b1, w2, b2)
print(f"The label is {y[0, 0]:.0f}, the output {a2[0, 0]:.3f}, the loss {loss(a2, y):.3f}.")

# %% [markdown]
# ## 1. Layer 2
#
# ### If an output rises a little, how fast does the loss rise?
#
# The loss is `loss` above. Each output has its own label, and stands in one term of the sum.
#
# {{ asked: one_example.da2 }}
#
# **By hand.** For y = 1 and a = 0.2 the loss is −log 0.2 = 1.609, and the gradient −5. At a = 0.21 the loss is
# −log 0.21 = 1.561: it has changed by −0.049, close to −5 × 0.01.


# %% answer="compute_da2"
def compute_da2(a2, y):
    """Return da2 (n2, 1), the gradient of the loss by the outputs.

    a2 : (n2, 1), strictly between 0 and 1
    y : (n2, 1), labels 0 or 1
    """
    ### BEGIN SOLUTION
    return -y / a2 + (1 - y) / (1 - a2)
    ### END SOLUTION


# %% check="compute_da2"
check(compute_da2).points

# %% [markdown]
# The sign says which way to go and the size how urgent it is: the surer a wrong answer, the steeper the loss.
#
# ### And if the weighted input z2 rises a little?
#
# z2 acts on the loss through a2 alone, so the chain rule multiplies da2 by the slope of the sigmoid. Simplify on paper,
# for y = 1 and for y = 0, and find one formula for both.
#
# {{ asked: one_example.dz2 }}
#
# **By hand.** Again y = 1 and a = 0.2: dz2 is −0.8.


# %% answer="compute_dz2"
def compute_dz2(a2, y):
    """Return dz2 (n2, 1), the gradient of the loss by z2.

    a2 : (n2, 1)
    y : (n2, 1), labels 0 or 1
    """
    ### BEGIN SOLUTION
    return a2 - y
    ### END SOLUTION


# %% check="compute_dz2"
check(compute_dz2).points

# %% [markdown]
# What is passed back through the whole network is simply the error of the output, a number between −1 and 1.
#
# ### How much has each weight to do with it?
#
# Weight $w_{ij}$ leads from hidden unit j to output i. Raise it by ε: which entries of z2 rise, and by how much? Write
# all these gradients together, as one product of what you have.
#
# {{ asked: one_example.dw2 }}
#
# **By hand.** Two outputs and three hidden units: dz2 = (0.5, −0.2) and a1 = (0.8, −0.4, 0.1), both columns, give
#
# $$dw_2 = \begin{pmatrix} 0.40 & -0.20 & 0.05 \\ -0.16 & 0.08 & -0.02 \end{pmatrix}$$


# %% answer="compute_dw2"
def compute_dw2(dz2, a1):
    """Return dw2 (n2, n1), the gradient of the loss by w2.

    dz2 : (n2, 1)
    a1 : (n1, 1)
    """
    ### BEGIN SOLUTION
    return dz2 @ a1.T
    ### END SOLUTION


# %% check="compute_dw2"
check(compute_dw2).points

# %% [markdown]
# A weight whose input is 0 gets the gradient 0: from an example in which a unit was silent, its weights learn nothing.
#
# ### And the bias?
#
# A bias is a weight whose input is always 1. So what does $z_i$ do when $b_i$ rises by ε?
#
# {{ asked: one_example.db2 }}


# %% answer="compute_db2"
def compute_db2(dz2):
    """Return db2 (n2, 1), the gradient of the loss by b2.

    dz2 : (n2, 1)
    """
    ### BEGIN SOLUTION
    return dz2
    ### END SOLUTION


# %% check="compute_db2"
check(compute_db2).points

# %% [markdown]
# The derivative of z2 by b2 is the identity matrix, and a gradient that goes through the identity comes out unchanged.
#
# You need not take anybody's word for a gradient. Here every entry is nudged a little up and a little down, and the
# loss is watched:

# %%
with once_written():
    dz2 = compute_dz2(a2, y)
    layer_2 = {"a2": compute_da2(a2, y), "z2": dz2, "w2": compute_dw2(dz2, a1), "b2": compute_db2(dz2)}
    for name, gradient in layer_2.items():
        error = relative_error(gradient, nudged(name, x, y, w1, b1, w2, b2))
        print(f"d{name}", "agrees with the loss" if error < 1e-7 else f"does not: relative error {error:.1e}")

# %% [markdown]
# ## 2. Layer 1
#
# ### No label says what a hidden unit should have been. How can it have a gradient?
#
# Through the outputs that it feeds. Hidden unit j reaches output i through $w_{ij}$, and it adds up what comes back
# from all of them. Over which index is that sum, and along which side of w2 does it run?
#
# {{ asked: one_example.da1 }}
#
# **By hand.** Two outputs, three hidden units:
#
# $$w_2 = \begin{pmatrix} 2 & 0 & 1 \\ -1 & 3 & 1 \end{pmatrix}, \quad
# dz_2 = \begin{pmatrix} 0.5 \\ -0.2 \end{pmatrix} \quad\text{give}\quad
# da_1 = \begin{pmatrix} 1.2 \\ -0.6 \\ 0.3 \end{pmatrix}$$
#
# Raising the first unit would make both outputs worse; raising the second would make the loss smaller.


# %% answer="compute_da1"
def compute_da1(w2, dz2):
    """Return da1 (n1, 1), the gradient of the loss by the hidden units.

    w2 : (n2, n1)
    dz2 : (n2, 1)
    """
    ### BEGIN SOLUTION
    return w2.T @ dz2
    ### END SOLUTION


# %% check="compute_da1"
check(compute_da1).points

# %% [markdown]
# Forwards a unit reads a row of the weights, backwards a column: the same numbers, walked the other way.
#
# ### How much of it passes through the tanh?
#
# Each unit has its own z, and no unit looks at its neighbour's. The slope of tanh you know from the last assignment:
#
# {{ activations.tanh_prime }}
#
# {{ asked: one_example.dz1 }}
#
# | z | 0 | 0.5 | 1 | 3 |
# |---|---|---|---|---|
# | tanh′ z | 1 | 0.786 | 0.420 | 0.010 |
#
# **By hand.** da = 1.2 arrives at a unit with z = 1: 0.504 is passed on. With z = 3 it would be 0.012.


# %% answer="compute_dz1"
def compute_dz1(da1, z1):
    """Return dz1 (n1, 1), the gradient of the loss by z1.

    da1 : (n1, 1)
    z1 : (n1, 1), the hidden units before the tanh
    """
    ### BEGIN SOLUTION
    return da1 * (1 - np.tanh(z1) ** 2)
    ### END SOLUTION


# %% check="compute_dz1"
check(compute_dz1).points

# %% [markdown]
# A unit far out on the flat part of its tanh is deaf to any error: this is what *saturated* means.
#
# ### And the weights of layer 1?
#
# The question of w2 once more, one layer down. Which column has come in here?
#
# {{ asked: one_example.dw1 }}
#
# **A picture to expect.** x is an image, and each row of dw1 can be drawn as one. What will it look like? You will see it
# below.


# %% answer="compute_dw1"
def compute_dw1(dz1, x):
    """Return dw1 (n1, n0), the gradient of the loss by w1.

    dz1 : (n1, 1)
    x : (n0, 1)
    """
    ### BEGIN SOLUTION
    return dz1 @ x.T
    ### END SOLUTION


# %% check="compute_dw1"
check(compute_dw1).points

# %% [markdown]
# Each hidden unit's gradient is *the image itself*, stronger or weaker, upright or negative: whatever the weights were
# before, one example can only add copies of itself to them.

# %%
with once_written():
    dz1 = compute_dz1(compute_da1(w2, compute_dz2(a2, y)), z1)
    pictures(
        compute_dw1(dz1, x),
        [f"{entry:.2f}" for entry in dz1[:, 0]],
        alt="The five rows of dw1 as images. All show the same digit, in orange or in blue, stronger or fainter; "
        "the number above each is the entry of dz1.",
    )

# %% [markdown]
# ### One bias left
#
# {{ asked: one_example.db1 }}
#
# In print one can find that db1 has the shape (n1, 0). How many numbers would that be?


# %% answer="compute_db1"
def compute_db1(dz1):
    """Return db1 (n1, 1), the gradient of the loss by b1.

    dz1 : (n1, 1)
    """
    ### BEGIN SOLUTION
    return dz1
    ### END SOLUTION


# %% check="compute_db1"
check(compute_db1).points

# %% [markdown]
# With it, every weight and every bias of the network knows which way this one image would like it to move.
#
# Layer 1 on trial:

# %%
with once_written():
    dz2 = compute_dz2(a2, y)
    da1 = compute_da1(w2, dz2)
    dz1 = compute_dz1(da1, z1)
    layer_1 = {"a1": da1, "z1": dz1, "w1": compute_dw1(dz1, x), "b1": compute_db1(dz1)}
    for name, gradient in layer_1.items():
        error = relative_error(gradient, nudged(name, x, y, w1, b1, w2, b2))
        print(f"d{name}", "agrees with the loss" if error < 1e-7 else f"does not: relative error {error:.1e}")

# %% [markdown]
# **A word about brackets.** Write your steps of layer 1 in one line, with the slope of tanh in it. Such a line is printed
# without brackets too, and may then be read in two ways: the slope goes with what stands before it, or with what stands
# behind it. For a single example both readings give the same numbers, because numpy repeats the column for every column
# of the matrix. With m examples the second is wrong, or does not fit at all. So this book always writes the brackets.
#
# ## 3. The proof
#
# ### Which number belongs to weight i, j?
#
# You have written the same product twice. Before it is proved, write it for one weight, with indices: i is the unit that
# the weight leads to, j the one that it comes from. In code they start at 0.
#
# {{ asked: one_example.dw_entry }}
#
# **By hand.** With dz = (0.5, −0.2) and a = (0.8, −0.4, 0.1), both columns, the weight in row 1 and column 2 gets −0.02.


# %% answer="dw_entry"
def dw_entry(dz, a_prev, i, j):
    """Return a number: the gradient of the loss by the weight in row i and column j.

    dz : (n, 1)
    a_prev : (n_prev, 1), what came in
    i : row of the weight, from 0
    j : column of the weight, from 0
    """
    ### BEGIN SOLUTION
    return dz[i, 0] * a_prev[j, 0]
    ### END SOLUTION


# %% check="dw_entry"
check(dw_entry).points

# %% [markdown]
# A formula for one entry is where every proof about matrices begins and ends; between the two lies only bookkeeping.
#
# ### Why is it a product of these two?
#
# A question that is often left open: the chain rule seems to ask for "dz times the derivative of z by w". z is a
# vector and w a matrix. What *is* the derivative of a vector by a matrix, and how does a plain product come out of it?
#
# **Line 1.** There is a derivative for every entry of z and every weight: $\partial z_k / \partial w_{ij}$. That is
# an array with *three* indices. Which weights stand in
#
# $$z_k = \sum_u w_{ku}\, a_u + b_k \; ?$$
#
# Those of row k, and no others. So most entries of the array are 0. What are the rest?
#
# ```text
#      z_by_w[k]  is a matrix of w's shape: how z_k reacts to each of the weights
#
#      n = 2, n_prev = 3          z_by_w[0]            z_by_w[1]
#                                 □ □ □   row i = 0    □ □ □
#                                 □ □ □   row i = 1    □ □ □       which six of the twelve are 0?
# ```
#
# **Line 2.** By the chain rule a weight's influence comes along every path to the loss, and there is one path through
# each $z_k$. Each contributes $dz_k \, \partial z_k / \partial w_{ij}$. Write all these products down, before any sum.
#
# **Line 3.** Sum over the paths:
#
# $$\frac{\partial L}{\partial w_{ij}} = \sum_k dz_k \frac{\partial z_k}{\partial w_{ij}}$$
#
# **Line 4.** The matrix product that you have used all along. If the proof is right, it equals line 3.
#
# Return all four lines. Each is checked on its own and has its share of the points; get lines 1 to 3 from each other,
# and line 4 from dz and a_prev.
#
# {{ asked: proof_dw }}


# %% answer="proof_dw"
def proof_dw(dz, a_prev):
    """Return the lines of the proof of what dw is, as a dict of arrays.

    dz : (n, 1)
    a_prev : (n_prev, 1)

    Returns
    "z_by_w" : (n, n, n_prev), entry [k, i, j] is the derivative of z_k by w_ij
    "terms" : (n, n, n_prev), entry [k, i, j] is what w_ij contributes to the gradient through z_k
    "summed" : (n, n_prev), entry [i, j] is the sum of the terms over k
    "outer" : (n, n_prev), the same by your formula for dw
    """
    ### BEGIN SOLUTION
    n, n_prev = len(dz), len(a_prev)
    z_by_w = np.zeros((n, n, n_prev))
    for k in range(n):
        z_by_w[k, k] = a_prev[:, 0]
    terms = dz[:, :, np.newaxis] * z_by_w
    return {"z_by_w": z_by_w, "terms": terms, "summed": terms.sum(axis=0), "outer": dz @ a_prev.T}
    ### END SOLUTION


# %% check="proof_dw"
check(proof_dw).points

# %% [markdown]
# This is why no program ever builds the array with three indices: all that is left of it is one column and one row.

# %%
with once_written():
    dz1 = compute_dz1(compute_da1(w2, compute_dz2(a2, y)), z1)
    lines = proof_dw(dz1, x)
    z_by_w = lines["z_by_w"]
    print(f"line 1 has {z_by_w.size} numbers, and {np.count_nonzero(z_by_w)} of them are not 0 for this image")
    print(f"line 4 is made of {dz1.size} + {x.size} numbers")
    print("line 3 equals line 4:", np.allclose(lines["summed"], lines["outer"]))

# %% [markdown] written="written-proof_dw"
# ### In words
#
# Write the proof as you would explain it to a friend, in five to eight sentences or lines of formulas, and answer these
# four questions on the way. Double-click here, and write in the place of the last line. A person reads this cell. Each
# question counts the same; a right result without its reason counts half.
#
# 1. Why does $\partial z_k / \partial w_{ij}$ need three indices, and for which of them is it not zero? Give its value
#    there, and say why.
# 2. Why does the chain rule sum over k, and how many terms of that sum are left?
# 3. How do these entries become one product of matrices? Say where the transpose comes from.
# 4. The derivative of $z_k$ by $b_i$ has only two indices. What is it, and what does it make of db?
#
# **Your answer**
# ---rubric---
# A quarter of the points for each question. Another order and other letters are as good; half of a quarter for a right
# result without a reason.
#
# 1. One index for the entry of z, two for the weight. From $z_k = \sum_u w_{ku} a_u + b_k$: a weight of another row does
#    not occur in $z_k$, and of the sum over u only u = j survives. So
#    $\partial z_k / \partial w_{ij} = \delta_{ki}\, a_j$: $a_j$ where k = i, else 0. A reason must be given for both:
#    the row (k = i) and the value $a_j$.
# 2. L depends on $w_{ij}$ through the entries of z, and the chain rule adds up all paths, one through each $z_k$. Since
#    only k = i is not zero, one term is left: $\sum_k dz_k\, \delta_{ki}\, a_j = dz_i\, a_j$.
# 3. Entry (i, j) of a product M N is $\sum_u M_{iu} N_{uj}$. With the column dz there is only u = 1 (in code 0), so
#    N must have one row with $a_j$ in column j: that is $a^T$. An argument by shapes alone, without entries, gets half.
# 4. $\partial z_k / \partial b_i = \delta_{ki}$, the identity matrix, so $db_i = \sum_k dz_k\, \delta_{ki} = dz_i$, or
#    db = dz.

# %% [markdown]
# ## 4. Learning from one image at a time
#
# Your eight gradients are all that training needs. Take one image, run forwards, run backwards, move every weight a
# little against its gradient, take the next image. This is *stochastic* gradient descent in its purest form. Every
# line of the step below is one of your functions.

# %%
trained = ()


def step(x, y, w1, b1, w2, b2, learning_rate):
    """Return the parameters after one step on one example."""
    z1, a1, _, a2 = forward(x, w1, b1, w2, b2)
    dz2 = compute_dz2(a2, y)
    dz1 = compute_dz1(compute_da1(w2, dz2), z1)
    return (
        w1 - learning_rate * compute_dw1(dz1, x),
        b1 - learning_rate * compute_db1(dz1),
        w2 - learning_rate * compute_dw2(dz2, a1),
        b2 - learning_rate * compute_db2(dz2),
    )


def right(X, Y, network):
    """Return the share of images that the network gets right."""
    return np.mean((forward(X, *network)[3] > 0.5) == Y)


with once_written():
    rng = np.random.default_rng(1)
    network = (0.1 * rng.standard_normal((5, 64)), b1, 0.1 * rng.standard_normal((1, 5)), b2)
    print(f"before: {right(images.X_test, images.Y_test, network):.0%} of the images that it never sees are right")
    for times in range(1, 6):
        for j in rng.permutation(images.X_train.shape[1]):
            network = step(images.X_train[:, [j]], images.Y_train[:, [j]], *network, learning_rate=0.05)
        print(f"after seeing each image {times}×: {right(images.X_test, images.Y_test, network):.0%}")
    trained = network

# %% [markdown]
# ### What does a hidden unit look for?
#
# Row k of w1 has one number for each pixel, so it can be drawn as an image. Where it is orange, ink makes unit k rise;
# where it is blue, ink makes it fall. The number above is its weight in w2: above zero it speaks for an 8, below zero
# for a 3.

# %%
if trained:
    pictures(
        trained[0],
        [f"{weight:+.1f}" for weight in trained[2][0]],
        alt="The rows of w1 after training, as five images, each with its weight in w2. The strongest colours are "
        "left of the middle, where an eight closes its loops and a three is open.",
    )
else:
    print("Write the eight gradients first, then run the last two cells again.")

# %% [markdown]
# Two minus signs make a plus: ink on a blue spot makes its unit fall, and a weight below zero turns the fall into a
# rise of the output. Where do an 8 and a 3 differ most? Your network has found the spots: left of the middle, where an
# 8 closes its loops and a 3 is open. Nobody told it where to look.
#
# **Look around, if you like.** Train with one hidden unit, or on other digits, `digit_pair(1, 7)`. Change the learning
# rate to 1, and follow the share of right images. And take the learning rate 0.05 with weights that all start at 0:
# which of the four parameters moves at all?
#
# **Before you hand in**, restart the kernel and run all cells (in JupyterLab *Kernel*, *Restart Kernel and Run All
# Cells*): what counts is the notebook as it runs from top to bottom. Then save it.
#
# One image at a time is slow, and each step follows one example's whim. The next assignment takes all examples at
# once: your columns become matrices, and the only new question is what becomes of the sum.
