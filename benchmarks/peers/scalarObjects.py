"""A minimal scalar engine of objects with closures, and the chain of benchmarks/src/scalarTape.ts on it.

Prints the nanoseconds of processor time an operation that recording and reversing take together, and the derivative by x.
usage: python3 scalarObjects.py [operations, 120000] [rounds, 3]
"""
import gc
import math
import sys
import time


class Scalar:
    __slots__ = ("data", "grad", "inputs", "pass_on")

    def __init__(self, data, inputs=()):
        self.data = data
        self.grad = 0.0
        self.inputs = inputs
        self.pass_on = None

    def __add__(self, other):
        other = as_scalar(other)
        out = Scalar(self.data + other.data, (self, other))

        def pass_on():
            self.grad += out.grad
            other.grad += out.grad

        out.pass_on = pass_on
        return out

    def __sub__(self, other):
        other = as_scalar(other)
        out = Scalar(self.data - other.data, (self, other))

        def pass_on():
            self.grad += out.grad
            other.grad -= out.grad

        out.pass_on = pass_on
        return out

    def __mul__(self, other):
        other = as_scalar(other)
        out = Scalar(self.data * other.data, (self, other))

        def pass_on():
            self.grad += out.grad * other.data
            other.grad += out.grad * self.data

        out.pass_on = pass_on
        return out

    def sin(self):
        out = Scalar(math.sin(self.data), (self,))

        def pass_on():
            self.grad += out.grad * math.cos(self.data)

        out.pass_on = pass_on
        return out

    def exp(self):
        out = Scalar(math.exp(self.data), (self,))

        def pass_on():
            self.grad += out.grad * out.data

        out.pass_on = pass_on
        return out

    def backward(self):
        order = in_order(self)
        self.grad = 1.0
        for scalar in reversed(order):
            if scalar.pass_on is not None:
                scalar.pass_on()


def as_scalar(x):
    return x if isinstance(x, Scalar) else Scalar(x)


def in_order(last):
    """All scalars that `last` depends on, inputs first; with a stack of its own, for chains are deep."""
    order, seen, stack = [], set(), [(last, False)]
    while stack:
        scalar, done = stack.pop()
        if done:
            order.append(scalar)
        elif scalar not in seen:
            seen.add(scalar)
            stack.append((scalar, True))
            stack.extend((each, False) for each in scalar.inputs)
    return order


def chain(x, y, operations):
    """A term of Rosenbrock's function plus sin times exp, scaled, is the next x: 12 operations."""
    for _ in range(operations // 12):
        a = Scalar(1.0) - x
        b = y - x * x
        x, y = (a * a + b * b * 100.0 + x.sin() * y.exp()) * 0.004, x
    return x


def main():
    operations = int(sys.argv[1]) if len(sys.argv) > 1 else 120_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    best = math.inf
    for _ in range(rounds):
        gc.collect()
        started = time.process_time()
        x = Scalar(0.5)
        chain(x, Scalar(0.25), operations).backward()
        best = min(best, time.process_time() - started)
    print(f"{best / operations * 1e9:.1f} {x.grad!r}")


main()
